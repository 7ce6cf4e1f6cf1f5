"""One connection to a recogniser: it is told the sound, and its words are passed on or held back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from livekit import rtc
from livekit.agents import stt

from .breaker import Breaker
from .refusals import kind_of

# Events after which words that are not final will not become so.
ENDS: Final = (stt.SpeechEventType.FINAL_TRANSCRIPT, stt.SpeechEventType.END_OF_SPEECH)


@dataclass(frozen=True)
class Recogniser:
    """A recogniser by its plugin, and whether its provider rests."""

    plugin: stt.STT[Any]
    breaker: Breaker


class Line:
    """A stream of recogniser number `index`, read until it ends or is closed."""

    def __init__(
        self,
        index: int,
        stream: stt.RecognizeStream,
        on_event: Callable[[Line, stt.SpeechEvent], None],
        on_end: Callable[[Line, str], None],
    ) -> None:
        """Tell each event to `on_event`, and to `on_end` in a word why there are no more."""
        self.index, self.stream, self.opened_at = index, stream, time.monotonic()
        self.held: list[stt.SpeechEvent] = []
        self.asked_again = False  # it is to answer in place of another one, not only to prove itself
        self.proven = False  # it has understood something
        self.spoke = False  # anything came from it
        self.sign_at = -1.0  # position in the sound of its last sign of life
        self.began_words = False  # its last transcript has words that may change
        self._reading = asyncio.create_task(self._read(on_event, on_end))

    @property
    def has_final(self) -> bool:
        """Whether the final words are among what is held back."""
        return any(is_final(event) for event in self.held)

    def note(self, event: stt.SpeechEvent, position: float) -> None:
        """An event is a sign of life. The end of speech and an empty transcript take back words that were not final."""
        self.spoke, self.sign_at = True, position
        if says(event):
            self.began_words = not is_final(event)
        elif event.type in ENDS:
            self.began_words = False

    def push(self, frames: Sequence[rtc.AudioFrame]) -> None:
        """More sound; a stream that has just ended takes none."""
        with suppress(RuntimeError):
            for frame in frames:
                self.stream.push_frame(frame)

    def flush(self) -> None:
        """Ask for the words of what was said until now."""
        with suppress(RuntimeError):
            self.stream.flush()

    def end(self) -> None:
        """No more sound will come."""
        with suppress(RuntimeError):
            self.stream.end_input()

    async def wait(self) -> None:
        """Until there are no more events."""
        await asyncio.wait([self._reading])

    async def close(self) -> None:
        """Hear no more of it, at once."""
        self._reading.cancel()
        with suppress(Exception):
            await self.stream.aclose()

    async def _read(
        self, on_event: Callable[[Line, stt.SpeechEvent], None], on_end: Callable[[Line, str], None]
    ) -> None:
        kind = "disconnect"
        try:
            async for event in self.stream:
                on_event(self, event)
        except Exception as error:  # whatever a plugin raises, it hears nothing any more
            kind = kind_of(error)
        on_end(self, kind)


def says(event: stt.SpeechEvent) -> bool:
    """Whether there are words in it."""
    return bool(event.alternatives and event.alternatives[0].text.strip())


def is_final(event: stt.SpeechEvent) -> bool:
    """Whether there are words in it that will not change."""
    return event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and says(event)
