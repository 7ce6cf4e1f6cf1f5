"""No speech, but a voice: a syllable without a meaning a word. Needs nothing, so wire and clock can be tested anywhere.

A voice detector hears it as a voice; beeps pass for one only by chance.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import numpy as np

RATE: Final = 16_000  # Hz
SYLLABLE_S: Final = 0.25
PEAK: Final = 12_000
KINDS: Final = 8  # of syllables, one after the other
# The resonances of four vowels, in Hz, and their widths.
VOWELS: Final = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480))
WIDTHS: Final = (80, 100, 140)

Sound = np.ndarray[Any, np.dtype[np.float64]]


class ToneVoice:
    """Syllables, a different one for each of eight words."""

    name = "tone"
    rate = RATE

    def synthesize(self, text: str) -> bytes:
        """16-bit PCM, mono, 16 kHz: 0.25 s a word."""
        words = len(text.split())
        return syllables(words) if words else bytes(RATE // 8)


def syllables(count: int) -> bytes:
    """So many syllables: 16-bit PCM, mono, 16 kHz."""
    sound = np.concatenate([_syllable(number % KINDS) for number in range(count)]) * PEAK
    made: bytes = sound.astype("<i2").tobytes()
    return made


@functools.cache
def _syllable(number: int) -> Sound:
    """A hiss of 0.04 s, then a quarter of a second of a vowel: pulses of a voice that falls, through its resonances."""
    t = np.arange(int(RATE * SYLLABLE_S)) / RATE
    noise = np.random.default_rng(number).standard_normal(len(t))
    pulses = np.diff(np.floor(np.cumsum(210 - 12 * number - 120 * t + 2 * np.sin(31 * t)) / RATE), prepend=0)
    sound = np.where(t < 0.04, 0.15 * noise, pulses + 0.02 * noise)
    for hertz, width in zip(VOWELS[number % 4], WIDTHS, strict=True):
        decay = np.exp(-np.pi * width / RATE)
        sound = _filtered(sound, 2 * decay * np.cos(2 * np.pi * hertz / RATE), -(decay**2))
    sound = _filtered(sound, 0.85, 0.0)  # a mouth is softer in the treble
    sound *= np.maximum(0.1, np.minimum(1.0, np.minimum(t / 0.03, (t[-1] - t) / 0.05)))
    return np.asarray(sound / np.abs(sound).max())


def _filtered(sound: Sound, one: float, two: float) -> Sound:
    """Each sample plus `one` times the last result and `two` times the one before."""
    found, last, before = np.empty_like(sound), 0.0, 0.0
    for index, value in enumerate(sound):
        last, before = float(value + one * last + two * before), last
        found[index] = last
    return found
