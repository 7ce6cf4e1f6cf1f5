"""Sounds that are no words, made here: a cough, voices of a television, music."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from . import Voice
from .pcm import resample, samples

RATE: Final = 16_000  # Hz
KINDS: Final = ("cough", "babble", "music")
FULL: Final = 32_767.0
COUGH_S: Final = 0.45  # of each in a row of coughs
CHORD_S: Final = 0.5
CHORDS: Final = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))  # Hz
VOICES: Final = 3

Sound = NDArray[np.float64]


def burst(kind: str, seconds: float, level_dbfs: float, voice: Voice, text: str) -> bytes:
    """Noise of a kind in KINDS as 16-bit PCM, mono, 16 kHz: always the same.

    `level_dbfs` is its root mean square against full scale. Babble is `text` by several mouths of `voice`, backwards:
    it sounds like a voice and holds no word.
    """
    length = int(seconds * RATE)
    made = {"cough": _cough, "music": _music}[kind](length) if kind != "babble" else _babble(length, voice, text)
    level = FULL * 10 ** (level_dbfs / 20) / max(1e-9, float(np.sqrt(np.mean(made**2))))
    heard: bytes = np.clip(made * level, -FULL, FULL).astype("<i2").tobytes()
    return heard


def _cough(length: int) -> Sound:
    """Breath with a sharp start that dies away, again and again."""
    hiss = np.random.default_rng(1).standard_normal(length)
    throat = np.convolve(hiss, np.hanning(24), "same")  # a mouth is softer in the treble
    at = np.arange(length) / RATE % COUGH_S
    return np.asarray(throat * np.minimum(1.0, at / 0.01) * np.exp(-9 * at))


def _music(length: int) -> Sound:
    """Chords with overtones, one after the other."""
    clock = np.arange(length) / RATE
    number = (clock / CHORD_S).astype(int) % len(CHORDS)
    tones: Any = np.array(CHORDS)[number].T
    fade = np.exp(-2 * (clock % CHORD_S))
    waves = [np.sin(2 * np.pi * part * tone * clock) / part for tone in tones for part in (1, 2, 3)]
    return np.asarray(sum(waves) * fade)


def _babble(length: int, voice: Voice, text: str) -> Sound:
    spoken = samples(resample(voice.synthesize(text), voice.rate, RATE))[::-1].astype(np.float64)
    starts = [number * len(spoken) // VOICES for number in range(VOICES)]
    return np.asarray(sum(np.resize(np.roll(spoken, start), length) for start in starts))
