"""The production plugin against OpenAI's emulated transcription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, APIStatusError, stt
from livekit.agents.utils import http_context
from livekit.plugins import openai

from devkit.emulators.app import create_app
from devkit.emulators.brain import Brain
from devkit.emulators.faults import KINDS
from devkit.emulators.hub import Hub
from devkit.speech.pcm import pieces
from devkit.speech.tone import ToneVoice

LINE = "Good day to you."
CONNECT_S = 0.3
QUIET_S = 0.6  # after which nothing more is expected
SPOKEN = ["start_of_speech", "end_of_speech"]
FIRST = "interim_transcript Good"
WHOLE = f"final_transcript {LINE}"


class Scripted:
    """A recogniser that hears the same line in every sound."""

    name = "scripted"

    def transcribe(self, pcm: bytes, rate: int) -> str:
        del pcm, rate
        return LINE


@pytest.fixture
def hub() -> Hub:
    return Hub(ToneVoice(), Scripted(), Brain([]))


@pytest.fixture
async def address(hub: Hub) -> AsyncIterator[str]:
    async with TestServer(create_app(hub)) as server:
        yield str(server.make_url("/openai/v1"))


class Caller:
    """Speaks into a stream and notes what comes out of it."""

    def __init__(self, model: stt.STT[Any], stream: stt.RecognizeStream) -> None:
        self._stream = stream
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        self.errors: list[stt.STTError] = []
        self.reading = asyncio.create_task(self._read())
        model.on("error", self.errors.append)

    def speak(self) -> None:
        """One utterance, at once."""
        voice = ToneVoice()
        pause = bytes(2 * voice.rate)  # 1 s: the detector hears a voice for a while after it
        for piece in pieces(pause + voice.synthesize(LINE) + pause, voice.rate, 0.02):
            self._stream.push_frame(rtc.AudioFrame(piece, voice.rate, 1, len(piece) // 2))

    async def heard(self, quiet_s: float = 5.0) -> list[str]:
        """What the plugin tells until the final words, or until it is quiet for `quiet_s`."""
        found: list[str] = []
        with suppress(TimeoutError):
            while not found or found[-1] != WHOLE:
                found.append(await asyncio.wait_for(self._heard.get(), quiet_s))
        return found

    async def error(self) -> Exception:
        """What ended the stream."""
        (error,) = await asyncio.wait_for(asyncio.gather(self.reading, return_exceptions=True), 2)
        assert isinstance(error, Exception)
        return error

    async def _read(self) -> None:
        async for event in self._stream:
            if event.type != stt.SpeechEventType.RECOGNITION_USAGE:
                self._heard.put_nowait(" ".join([event.type.value, *(one.text for one in event.alternatives)]))


@asynccontextmanager
async def calling(address: str, key: str = "devkit", *, adapted: bool = False) -> AsyncIterator[Caller]:
    """A caller whom the plugin hears; `adapted`: with the framework's adapter around it."""
    options = APIConnectOptions(max_retry=50, retry_interval=0.05, timeout=CONNECT_S)
    async with http_context.open():
        plugin = openai.STT(model="gpt-4o-transcribe", language="en", use_realtime=True, api_key=key, base_url=address)
        model = stt.FallbackAdapter([plugin], attempt_timeout=CONNECT_S, max_retry_per_stt=0) if adapted else plugin
        async with model.stream(conn_options=options) as stream:
            caller = Caller(model, stream)
            yield caller
            caller.reading.cancel()
            await asyncio.gather(caller.reading, return_exceptions=True)
        await model.aclose()
        await plugin.aclose()


def events(hub: Hub) -> list[str]:
    return [line["event"] for line in hub.journal]


async def test_the_words_come_when_the_caller_has_stopped(hub: Hub, address: str) -> None:
    async with calling(address) as caller:
        caller.speak()
        assert await caller.heard() == [*SPOKEN, FIRST, WHOLE]
        caller.speak()
        assert (await caller.heard())[-1] == WHOLE
    assert events(hub) == ["sent", *["speech_started", "speech_ended", "final"] * 2]


