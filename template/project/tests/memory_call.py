"""A call in memory: the real session with fakes for ear and voice, no room, no network, no sound card."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from livekit import rtc
from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    JobContext,
    LanguageCode,
    NotGivenOr,
    stt,
    tts,
    utils,
)
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities

RATE = 24_000


class Ear(stt.STT[Any]):
    """A recogniser that hears what a test says with `say`, whatever sound comes."""

    def __init__(self, model: str = "ear") -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self._model = model
        self.streams: list[_Hearing] = []

    @property
    def model(self) -> str:
        return self._model

    @property
    def provider(self) -> str:
        return "test"

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        raise NotImplementedError

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        del language
        self.streams.append(_Hearing(stt=self, conn_options=conn_options))
        return self.streams[-1]

    def say(self, text: str, seconds: float = 3.0) -> None:
        """A whole sentence of the caller, that took `seconds`."""
        self.streams[-1].say(text, seconds)


class _Hearing(stt.RecognizeStream):
    async def _run(self) -> None:
        async for _ in self._input_ch:
            pass

    def tell(self, event: stt.SpeechEvent) -> None:
        self._event_ch.send_nowait(event)

    def say(self, text: str, seconds: float) -> None:
        self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH))
        heard = [stt.SpeechData(text=text, language=LanguageCode("en"), confidence=1.0)]
        self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=heard))
        self._event_ch.send_nowait(
            stt.SpeechEvent(
                type=stt.SpeechEventType.RECOGNITION_USAGE,
                recognition_usage=stt.RecognitionUsage(audio_duration=seconds),
            )
        )
        self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.END_OF_SPEECH))


class Voice(tts.TTS[Any]):
    """A tone for each sentence, `s_per_character` long."""

    def __init__(self, model: str = "voice", s_per_character: float = 0.002) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)
        self._model, self.s_per_character = model, s_per_character

    @property
    def model(self) -> str:
        return self._model

    @property
    def provider(self) -> str:
        return "test"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Speaking(tts=self, input_text=text, conn_options=conn_options)


class _Speaking(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = cast("Voice", self._tts)
        output_emitter.initialize(request_id=utils.shortuuid(), sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        samples = int(max(0.05, len(self._input_text) * voice.s_per_character) * RATE)
        output_emitter.push(b"\x00\x08" * samples)
        output_emitter.flush()


class Silence(AudioInput):
    """A line on which nothing but silence comes."""

    def __init__(self) -> None:
        super().__init__(label="silence")

    async def __anext__(self) -> rtc.AudioFrame:
        await asyncio.sleep(0.05)
        return rtc.AudioFrame(bytes(2 * RATE // 20), RATE, 1, RATE // 20)


class Loudspeaker(AudioOutput):
    """Plays into nothing, in the time that it takes."""

    def __init__(self) -> None:
        super().__init__(
            label="loudspeaker", capabilities=AudioOutputCapabilities(pause=False), next_in_chain=None, sample_rate=RATE
        )
        self._length = 0.0
        self._done: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._length:
            self.on_playback_started(created_at=time.time())
        self._length += frame.duration

    def flush(self) -> None:
        super().flush()
        if self._length:
            self._done = asyncio.get_running_loop().call_later(self._length, self._finish, False)

    def clear_buffer(self) -> None:
        if self._length:
            self._finish(True)

    def _finish(self, interrupted: bool) -> None:
        if self._done:
            self._done.cancel()
        length, self._length = self._length, 0.0
        self.on_playback_finished(playback_position=length, interrupted=interrupted)


def job(room: Any = None) -> JobContext:
    """As much of a job as the runtime reads."""
    proc = SimpleNamespace(userdata={})
    return cast("JobContext", SimpleNamespace(proc=proc, room=room, shutdown=lambda reason: None))


@asynccontextmanager
async def on_the_line(session: Any, agent: Any) -> AsyncIterator[None]:
    """`session` with a line, from its start to its end."""
    session.input.audio, session.output.audio = Silence(), Loudspeaker()
    await session.start(agent, record=False)
    yield
    await session.aclose()


async def until(what: Any, seconds: float = 5.0) -> None:
    """Wait until `what()` holds.

    Raises:
        TimeoutError: it never did.
    """
    over = time.monotonic() + seconds
    while not what():
        if time.monotonic() > over:
            raise TimeoutError
        await asyncio.sleep(0.01)
