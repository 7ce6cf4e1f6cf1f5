"""The unmodified plugins of Deepgram listen through their emulators: Nova, Flux, or the one that this project has."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, stt
from livekit.agents.utils import http_context
from livekit.plugins import deepgram

from devkit.emulators.app import create_app
from devkit.emulators.brain import Brain
from devkit.emulators.hub import Hub
from devkit.speech.pcm import pieces
from devkit.speech.tone import ToneVoice
from tests.callers import RATE, spoken

LINE = "Good day to you."
FINAL, INTERIM, END = f"final_transcript {LINE}", f"interim_transcript {LINE}", "end_of_speech"
QUIET_S = 0.8  # after which nothing more is expected
ONCE = APIConnectOptions(max_retry=0, timeout=2.0)
PLUGINS: dict[str, Callable[[str], stt.STT[Any]]] = {
    "deepgram_listen": lambda address: deepgram.STT(api_key="devkit", base_url=f"{address}/v1/listen"),
    "deepgram_flux": lambda address: deepgram.STTv2(api_key="devkit", base_url=f"{address}/v2/listen"),
}
HERE = [name for name in PLUGINS if importlib.util.find_spec(f"devkit.emulators.providers.{name}")]


class Scripted:
    """Hears the same line in every sound."""

    name = "scripted"

    def transcribe(self, pcm: bytes, rate: int) -> str:
        del pcm, rate
        return LINE


@pytest.fixture
def hub() -> Hub:
    return Hub(ToneVoice(), Scripted(), Brain([]))


@pytest.fixture(params=HERE)
async def plugin(hub: Hub, request: pytest.FixtureRequest) -> AsyncIterator[stt.STT[Any]]:
    async with TestServer(create_app(hub)) as server, http_context.open():
        model = PLUGINS[request.param](str(server.make_url("/deepgram")).replace("http", "ws", 1))
        yield model
        await model.aclose()


async def heard(model: stt.STT[Any]) -> list[str]:
    """What the plugin tells of one line."""
    found: list[str] = []
    async with model.stream(conn_options=ONCE) as stream:
        for piece in pieces(bytes(RATE) + spoken(1.0) + bytes(3 * RATE), RATE, 0.02):
            stream.push_frame(rtc.AudioFrame(piece, RATE, 1, len(piece) // 2))
        events = aiter(stream)
        with suppress(TimeoutError):
            while True:
                event = await asyncio.wait_for(anext(events), QUIET_S)
                if event.type != stt.SpeechEventType.RECOGNITION_USAGE:
                    found.append(" ".join([event.type.value, *(one.text for one in event.alternatives)]))
    return [told for told in found if told.startswith(("final", "interim", "end"))]


async def drained(model: stt.STT[Any]) -> None:
    async with model.stream(conn_options=ONCE) as stream:
        async for _ in stream:
            pass


def fired(hub: Hub) -> list[str]:
    return [one["kind"] for one in hub.faults.fired]


async def test_the_words_come_and_then_the_end(plugin: stt.STT[Any]) -> None:
    told = await heard(plugin)
    assert (told[0], told[-2:]) == (INTERIM, [FINAL, END])


async def test_words_may_come_without_an_end(hub: Hub, plugin: stt.STT[Any]) -> None:
    hub.arm("stt", "no-end")
    told = await heard(plugin)
    assert LINE in told[-1]
    assert END not in told
    assert fired(hub) == ["no-end"]


async def test_an_empty_final_follows_words(hub: Hub, plugin: stt.STT[Any]) -> None:
    hub.arm("stt", "empty-final")
    told = await heard(plugin)
    assert INTERIM in told
    assert not [one for one in told if one.startswith("final") and LINE in one]
    assert fired(hub) == ["empty-final"]


@pytest.mark.parametrize("armed", ["", "empty-final"])
async def test_noise_has_no_words(hub: Hub, plugin: stt.STT[Any], armed: str) -> None:
    hub.expected.put("", noise=True)
    if armed:
        hub.arm("stt", armed)
    assert not [one for one in await heard(plugin) if LINE in one]
    assert fired(hub) == [armed] * bool(armed)


@pytest.mark.skipif("deepgram_listen" not in HERE, reason="only Nova ends idle connections")
async def test_nova_leaves_a_client_that_sends_nothing(hub: Hub) -> None:
    hub.idle_s = 0.3  # its client keeps the connection alive every 5 s
    async with TestServer(create_app(hub)) as server, http_context.open():
        model = PLUGINS["deepgram_listen"](str(server.make_url("/deepgram")).replace("http", "ws", 1))
        with pytest.raises(APIError) as left:
            await asyncio.wait_for(drained(model), 4)
        await model.aclose()
    assert getattr(left.value, "status_code", None) == 1011
    assert "idle" in [line["event"] for line in hub.journal]
