"""How the emulated recognisers hear: where speech begins and ends, and what was said."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import numpy as np
from livekit.local_inference import VAD

from ..speech.pcm import resample, samples, seconds
from .hub import Hub, Peer

RATE = 16_000
WINDOW = 512  # samples at 16 kHz: 32 ms, what the detector takes
WINDOW_S = WINDOW / RATE
SPEECH, SILENCE = 0.5, 0.35
PRE_ROLL = 10  # windows before the start that belong to the utterance
DECODE_AFTER_S = 0.1
FINAL_AFTER_S = 0.25
# All words of a script's line come at its first pause, which must not be a comma's or a late packet's.
SCRIPTED_AFTER_S = 0.5
INTERIM_EVERY_S = 0.5

# Tells the client; False when a fault keeps it from knowing.
Tell = Callable[[str, str], Awaitable[bool]]


class Listener:
    """Takes sound as it comes and tells `started`, `interim` and `final` with the words so far."""

    def __init__(self, hub: Hub, one: Peer, rate: int, tell: Tell, final_after_s: float = FINAL_AFTER_S) -> None:
        """`rate` in Hz; an utterance ends after `final_after_s` of silence."""
        self._hub, self._vendor, self._rate, self._tell = hub, one.vendor, rate, tell
        self._final_after_s = final_after_s if hub.recogniser else max(final_after_s, SCRIPTED_AFTER_S)
        self._taken = self._told = 0  # parts of the script; who joins in the middle of a turn hears its line too
        self._noise = False
        self._detector = VAD()
        self._raw = bytearray()
        self._before: deque[bytes] = deque(maxlen=PRE_ROLL)
        self._utterance = bytearray()
        self._speaking = False
        self._voiced = 0
        self._quiet_s = self._since_interim_s = 0.0
        self._decoding: asyncio.Task[str] | None = None
        self.heard_s = self.started_s = 0.0

    async def push(self, pcm: bytes) -> None:
        """More sound: 16-bit PCM, mono."""
        self._raw += resample(pcm, self._rate, RATE)
        while len(self._raw) >= 2 * WINDOW:
            window = bytes(self._raw[: 2 * WINDOW])
            del self._raw[: 2 * WINDOW]
            self.heard_s += WINDOW_S
            await self._hear(window, float(self._detector.predict(np.ascontiguousarray(samples(window)))))

    async def finish(self) -> None:
        """No more sound: what was being said is final now."""
        if self._speaking:
            await self._end()

    async def _hear(self, window: bytes, voice: float) -> None:
        if not self._speaking:
            self._before.append(window)
            self._voiced = self._voiced + 1 if voice > SPEECH else 0
            if self._voiced >= 2:
                await self._begin()
            return
        self._utterance += window
        self._since_interim_s += WINDOW_S
        if voice > SILENCE:
            self._quiet_s, self._decoding = 0.0, None
        else:
            self._quiet_s += WINDOW_S
        if self._quiet_s >= DECODE_AFTER_S and self._decoding is None:
            self._decoding = asyncio.create_task(self._words())  # hidden behind the rest of the silence
        if self._quiet_s >= self._final_after_s:
            await self._end()
        elif self._quiet_s == 0 and self._since_interim_s >= INTERIM_EVERY_S:
            self._since_interim_s = 0.0
            await self._tell("interim", await self._words())

    async def _begin(self) -> None:
        self._speaking, self._quiet_s, self._since_interim_s = True, 0.0, 0.0
        self._noise = self._hub.expected.noise
        self._utterance = bytearray(b"".join(self._before))
        self.started_s = max(0.0, self.heard_s - seconds(bytes(self._utterance), RATE))
        self._hub.note("stt", "speech_started", self._vendor)
        await self._tell("started", "")

    async def _end(self) -> None:
        self._hub.note("stt", "speech_ended", self._vendor)
        text = await (self._decoding or self._words())
        self._taken = self._told  # what is said after the pause may have been announced meanwhile
        self._speaking, self._voiced, self._decoding = False, 0, None
        self._before.clear()
        if await self._tell("final", text):
            self._hub.note("stt", "final", self._vendor, text=text)

    def _words(self) -> Coroutine[Any, Any, str]:
        """The words until now, whenever they are awaited."""
        expected = self._hub.expected
        self._told = len(expected.parts)
        known = "" if self._noise and expected.noise else None
        if known is None and self._hub.recogniser is None:
            known = expected.since(self._taken)
        return self._recognised(known, bytes(self._utterance))

    async def _recognised(self, known: str | None, sound: bytes) -> str:
        if known is not None or self._hub.recogniser is None:
            return known or ""
        return str(await self._hub.in_thread(self._hub.recogniser.transcribe, sound, RATE))


def word_times(text: str, start_s: float, end_s: float) -> list[dict[str, object]]:
    """Each word with its time, spread evenly by length."""
    words = text.split()
    total = sum(len(word) + 1 for word in words) or 1
    found, at = [], start_s
    for word in words:
        length = (end_s - start_s) * (len(word) + 1) / total
        plain = "".join(letter for letter in word if letter.isalnum() or letter == "'").casefold()
        found.append(
            {
                "word": plain,
                "punctuated_word": word,
                "start": round(at, 3),
                "end": round(at + length, 3),
                "confidence": 0.98,
            }
        )
        at += length
    return found
