"""The unmodified plugin of Cartesia speaks to its emulator, and meets every fault."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from livekit.agents import APIConnectOptions, APIError, utils
from livekit.plugins import cartesia

from devkit.emulators.app import create_app
from devkit.emulators.brain import Brain
from devkit.emulators.faults import KINDS
from devkit.emulators.hub import Hub
from devkit.speech.tone import ToneVoice

SENTENCE = "Good morning, here we are. We open at nine."
ONCE = APIConnectOptions(max_retry=0, timeout=0.4)


@pytest.fixture
async def hub() -> Hub:
    return Hub(ToneVoice(), None, Brain())


@pytest.fixture
async def address(hub: Hub) -> AsyncIterator[str]:
    async with TestServer(create_app(hub)) as server, utils.http_context.open():
        yield str(server.make_url("/cartesia"))


async def heard(address: str, key: str = "devkit") -> float:
    """Seconds of sound that the plugin made of the sentence."""
    voice = cartesia.TTS(api_key=key, base_url=address)
    try:
        async with voice.stream(conn_options=ONCE) as stream:
            stream.push_text(SENTENCE)
            stream.end_input()
            return sum([event.frame.duration async for event in stream])
    finally:
        await voice.aclose()


async def test_it_speaks(hub: Hub, address: str) -> None:
    assert await heard(address) > 1
    sent = next(line for line in hub.journal if line["event"] == "sent")
    assert sent["vendor"] == "cartesia"
    assert sent["fields"]["output_format"] == {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000}
    assert "devkit" not in str(sent)


async def test_one_request_for_one_sentence(address: str) -> None:
    voice = cartesia.TTS(api_key="devkit", base_url=address)
    async with voice.synthesize(SENTENCE, conn_options=ONCE) as chunks:
        assert sum([event.frame.duration async for event in chunks]) > 1


async def test_a_wrong_key_is_told(address: str) -> None:
    with pytest.raises(APIError) as refused:
        await heard(address, key="invalid")
    assert getattr(refused.value, "status_code", None) == 401


@pytest.mark.parametrize("kind", KINDS["tts"])
async def test_every_fault_is_an_error_or_a_short_sentence(hub: Hub, address: str, kind: str) -> None:
    whole = await heard(address)
    hub.arm("tts", kind, everyone=True)
    if kind == "early-end":  # the plugin cannot tell it from a short sentence
        assert await heard(address) < whole
    else:
        with pytest.raises(APIError):
            await heard(address)
    assert hub.faults.fired
    hub.clear()
