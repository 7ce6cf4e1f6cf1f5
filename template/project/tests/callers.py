"""A caller whom a recogniser hears, and a recogniser that does what a test says: the rest is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    LanguageCode,
    NotGivenOr,
    inference,
    stt,
    utils,
)

from devkit.speech.pcm import pieces
from devkit.speech.tone import syllables

LINE = "Good day to you."
RATE = 16_000
FRAME_S = 0.02
LOUD = 500


def spoken(length_s: float = 1.0) -> bytes:
    """Syllables without a meaning, such that a voice detector hears a voice."""
    return syllables(max(1, round(length_s * 4)))[: 2 * int(length_s * RATE)]


class Caller:
    """Speaks into a stream at `pace` times the pace of life; its microphone is never off."""

    def __init__(self, stream: stt.RecognizeStream, pace: float) -> None:
        self.events: list[stt.SpeechEvent] = []
        self.quiet_since = 0.0
        self._stream, self._pace = stream, pace
        self._lines: list[tuple[bytes, asyncio.Event]] = []
        self._news = asyncio.Event()
        self._tasks = [asyncio.create_task(one) for one in (self._speak(), self._read())]

    @property
    def words(self) -> list[str]:
        """The final words so far."""
        return [one.alternatives[0].text for one in self.events if one.type is stt.SpeechEventType.FINAL_TRANSCRIPT]

    async def say(self, length_s: float = 1.0) -> None:
        """A line, until its last sound."""
        self._lines.append((spoken(length_s), over := asyncio.Event()))
        await over.wait()
        self.quiet_since = asyncio.get_running_loop().time()

    async def heard(self, count: int, within_s: float = 15.0) -> float:
        """Wait for `count` final words in all; how long after the last sound they came, in s.

        Raises:
            TimeoutError: they did not.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within_s):
            while len(self.words) < count:
                self._news.clear()
                await self._news.wait()
        return loop.time() - self.quiet_since

    async def stop(self) -> None:
        """Let go of the stream."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            silence = bytes(int(RATE * FRAME_S) * 2), asyncio.Event()
            sound, over = self._lines.pop(0) if self._lines else silence
            for piece in pieces(sound, RATE, FRAME_S):
                at += FRAME_S / self._pace
                await asyncio.sleep(max(0.0, at - loop.time()))
                with suppress(RuntimeError):  # a stream that has failed takes none
                    self._stream.push_frame(rtc.AudioFrame(piece, RATE, 1, len(piece) // 2))
            over.set()

    async def _read(self) -> None:
        async for event in self._stream:
            self.events.append(event)
            self._news.set()


@asynccontextmanager
async def calling(model: stt.STT[Any], pace: float = 5.0, **arguments: Any) -> AsyncIterator[Caller]:
    """A caller whom `model` hears; `arguments` are those of its stream."""
    async with model.stream(**arguments) as stream:
        caller = Caller(stream, pace)
        await asyncio.sleep(1.5 / pace)
        try:
            yield caller
        finally:
            await caller.stop()
    await model.aclose()


def detector() -> inference.VAD:
    """The one that a worker has."""
    return inference.VAD(model="silero")


class ScriptedSTT(stt.STT[Any]):
    """Has one final for each sound that ends, `text` or its name and the length, or fails by `mode`, from now on:

    `silent` no event, `empty` a final without words, `retract` words that it takes back, `stall` an interim and no
    more, `refuse` and `hang` at the door, `cut` instead of the words, `slow` the words after `slow_s`. Who is `quick`
    has some words in every half second of sound.
    """

    def __init__(self, name: str, mode: str = "", slow_s: float = 0.0, *, quick: bool = False, text: str = "") -> None:
        interim = stt.STTCapabilities(streaming=True, interim_results=True, aligned_transcript="word")
        super().__init__(capabilities=interim)
        self.name, self.mode, self.slow_s, self.quick = name, mode, slow_s, quick
        self.text = text
        self.opened = 0
        self.open: set[_ScriptedHearing] = set()

    @property
    def model(self) -> str:
        return self.name

    async def _recognize_impl(
        self, buffer: utils.AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        if self.mode:
            raise APIConnectionError(self.mode)
        return event(stt.SpeechEventType.FINAL_TRANSCRIPT, self.name)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        self.opened += 1
        return _ScriptedHearing(self, conn_options)


class _ScriptedHearing(stt.RecognizeStream):
    def __init__(self, owner: ScriptedSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=owner, conn_options=conn_options)
        self._owner = owner

    async def _run(self) -> None:
        if self._owner.mode == "refuse":
            raise APIStatusError("no", status_code=500)
        if self._owner.mode == "hang":
            await asyncio.wait_for(asyncio.Event().wait(), self._conn_options.timeout)
        self._owner.open.add(self)
        try:
            await self._listen()
        finally:
            self._owner.open.discard(self)

    async def _listen(self) -> None:
        said_s = quiet_s = 0.0
        async for frame in self._input_ch:
            if not isinstance(frame, rtc.AudioFrame):
                continue
            loud = bool(np.abs(np.asarray(frame.data)).max() > LOUD)
            quiet_s = 0.0 if loud else quiet_s + frame.duration
            if loud or said_s:
                said_s += frame.duration
            if self._owner.quick and not self._owner.mode and loud and said_s % 0.5 < frame.duration:
                self._event_ch.send_nowait(event(stt.SpeechEventType.INTERIM_TRANSCRIPT, self._owner.name))
            if said_s and quiet_s > 0.2:
                await self._tell(said_s - quiet_s)
                said_s = 0.0

    async def _tell(self, said_s: float) -> None:
        if self._owner.mode == "cut":
            raise APIConnectionError("closed")
        if self._owner.mode == "silent":
            return
        await asyncio.sleep(self._owner.slow_s)
        if self._owner.mode != "empty":
            begun = self._owner.text or self._owner.name
            self._event_ch.send_nowait(event(stt.SpeechEventType.INTERIM_TRANSCRIPT, begun))
        if self._owner.mode != "stall":
            whole = self._owner.text or f"{self._owner.name} {said_s:.0f}"
            words = "" if self._owner.mode in ("empty", "retract") else whole
            self._event_ch.send_nowait(event(stt.SpeechEventType.FINAL_TRANSCRIPT, words))


def event(kind: stt.SpeechEventType, text: str) -> stt.SpeechEvent:
    """An event with words."""
    return stt.SpeechEvent(kind, alternatives=[stt.SpeechData(LanguageCode("en"), text)])
