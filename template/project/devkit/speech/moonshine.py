"""Moonshine tiny: English, about 70 ms a sentence, weights in the wheel."""

from __future__ import annotations

import threading

import numpy as np
from moonshine_voice import ModelArch, Transcriber, get_model_path

from .pcm import resample, samples

RATE = 16_000


class MoonshineRecogniser:
    """Hears English."""

    name = "moonshine"

    def __init__(self) -> None:
        """Load the model and warm it."""
        # Its own voice activity detector would take leading noise for a word ("You ..."), so it is switched off.
        options = {"vad_threshold": 0}
        self._engine = Transcriber(str(get_model_path("tiny-en")), ModelArch.TINY, options=options)
        self._lock = threading.Lock()
        self.transcribe(bytes(RATE), RATE)

    def transcribe(self, pcm: bytes, rate: int) -> str:
        """The words in 16-bit PCM, mono, `rate` Hz."""
        values = samples(resample(pcm, rate, RATE)).astype(np.float32) / 32768
        with self._lock:
            lines = self._engine.transcribe_without_streaming(values.tolist(), RATE).lines
        return " ".join(line.text.strip() for line in lines).strip()
