"""Whether a caller is there, and the end of the call when none is, or when the call takes too long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.job import DEFAULT_PARTICIPANT_KINDS

from . import farewell, hooks
from .call import Call
from .ears import WatchedSTT
from .listening import Unheard
from .outcomes import Outcome, Side

logger = logging.getLogger(__name__)

# How often a silent caller is asked before the goodbye.
ASKED_BEFORE_GOODBYE: Final = 2
# How long before the end of the longest call the caller is told of it, in s; of a short call, half its length.
WARN_S: Final = 60.0

Reason = rtc.DisconnectReason
# Reasons after which a client comes back under the same identity: its network changed, or its page was loaded anew.
# The server gives no reason for a connection that another one replaces.
LOST: Final = (
    Reason.UNKNOWN_REASON,
    Reason.DUPLICATE_IDENTITY,
    Reason.STATE_MISMATCH,
    Reason.JOIN_FAILURE,
    Reason.MIGRATION,
    Reason.SIGNAL_CLOSE,
    Reason.CONNECTION_TIMEOUT,
    Reason.MEDIA_FAILURE,
)
# Reasons with which neither the caller nor the agent has to do.
EVICTED: Final = (
    Reason.PARTICIPANT_REMOVED,
    Reason.ROOM_DELETED,
    Reason.ROOM_CLOSED,
    Reason.SERVER_SHUTDOWN,
)


class Presence:
    """A watch over the caller's side of one call."""

    def __init__(self, session: AgentSession[Any], call: Call) -> None:
        """Begin with no caller there, and none asked."""
        self._session, self._call = session, call
        self._asked = 0
        self._quiet_since = time.monotonic()  # no words of the caller, and no speech of the agent
        self._ending: asyncio.Task[None] | None = None
        self._return: asyncio.TimerHandle | None = None  # runs while the only caller's connection is lost
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []

    def start(self) -> None:
        """Wait for a caller, and count the longest call, both from the dispatch on."""
        loop, settings = asyncio.get_running_loop(), self._call.settings
        elapsed_s = time.monotonic() - self._call.started_at
        longest_s = max(0.0, settings.longest_call_minutes * 60 - elapsed_s)
        self._timers = [
            loop.call_later(settings.alone_seconds, self._on_alone),
            loop.call_later(longest_s - min(WARN_S, longest_s / 2), self._on_nearly_over),
            loop.call_later(longest_s, self._on_longest),
        ]

    def stop(self, event: CloseEvent) -> None:
        """End the watch: the session is over."""
        del event  # for whatever reason
        if self._return is not None:
            self._return.cancel()
            self._call.ends(Outcome.CALLER_LEFT, Side.CALLER)
        for timer in self._timers:
            timer.cancel()

    def on_user_state(self, event: UserStateChangedEvent) -> None:
        """The session says `away` after a silence in which the agent neither spoke nor thought nor used a tool."""
        if event.new_state == "away":
            self._on_away()

    def on_agent_state(self, event: AgentStateChangedEvent) -> None:
        """The caller may be silent for as long as the agent speaks or thinks."""
        del event  # any change
        self._quiet_since = time.monotonic()

    def on_words(self, event: UserInputTranscribedEvent) -> None:
        """Words show that the caller is there, spoken or typed. A voice without words may be a television."""
        if event.transcript:
            self._asked, self._quiet_since = 0, time.monotonic()

    def on_unheard(self, unheard: Unheard) -> None:
        """A noise is no caller: it hides a silence from the session. Words that were lost are one."""
        if unheard.failure:
            self._asked, self._quiet_since = 0, time.monotonic()
            return
        quiet_s = time.monotonic() - self._quiet_since
        if self._session.current_speech is None and quiet_s >= self._call.settings.user_away_seconds:
            self._on_away()

    def _on_away(self) -> None:
        self._quiet_since = time.monotonic()
        if self._ending is not None:
            return
        if self._asked >= ASKED_BEFORE_GOODBYE:
            self._hang_up(Outcome.CALLER_AWAY)
        else:
            self._asked += 1
            self._keep(self._ask())

    def on_left(self, participant: rtc.RemoteParticipant) -> None:
        """End the call of the last caller who has left, or wait for one whose connection was lost.

        A phone never comes back under the same identity.
        """
        if participant.kind not in DEFAULT_PARTICIPANT_KINDS or self._callers():
            return
        reason = participant.disconnect_reason or Reason.UNKNOWN_REASON
        lost = reason in LOST and participant.kind != rtc.ParticipantKind.PARTICIPANT_KIND_SIP
        logger.info("connection lost" if lost else "caller left", extra={"reason": Reason.Name(reason)})
        if lost:
            wait_s = self._call.settings.rejoin_seconds
            self._return = asyncio.get_running_loop().call_later(wait_s, self._on_gone)
        elif reason in EVICTED:
            self._leave(Outcome.CUT_OFF, Side.PLATFORM)
        else:
            self._leave(Outcome.CALLER_LEFT, Side.CALLER)

    def on_joined(self, participant: rtc.RemoteParticipant) -> None:
        """Go on with a caller who is back, also under another identity: the session listens to one only."""
        if self._return is None or participant.kind not in DEFAULT_PARTICIPANT_KINDS:
            return
        self._return.cancel()
        self._return = None
        logger.info("caller is back")
        with suppress(RuntimeError):  # a session without a room links nobody
            self._session.room_io.set_participant(participant.identity)

    async def _ask(self) -> None:
        await self._session.say(hooks.phrase("still_there"), add_to_chat_ctx=False)
        if self._session.user_state == "away":
            self._session.reset_away_timer()  # it would stay away, and nobody would be asked again

    async def _warn(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(WARN_S / 2):
                await self._session.wait_for_idle()
        await self._session.say(hooks.phrase("nearly_over"))

    def _on_alone(self) -> None:
        if not self._callers() and self._ending is None and self._return is None:
            logger.info("nobody came")
            farewell.leave(self._call, Outcome.CALLER_LEFT, Side.CALLER)

    def _on_gone(self) -> None:
        self._leave(Outcome.CALLER_LEFT, Side.CALLER)

    def _on_nearly_over(self) -> None:
        if self._call.ending is None:
            self._keep(self._warn())

    def _on_longest(self) -> None:
        """End the call for good: the caller was told `WARN_S` ago, and had this time to come to an end."""
        logger.info("longest call reached")
        self._keep(self._end(Outcome.CUT_OFF))

    def _leave(self, ending: Outcome, by: Side) -> None:
        self._keep(farewell.close(self._session, self._call, ending, by))
        self._call.ctx.shutdown(ending.value)

    def _hang_up(self, ending: Outcome) -> None:
        self._ending = self._keep(self._end(ending))

    async def _end(self, ending: Outcome) -> None:
        if not await farewell.hang_up(self._session, self._call, ending, phrase="goodbye"):
            self._ending, self._asked = None, 0

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _callers(self) -> list[rtc.RemoteParticipant]:
        people = self._call.ctx.room.remote_participants.values()
        return [person for person in people if person.kind in DEFAULT_PARTICIPANT_KINDS]


def guard(session: AgentSession[Any], call: Call) -> None:
    """Ask a silent caller, end the call that nobody is in, and the one that takes too long."""
    presence = Presence(session, call)
    session.on("user_state_changed", presence.on_user_state)
    session.on("agent_state_changed", presence.on_agent_state)
    session.on("user_input_transcribed", presence.on_words)
    if isinstance(session.stt, WatchedSTT):
        session.stt.on("unheard", presence.on_unheard)
    session.on("close", presence.stop)
    call.ctx.room.on("participant_connected", presence.on_joined)
    call.ctx.room.on("participant_disconnected", presence.on_left)
    presence.start()
