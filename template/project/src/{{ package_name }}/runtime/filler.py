"""A few words while an answer takes long, on a track of their own.

`AgentSession.say` would queue them behind the very answer that hangs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from array import array
from collections.abc import Callable
from typing import Any, Final, Protocol

from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    ToolExecutionUpdatedEvent,
    UserStateChangedEvent,
)

from .breaker import Failure
from .call import Call
from .ears import WatchedSTT
from .failures import FILLER, Failures, StageFailure, Told
from .speech import COUGH_S

logger = logging.getLogger(__name__)

RATE: Final = 24_000  # Hz
BUFFER_MS: Final = 100
FADE_FRAMES: Final = 4
# A shorter silence is hardly noticed: another provider may well answer within it. In s, as all of these.
SOON_S: Final = 0.8
# After a longer wait the caller was told something else, or had asked nothing.
LONGEST_S: Final = 10.0
# The commit of a turn may bring its answer, or an apology, at once.
AT_COMMIT_S: Final = 0.1


class Loudspeaker(Protocol):
    """Where the words go: an `rtc.AudioSource`."""

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Play it, as soon as there is room."""
        ...


class Filler:
    """Speaks once in a turn: when the answer is late, or when a provider has failed while the caller waits.

    A model or a voice can only be late for a turn that was committed: a request that was sent before is no promise.
    """

    def __init__(
        self,
        speaker: Loudspeaker,
        sound: Callable[[], list[rtc.AudioFrame]],
        *,
        after_s: float,
        after_tool_s: float,
    ) -> None:
        """Play `sound()` when `after_s` since the caller's last word pass without an answer, or `after_tool_s`."""
        self._speaker, self._sound = speaker, sound
        self._after_s, self._after_tool_s = after_s, after_tool_s
        self._spoke_at = self._spoke_s = self._waits_from = 0.0
        self._waiting = self._committed = self._told = self._unheard = False
        self._failed = ""  # what failed before the turn was committed
        self._answering: Callable[[], bool] = lambda: False
        self._due: asyncio.TimerHandle | None = None
        self._playing: asyncio.Task[None] | None = None
        self._fading = False
        self._tell: Callable[[Told], None] | None = None

    def watch(self, session: AgentSession[Any], call: Call, failures: Failures) -> None:
        """Follow `session` until it closes, and tell `failures` what was heard."""
        self._tell = failures.tell

        def closed(_: CloseEvent) -> None:
            call.board.on_failure.remove(self.on_failure)
            self.on_answer()

        self._answering = lambda: session.current_speech is not None
        session.on("user_state_changed", self.on_caller)
        session.on("agent_state_changed", self.on_agent)
        session.on("tool_execution_updated", self.on_tool)
        session.on("close", closed)
        if isinstance(session.stt, WatchedSTT):
            session.stt.on("words_late", self.on_late_words)
        call.board.on_failure.append(self.on_failure)
        failures.on_stage.append(self.on_stage_failure)

    def on_caller(self, event: UserStateChangedEvent) -> None:
        """A caller who speaks waits for nothing; one who has spoken does."""
        if event.new_state == "speaking":
            self._spoke_at = event.created_at
            self._told = self._unheard = False
            self._failed = ""
            self.on_answer()
        elif event.old_state == "speaking":
            self._spoke_s = event.created_at - self._spoke_at
            if self._spoke_s >= COUGH_S:
                self._wait(event.created_at)
            if self._unheard:
                self.on_late_words()

    def on_late_words(self) -> None:
        """What was said is heard again, which takes its time. Whoever hears may know of its end before us.

        An answer that a voice has paused goes on by itself: nothing is said in it.
        """
        self._unheard = True
        if self._waiting and not self._answering():
            self._speak_after(SOON_S, "late words")

    def on_agent(self, event: AgentStateChangedEvent) -> None:
        """A turn is committed when the agent begins to think; the agent's first sound is the answer."""
        if event.new_state == "thinking" and event.old_state != "speaking":
            self._committed = True
            self._wait(self._waits_from if self._waiting else time.time())
            if self._due is None:
                self._speak_after(SOON_S if self._failed else self._after_s, self._failed or "late")
        elif event.new_state in ("speaking", "listening"):
            self.on_answer()

    def on_tool(self, event: ToolExecutionUpdatedEvent) -> None:
        """Looking something up takes its time, and so does the answer that follows from it."""
        if event.update.type == "tool_call_started" and self._waiting:
            self._speak_after(self._after_tool_s, "late")

    def on_failure(self, failure: Failure) -> None:
        """A caller who waits now will wait longer."""
        if failure.stage != "stt" and not self._committed:
            self._failed = failure.kind
        elif self._waiting and not self._told and time.time() - self._waits_from < LONGEST_S:
            self._speak_after(SOON_S, failure.kind)

    def on_stage_failure(self, failure: StageFailure) -> None:
        """No answer will come, but an apology."""
        del failure  # whatever it is
        self.on_answer()

    def on_answer(self) -> None:
        """The words fade out, or are not needed any more."""
        self._waiting = self._committed = False
        self._fading = True
        if self._due:
            self._due.cancel()
            self._due = None

    def _wait(self, since: float) -> None:
        self._waiting, self._waits_from = True, since

    def _speak_after(self, wait_s: float, why: str) -> None:
        if self._due:
            self._due.cancel()
        left_s = max(self._waits_from + wait_s - time.time(), AT_COMMIT_S)
        self._due = asyncio.get_running_loop().call_later(left_s, self._speak, why)

    def _speak(self, why: str) -> None:
        frames = self._sound()
        if self._told or not self._waiting or not frames:
            return
        self._told, self._fading = True, False
        self._playing = asyncio.create_task(self._play(frames))
        logger.info("filler spoken", extra={"why": why, "waited_s": round(time.time() - self._waits_from, 3)})

    async def _play(self, frames: list[rtc.AudioFrame]) -> None:
        began_at, left = time.time(), FADE_FRAMES
        for frame in _at_rate(frames):
            if self._fading:
                left -= 1
                frame = _quieter(frame, left / FADE_FRAMES)
            await self._speaker.capture_frame(frame)
            if not left:
                break
        if self._tell:
            self._tell(Told(FILLER, began_at, "whole" if left else "part"))


async def start(session: AgentSession[Any], call: Call, failures: Failures) -> None:
    """Publish the track and watch the call."""
    source = rtc.AudioSource(RATE, 1, queue_size_ms=BUFFER_MS)
    track = rtc.LocalAudioTrack.create_audio_track("filler", source)
    await call.ctx.room.local_participant.publish_track(track)
    filler = Filler(
        source,
        lambda: call.spare.sound(FILLER),
        after_s=call.settings.filler_after_ms / 1000,
        after_tool_s=call.settings.filler_after_tool_ms / 1000,
    )
    filler.watch(session, call, failures)
    call.ctx.add_shutdown_callback(source.aclose)


def _at_rate(frames: list[rtc.AudioFrame]) -> list[rtc.AudioFrame]:
    if frames[0].sample_rate == RATE:
        return frames
    resampler = rtc.AudioResampler(frames[0].sample_rate, RATE)
    return [*(out for frame in frames for out in resampler.push(frame)), *resampler.flush()]


def _quieter(frame: rtc.AudioFrame, by: float) -> rtc.AudioFrame:
    sound = array("h", (int(sample * by) for sample in frame.data))
    return rtc.AudioFrame(sound.tobytes(), frame.sample_rate, frame.num_channels, frame.samples_per_channel)
