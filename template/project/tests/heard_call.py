"""A call by sound, without a room: a microphone, a loudspeaker that can pause, the real voice detector and session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities

from devkit.speech.pcm import pieces
from tests.callers import FRAME_S, RATE, spoken
from tests.fake_voice import BEEP
from tests.quiet_call import until


class Microphone(AudioInput):
    """The caller's side, in real time: silence but for what is said."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._frames: list[bytes] = []
        self._at = 0.0

    async def __anext__(self) -> rtc.AudioFrame:
        self._at = (self._at or time.monotonic()) + FRAME_S
        await asyncio.sleep(max(0.0, self._at - time.monotonic()))
        pcm = self._frames.pop(0) if self._frames else bytes(2 * int(RATE * FRAME_S))
        return rtc.AudioFrame(pcm, RATE, 1, len(pcm) // 2)

    async def say(self, length_s: float) -> float:
        """Make the sound of a voice for `length_s`; the time of its end, monotonic."""
        self._frames += list(pieces(spoken(length_s), RATE, FRAME_S))
        await until(lambda: not self._frames, 2 * length_s + 5)
        return time.monotonic()


class Loudspeaker(AudioOutput):
    """The agent's side, in real time, as a room's: it can pause. `heard` holds when each frame was played."""

    def __init__(self) -> None:
        super().__init__(label="loudspeaker", capabilities=AudioOutputCapabilities(pause=True), sample_rate=BEEP.rate)
        self.heard: list[float] = []
        self._frames: asyncio.Queue[rtc.AudioFrame | None] = asyncio.Queue()
        self._plays = asyncio.Event()
        self._plays.set()
        self._position_s = 0.0
        self._cleared = False
        self._task = asyncio.create_task(self._play())

    @property
    def heard_s(self) -> float:
        """How much was heard in all, in s."""
        return len(self.heard) * FRAME_S

    def longest_gap_s(self) -> float:
        """The longest silence between two sounds, in s."""
        return max((later - at for at, later in pairwise(self.heard)), default=0.0)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self._cleared = False
        for piece in pieces(bytes(frame.data.cast("b")), frame.sample_rate, FRAME_S):
            self._frames.put_nowait(rtc.AudioFrame(piece, frame.sample_rate, 1, len(piece) // 2))

    def flush(self) -> None:
        super().flush()
        self._frames.put_nowait(None)

    def clear_buffer(self) -> None:
        self._cleared = True
        self._plays.set()

    def pause(self) -> None:
        self._plays.clear()

    def resume(self) -> None:
        self._plays.set()

    async def _play(self) -> None:
        while True:
            frame = await self._frames.get()
            if frame is None:
                self.on_playback_finished(playback_position=self._position_s, interrupted=self._cleared)
                self._position_s = 0.0
                continue
            await self._plays.wait()
            if self._cleared:
                continue
            if not self._position_s:
                self.on_playback_started(created_at=time.time())
            self.heard.append(time.monotonic())
            self._position_s += frame.duration
            await asyncio.sleep(frame.duration)


@asynccontextmanager
async def heard_call(session: AgentSession[Any]) -> AsyncIterator[tuple[Microphone, Loudspeaker]]:
    """`session` from its start to its end, with a microphone and a loudspeaker."""
    microphone, loudspeaker = Microphone(), Loudspeaker()
    session.input.audio, session.output.audio = microphone, loudspeaker
    await session.start(Agent(instructions="Answer."), record=False)
    yield microphone, loudspeaker
    await session.aclose()
