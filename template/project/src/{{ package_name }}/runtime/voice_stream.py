"""One answer of a `DeadlineTTS`: sentence after sentence, each by a voice that says it to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from livekit import rtc
from livekit.agents import APIConnectionError, APIConnectOptions, tokenize, tts, utils
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString

from . import refusals
from .pace import letters

if TYPE_CHECKING:
    from .voice import Candidate, DeadlineTTS

# Between the half of a sentence that was heard and the whole of it, so that they are not one word.
PAUSE_S: Final = 0.3
# What fails sooner than this has met a connection that had broken while nobody spoke: that says nothing of a provider.
AT_ONCE_S: Final = 0.3


class Failed(Exception):
    """A voice did not say a sentence to its end: `kind` as in `breaker.Failure`, after `waited_s` without sound."""

    def __init__(self, kind: str, waited_s: float, heard_s: float) -> None:
        """`heard_s` of the sentence were heard."""
        super().__init__(kind)
        self.kind, self.waited_s, self.heard_s = kind, waited_s, heard_s
        self.at_once = not heard_s and waited_s < AT_ONCE_S and not kind.startswith("http-")


class DeadlineStream(tts.SynthesizeStream):
    """Made by `DeadlineTTS.stream`."""

    _tts_request_span_name: ClassVar[str] = "tts_deadline"
    _tts_attempt_span_name: ClassVar[str | None] = None  # the requests of the voices have spans of their own

    def __init__(self, owner: DeadlineTTS) -> None:
        """An answer without words yet."""
        # The plugins' own clocks may only strike after ours.
        self._options = APIConnectOptions(max_retry=0, timeout=owner.first_audio_s + owner.gap_s)
        super().__init__(tts=owner, conn_options=self._options)
        self._owner = owner
        self._asked = owner.in_order()
        self._reconnected: set[tts.TTS[Any]] = set()
        self._length_s = 0.0

    async def _metrics_monitor_task(self, event_aiter: AsyncIterable[tts.SynthesizedAudio]) -> None:
        """Nothing to measure here: the voices tell their own figures."""
        async for _ in event_aiter:
            pass

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=self._owner.sample_rate,
            num_channels=self._owner.num_channels,
            mime_type="audio/pcm",
            stream=True,
        )
        output_emitter.start_segment(segment_id=utils.shortuuid())
        sentences = self._owner.sentences.stream()
        reading = asyncio.create_task(self._read(sentences))
        try:
            async for sentence in sentences:
                text = self._owner.reads(sentence.token)
                if letters(text):
                    self._mark_started()
                    await self._say(text, output_emitter)
        finally:
            await utils.aio.cancel_and_wait(reading)
            await sentences.aclose()
        if not self._length_s:  # a smile or a dash: there was nothing to say, and that is no failure
            self._pause(PAUSE_S, output_emitter)

    async def _read(self, sentences: tokenize.SentenceStream) -> None:
        async for data in self._input_ch:
            if isinstance(data, str):
                sentences.push_text(data)
            else:
                sentences.flush()
        sentences.end_input()

    async def _say(self, sentence: str, emitter: tts.AudioEmitter) -> None:
        """Say it by the voice of this answer; when that fails, from the start by the next one, which then stays."""
        while self._asked:
            candidate = self._asked[0]
            try:
                await self._speak(candidate, sentence, emitter)
            except Failed as failed:
                if failed.at_once and candidate.voice not in self._reconnected:
                    self._reconnected.add(candidate.voice)
                    continue
                self._give_up(candidate, failed)
                if failed.heard_s and self._asked:
                    self._pause(PAUSE_S, emitter)
            else:
                candidate.breaker.healed()
                return
        raise APIConnectionError("no voice said the sentence to its end", retryable=False)

    def _give_up(self, candidate: Candidate, failed: Failed) -> None:
        self._asked.pop(0)
        candidate.failed(failed.kind, failed.waited_s)
        if failed.kind in ("http-401", "http-403", "http-404"):  # asked again it would refuse again
            self._asked = [other for other in self._asked if other is not candidate]

    async def _speak(self, candidate: Candidate, sentence: str, emitter: tts.AudioEmitter) -> None:
        """Hand on what the voice makes of the sentence.

        Raises:
            Failed: it did not begin in time, fell silent, or ended early.
        """
        voice, clock = candidate.voice, Clock(self._owner.first_audio_s, self._owner.gap_s)
        sound = self._request(voice, sentence)
        rate = Rate(voice.sample_rate, self._owner.sample_rate)
        starts_at = self._length_s
        try:
            while event := await asyncio.wait_for(anext(sound, None), clock.left()):
                self._owner.speaking = voice
                clock.heard(event.frame.duration)
                words = event.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])
                emitter.push_timed_transcript(_later(words, starts_at))
                self._hand_on(rate.push(event.frame), emitter)
        except TimeoutError:
            raise clock.failed("stall" if clock.heard_s else "hang") from None
        except Exception as error:
            raise clock.failed(refusals.kind_of(error)) from error
        finally:
            self._owner.put_away(voice, sound)
        self._hand_on(rate.flush(), emitter)
        emitter.flush()
        if not candidate.pace.whole(sentence, clock.heard_s):
            raise clock.failed("early-end")

    def _request(self, voice: tts.TTS[Any], sentence: str) -> tts.SynthesizeStream | tts.ChunkedStream:
        if not voice.capabilities.streaming:
            return voice.synthesize(sentence.strip(), conn_options=self._options)
        stream = voice.stream(conn_options=self._options)
        stream.push_text(sentence)
        stream.end_input()
        return stream

    def _hand_on(self, frames: list[rtc.AudioFrame], emitter: tts.AudioEmitter) -> None:
        for frame in frames:
            self._length_s += frame.duration
            emitter.push_frame(frame)

    def _pause(self, length_s: float, emitter: tts.AudioEmitter) -> None:
        samples = int(self._owner.sample_rate * length_s)
        silence = rtc.AudioFrame(
            bytes(2 * samples * self._owner.num_channels), self._owner.sample_rate, self._owner.num_channels, samples
        )
        self._hand_on([silence], emitter)


class Clock:
    """How long a sentence may keep its listener waiting: for its first sound, then for each gap and all of them."""

    def __init__(self, first_audio_s: float, gap_s: float) -> None:
        """Runs from now on."""
        self._first_audio_s, self._gap_s = first_audio_s, gap_s
        self._began = self._last = time.monotonic()
        self.heard_s = 0.0

    def heard(self, length_s: float) -> None:
        """So much sound has come."""
        self._last = time.monotonic()
        if not self.heard_s:
            self._began = self._last
        self.heard_s += length_s

    def left(self) -> float:
        """How long may be waited for more, in s."""
        now = time.monotonic()
        if not self.heard_s:
            return max(self._began + self._first_audio_s - now, 0.001)
        # What drips has short gaps, and many of them: the sound must not fall behind by more than one long gap.
        return max(min(self._last, self._began + self.heard_s) + self._gap_s - now, 0.001)

    def failed(self, kind: str) -> Failed:
        """The failure of this sentence, now."""
        return Failed(kind, time.monotonic() - self._last, self.heard_s)


class Rate:
    """Sound of one rate as sound of another, in Hz."""

    def __init__(self, source: int, target: int) -> None:
        """The same rate passes as it is."""
        self._resampler = rtc.AudioResampler(source, target) if source != target else None

    def push(self, frame: rtc.AudioFrame) -> list[rtc.AudioFrame]:
        """What can be handed on with this frame."""
        return [frame] if self._resampler is None else self._resampler.push(frame)

    def flush(self) -> list[rtc.AudioFrame]:
        """The rest."""
        return [] if self._resampler is None else self._resampler.flush()


def _later(words: list[TimedString], by_s: float) -> list[TimedString]:
    """Words of a sentence, with times of the whole answer."""
    return [
        TimedString(
            text=word,
            start_time=word.start_time + by_s if utils.is_given(word.start_time) else word.start_time,
            end_time=word.end_time + by_s if utils.is_given(word.end_time) else word.end_time,
        )
        for word in words
    ]
