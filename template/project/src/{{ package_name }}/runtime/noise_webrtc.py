"""WebRTC's noise suppression on the worker: no licence, no account, about 1 % of a core."""

from __future__ import annotations

from collections.abc import Callable

from livekit import rtc
from livekit.agents.voice.room_io.types import NoiseCancellationParams

from ..settings import Settings

BYTES_PER_SAMPLE = 2


class NoiseSuppressor(rtc.FrameProcessor[rtc.AudioFrame]):
    """Suppresses steady noise in 16-bit PCM. Keeps state: one for each track."""

    def __init__(self) -> None:
        """Suppress noise and rumble; leave echo and gain to the caller's device."""
        self._module = rtc.AudioProcessingModule(noise_suppression=True, high_pass_filter=True)
        self._enabled = True

    @property
    def enabled(self) -> bool:
        """Whether frames are changed at all."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = value

    def _process(self, frame: rtc.AudioFrame) -> rtc.AudioFrame:
        # The module takes frames of exactly 10 ms; a room hands over 50 ms.
        step = frame.sample_rate // 100
        if not self._enabled or frame.samples_per_channel % step:
            return frame
        size = step * frame.num_channels * BYTES_PER_SAMPLE
        sound = bytes(frame.data.cast("b"))
        cleaned = bytearray()
        for start in range(0, len(sound), size):
            piece = rtc.AudioFrame(bytearray(sound[start : start + size]), frame.sample_rate, frame.num_channels, step)
            self._module.process_stream(piece)
            cleaned += piece.data.cast("b")
        return rtc.AudioFrame(
            cleaned,
            frame.sample_rate,
            frame.num_channels,
            frame.samples_per_channel,
            userdata=frame.userdata,
        )

    def _close(self) -> None:
        """Nothing to free."""


def selector(settings: Settings) -> Callable[[NoiseCancellationParams], NoiseSuppressor]:
    """A suppressor for each track, the same for browsers and phones."""
    del settings  # needs no account
    return lambda _: NoiseSuppressor()
