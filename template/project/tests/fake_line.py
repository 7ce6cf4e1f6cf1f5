"""Where the agent's voice goes in a test: it plays in real time, and remembers for how long."""

from __future__ import annotations

import asyncio
import time

from livekit import rtc
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities


class Line(AudioOutput):
    """A loudspeaker without sound."""

    def __init__(self) -> None:
        super().__init__(label="line", capabilities=AudioOutputCapabilities(pause=False), sample_rate=24_000)
        self.heard_s = 0.0
        self._length_s, self._began = 0.0, 0.0
        self._ends: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._length_s:
            self._began = time.time()
            self.on_playback_started(created_at=self._began)
        self._length_s += frame.duration
        self.heard_s += frame.duration

    def flush(self) -> None:
        super().flush()
        if self._length_s:
            left_s = self._began + self._length_s - time.time()
            self._ends = asyncio.get_running_loop().call_later(max(left_s, 0.0), self._end, False)

    def clear_buffer(self) -> None:
        if self._length_s:
            self._end(True)

    def _end(self, interrupted: bool) -> None:
        if self._ends:
            self._ends.cancel()
        position = min(time.time() - self._began, self._length_s) if interrupted else self._length_s
        self._length_s = 0.0
        self.on_playback_finished(playback_position=position, interrupted=interrupted)
