"""No speech at all: one beep a word. Needs nothing, so the wire and the clock can be tested anywhere."""

from __future__ import annotations

import numpy as np

BEEP_S, GAP_S = 0.18, 0.07


class ToneVoice:
    """Beeps, a different pitch for each of eight words."""

    name = "tone"
    rate = 16_000

    def synthesize(self, text: str) -> bytes:
        """16-bit PCM, mono, 16 kHz: 0.25 s a word."""
        clock = np.arange(int(self.rate * BEEP_S)) / self.rate
        silence = np.zeros(int(self.rate * GAP_S))
        parts = [
            np.concatenate([np.sin(2 * np.pi * (220 + 40 * (number % 8)) * clock) * np.hanning(len(clock)), silence])
            for number, _ in enumerate(text.split())
        ]
        return (np.concatenate(parts or [silence]) * 9000).astype("<i2").tobytes()
