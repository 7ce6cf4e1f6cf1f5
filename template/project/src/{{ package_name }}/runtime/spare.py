"""What is left to say when the voice is dead: recordings, else what the call's voice said beforehand, else a tone."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from livekit import rtc
from livekit.agents import tts

from . import hooks

logger = logging.getLogger(__name__)

# `make phrases` writes them: 16-bit mono WAV, and a list that names the text of each by its digest.
SPOKEN: Final = Path(__file__).resolve().parent.parent / "spoken"
LIST: Final = "phrases.json"
RECORDED: Final = ("filler", "apology", "not_heard", "giving_up", "still_there", "goodbye")
# Without a recording these are spoken in each call; the others are only needed while the voice lives.
PREPARED: Final = ("filler", "apology", "giving_up")
TONE_HZ: Final = 425
TONE_RATE: Final = 24_000
FRAME_S: Final = 0.02


class SpareVoice:
    """Sentences as sound, made by the voice while it lived."""

    def __init__(self, folder: Path = SPOKEN) -> None:
        """Know what is recorded in `folder`."""
        self._folder = folder
        self._sounds: dict[str, list[rtc.AudioFrame]] = {}
        self._recorded = {name for name, text in recorded(folder).items() if text == digest(hooks.phrase(name))}

    def missing(self) -> list[str]:
        """The sentences that are still to be prepared: not recorded, or their words have changed since."""
        return [name for name in PREPARED if name not in self._recorded and name not in self._sounds]

    async def prepare(self, voice: tts.TTS[Any]) -> None:
        """Let `voice` speak what is missing now, and close it. A failure is logged; the tone stays."""
        try:
            for name in self.missing():
                self._sounds[name] = await _spoken(voice, hooks.phrase(name))
        except Exception as error:
            logger.warning("no spare sentence", extra={"error": type(error).__name__})
        finally:
            await voice.aclose()

    def sound(self, name: str) -> list[rtc.AudioFrame]:
        """The sentence as frames; none if it was never spoken."""
        if name in self._recorded and name not in self._sounds:
            self._sounds[name] = read(self._folder / f"{name}.wav")
        return self._sounds.get(name, [])

    async def frames(self, name: str) -> AsyncIterator[rtc.AudioFrame]:
        """The sentence as frames, or two beeps if it was never spoken."""
        for frame in self.sound(name) or beeps():
            yield frame


def recorded(folder: Path) -> dict[str, str]:
    """Names of the recordings in `folder`, each with the digest of the text that it says."""
    try:
        listed = json.loads((folder / LIST).read_text("utf-8"))["texts"]
    except FileNotFoundError:
        return {}
    return {name: text for name, text in listed.items() if name in RECORDED and (folder / f"{name}.wav").is_file()}


def digest(text: str) -> str:
    """By which a text is known again."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(file: Path) -> list[rtc.AudioFrame]:
    """A 16-bit WAV as frames of 20 ms."""
    with wave.open(str(file), "rb") as opened:
        rate, channels = opened.getframerate(), opened.getnchannels()
        return _cut(opened.readframes(opened.getnframes()), rate, channels)


async def _spoken(voice: tts.TTS[Any], text: str) -> list[rtc.AudioFrame]:
    async with voice.stream() as stream:
        stream.push_text(text)
        stream.end_input()
        return [event.frame async for event in stream]


def beeps(count: int = 2, length_s: float = 0.25) -> list[rtc.AudioFrame]:
    """A busy line's tone: `count` beeps of `length_s` with as much silence between, 24 kHz mono."""
    samples = int(TONE_RATE * length_s)
    beep = array("h", (int(6000 * math.sin(2 * math.pi * TONE_HZ * n / TONE_RATE)) for n in range(samples)))
    return _cut(((beep + array("h", bytes(2 * samples))) * count).tobytes(), TONE_RATE, 1)


def _cut(pcm: bytes, rate: int, channels: int) -> list[rtc.AudioFrame]:
    """Whole frames of `FRAME_S`; what is left over is shorter, and lost."""
    samples = int(rate * FRAME_S)
    step = 2 * channels * samples
    return [
        rtc.AudioFrame(pcm[start : start + step], rate, channels, samples)
        for start in range(0, len(pcm) - step + 1, step)
    ]