async def test_what_is_asked_for_is_noted_as_it_was_sent(hub: Hub, address: str) -> None:
    async with calling(address) as caller:
        caller.speak()
        await caller.heard()
    sent = hub.journal[0]
    assert (sent["vendor"], sent["endpoint"]) == ("openai", "/openai/v1/realtime")
    assert sent["fields"]["intent"] == "transcription"
    heard = sent["fields"]["session"]["audio"]["input"]
    assert heard["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert heard["transcription"] == {"model": "gpt-4o-transcribe", "language": "en"}


@pytest.mark.parametrize("kind", ["http-429", "http-500"])
async def test_a_refused_handshake_is_never_tried_again(hub: Hub, address: str, kind: str) -> None:
    hub.arm("stt", kind)
    async with calling(address) as caller:
        error = await caller.error()
        assert isinstance(error, aiohttp.WSServerHandshakeError)
        assert error.status == int(kind.removeprefix("http-"))
        assert [one.recoverable for one in caller.errors] == [False]


async def test_a_cut_handshake_is_never_tried_again(hub: Hub, address: str) -> None:
    hub.arm("stt", "refuse")
    async with calling(address) as caller:
        assert isinstance(await caller.error(), aiohttp.ClientError)
        assert [one.recoverable for one in caller.errors] == [False]


async def test_a_handshake_without_an_answer_ends_in_time_and_is_never_tried_again(hub: Hub, address: str) -> None:
    hub.arm("stt", "hang")
    async with calling(address) as caller, asyncio.timeout(2 * CONNECT_S):
        assert isinstance(await caller.error(), TimeoutError)
        assert [one.recoverable for one in caller.errors] == [False]
    assert hub.faults.fired


@pytest.mark.parametrize(
    ("kind", "code"), [("http-401", "invalid_api_key"), ("http-404", "invalid_model")], ids=["key", "model"]
)
async def test_a_refusal_on_the_open_socket_names_its_reason(hub: Hub, address: str, kind: str, code: str) -> None:
    hub.arm("stt", kind)
    async with calling(address) as caller:
        error = await caller.error()
    assert isinstance(error, APIError)
    assert isinstance(error.body, dict)
    assert (error.body["code"], error.retryable) == (code, False)


async def test_a_wrong_key_is_refused(hub: Hub, address: str) -> None:
    async with calling(address, "invalid-key") as caller:
        error = await caller.error()
    assert isinstance(error, APIError)
    assert "invalid key" in error.message
    assert events(hub) == ["unauthorized"]


@pytest.mark.parametrize(
    ("kind", "told"), [("garbage", []), ("silent", []), ("empty", SPOKEN), ("stall", [*SPOKEN, FIRST])]
)
async def test_words_that_do_not_come_are_no_error(hub: Hub, address: str, kind: str, told: list[str]) -> None:
    async with calling(address) as caller:
        hub.arm("stt", kind)
        caller.speak()
        assert await caller.heard(QUIET_S) == told
        assert not caller.errors
        assert not caller.reading.done()
        assert [one["kind"] for one in hub.faults.fired] == [kind]
        assert "final" not in events(hub)
        hub.clear()
        caller.speak()
        assert (await caller.heard())[-1] == WHOLE


async def test_a_connection_that_is_lost_is_opened_again(hub: Hub, address: str) -> None:
    async with calling(address) as caller:
        caller.speak()
        await caller.heard()
        hub.arm("stt", "disconnect")
        caller.speak()
        assert await caller.heard(QUIET_S) == []
        assert [(one.recoverable, type(one.error)) for one in caller.errors] == [(True, APIStatusError)]
        hub.clear()
        caller.speak()
        assert (await caller.heard())[-1] == WHOLE


@pytest.mark.parametrize("kind", ["refuse", "http-401", "http-404", "http-429", "http-500", "hang"])
async def test_behind_an_adapter_every_refusal_is_tried_again(hub: Hub, address: str, kind: str) -> None:
    async with calling(address, adapted=True) as caller:
        caller.speak()
        assert (await caller.heard())[-1] == WHOLE
        hub.arm("stt", kind)  # cuts the connection that is open
        assert await caller.heard(QUIET_S) == []
        assert caller.errors
        assert all(one.recoverable for one in caller.errors)
        hub.clear()
        caller.speak()
        async with asyncio.timeout(5):
            while WHOLE not in await caller.heard(QUIET_S):  # what is said before it is connected again is lost
                caller.speak()


async def test_words_may_come_without_an_end(hub: Hub, address: str) -> None:
    hub.arm("stt", "no-end")
    async with calling(address) as caller:
        caller.speak()
        assert await caller.heard() == [SPOKEN[0], FIRST, WHOLE]
    assert [one["kind"] for one in hub.faults.fired] == ["no-end"]


async def test_an_empty_final_follows_words(hub: Hub, address: str) -> None:
    hub.arm("stt", "empty-final")
    async with calling(address) as caller:
        caller.speak()
        told = await caller.heard(QUIET_S)
    assert FIRST in told
    assert WHOLE not in told
    assert [one["kind"] for one in hub.faults.fired] == ["empty-final"]


async def test_noise_has_no_words(hub: Hub, address: str) -> None:
    hub.expected.put("", noise=True)
    async with calling(address) as caller:
        caller.speak()
        assert [one for one in await caller.heard(QUIET_S) if LINE in one or "Good" in one] == []


def test_no_kind_is_forgotten() -> None:
    kinds = {"refuse", "http-401", "http-404", "http-429", "http-500", "hang"}
    assert kinds | {"garbage", "silent", "stall", "empty", "empty-final", "no-end", "disconnect"} == set(KINDS["stt"])
