"""What is left to say when the voice is dead: sentences that it spoke beforehand, else a tone."""

from __future__ import annotations

import logging
import math
from array import array
from collections.abc import AsyncIterator
from typing import Any, Final

from livekit import rtc
from livekit.agents import tts

from . import hooks

logger = logging.getLogger(__name__)

PREPARED: Final = ("apology", "giving_up")
TONE_HZ: Final = 425
TONE_RATE: Final = 24_000
FRAME_S: Final = 0.02


class SpareVoice:
    """Sentences as sound, made by the call's own voice while it lives."""

    def __init__(self) -> None:
        """Nothing is prepared yet: every sentence is a tone."""
        self._prepared: dict[str, list[rtc.AudioFrame]] = {}

    async def prepare(self, voice: tts.TTS[Any]) -> None:
        """Let `voice` speak the sentences now, and close it. A failure is logged; the tone stays."""
        try:
            for name in PREPARED:
                self._prepared[name] = await _spoken(voice, hooks.phrase(name))
        except Exception as error:
            logger.warning("no spare sentence", extra={"error": type(error).__name__})
        finally:
            await voice.aclose()

    async def frames(self, name: str) -> AsyncIterator[rtc.AudioFrame]:
        """The sentence as frames, or two beeps if it was never spoken."""
        for frame in self._prepared.get(name) or beeps():
            yield frame

    def renew(self, voice: Any) -> None:
        """Make a plugin that keeps one socket open take a new one: a deaf socket would swallow every later sentence."""
        options = getattr(voice, "_opts", None)
        update = getattr(voice, "update_options", None)
        settings = getattr(options, "voice_settings", None)
        if update is not None and options is not None and hasattr(options, "voice_settings"):
            update(voice_settings=settings)


async def _spoken(voice: tts.TTS[Any], text: str) -> list[rtc.AudioFrame]:
    if not voice.capabilities.streaming:
        async with voice.synthesize(text) as chunks:
            return [event.frame async for event in chunks]
    async with voice.stream() as stream:
        stream.push_text(text)
        stream.end_input()
        return [event.frame async for event in stream]


def beeps(count: int = 2, length_s: float = 0.25) -> list[rtc.AudioFrame]:
    """A busy line's tone: `count` beeps of `length_s` with as much silence between, 24 kHz mono."""
    samples = int(TONE_RATE * length_s)
    beep = array("h", (int(6000 * math.sin(2 * math.pi * TONE_HZ * n / TONE_RATE)) for n in range(samples)))
    sound = (beep + array("h", bytes(2 * samples))) * count
    step = int(TONE_RATE * FRAME_S)
    return [
        rtc.AudioFrame(sound[start : start + step].tobytes(), TONE_RATE, 1, step)
        for start in range(0, len(sound) - step + 1, step)
    ]
