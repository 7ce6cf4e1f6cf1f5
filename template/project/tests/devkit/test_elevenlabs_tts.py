"""The unmodified plugin of ElevenLabs speaks to its emulator, and meets the limits of the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestServer
from livekit.agents import APIConnectOptions, APIError, utils
from livekit.plugins import elevenlabs

from devkit.emulators.app import create_app
from devkit.emulators.brain import Brain
from devkit.emulators.hub import Hub
from devkit.emulators.providers.elevenlabs_tts import CONTEXTS_MAX
from devkit.speech.tone import ToneVoice

SENTENCE = "Good morning, here we are. We open at nine."
ONCE = APIConnectOptions(max_retry=0, timeout=2.0)


@pytest.fixture
async def hub() -> Hub:
    return Hub(ToneVoice(), None, Brain())


@pytest.fixture
async def voice(hub: Hub) -> AsyncIterator[elevenlabs.TTS]:
    async with TestServer(create_app(hub)) as server, utils.http_context.open():
        address = str(server.make_url("/elevenlabs/v1"))
        made = elevenlabs.TTS(api_key="devkit", base_url=address, voice_id="emulated", encoding="pcm_24000")
        yield made
        await made.aclose()


async def said(voice: elevenlabs.TTS) -> float:
    """Seconds of sound that the plugin made of the sentence."""
    async with voice.stream(conn_options=ONCE) as stream:
        stream.push_text(SENTENCE)
        stream.end_input()
        return sum([event.frame.duration async for event in stream])


def sockets(hub: Hub) -> int:
    return sum(line["event"] == "sent" for line in hub.journal)


async def opened(stack: AsyncExitStack, hub: Hub, voice: elevenlabs.TTS) -> None:
    """One utterance more that has begun and not ended."""
    before = sockets(hub)
    stream = await stack.enter_async_context(voice.stream(conn_options=ONCE))
    stream.push_text(f"{SENTENCE} And so on, and on, and on.")
    for _ in range(100):  # 2 s
        if sockets(hub) > before:
            return
        await asyncio.sleep(0.02)


async def test_sentences_come_one_after_the_other(voice: elevenlabs.TTS) -> None:
    assert [await said(voice) > 1 for _ in range(CONTEXTS_MAX + 2)] == [True] * (CONTEXTS_MAX + 2)


async def test_one_socket_has_no_more_contexts_than_the_service_allows(hub: Hub, voice: elevenlabs.TTS) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(CONTEXTS_MAX):
            await opened(stack, hub, voice)
        assert sockets(hub) == CONTEXTS_MAX
        with pytest.raises(APIError) as refused:
            await said(voice)
        assert getattr(refused.value, "status_code", None) == 1008
        assert sockets(hub) == CONTEXTS_MAX
    assert await said(voice) > 1, "on a new socket it speaks again"


async def test_an_idle_socket_is_left(hub: Hub, voice: elevenlabs.TTS) -> None:
    assert await said(voice) > 1
    hub.idle_s = 0.2
    async with AsyncExitStack() as stack:
        voice.update_options(voice_id="other")  # on a socket of its own
        await opened(stack, hub, voice)
        await asyncio.sleep(0.5)
    assert [line["vendor"] for line in hub.journal if line["event"] == "idle"] == ["elevenlabs"]
