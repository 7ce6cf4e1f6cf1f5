"""Whether anybody is there, and the end of the call when not, or when it takes too long."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from livekit import rtc
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)

from . import farewell, hooks
from .call import Call
from .ears import WatchedSTT
from .listening import Unheard
from .outcomes import Outcome

logger = logging.getLogger(__name__)

CALLERS: Final = (
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD,
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
)
# How often a silent caller is asked before the goodbye.
ASKED_BEFORE_GOODBYE: Final = 2


class Presence:
    """Watches the caller's side of one call."""

    def __init__(self, session: AgentSession[Any], call: Call) -> None:
        """Nobody is there yet, and nobody was asked."""
        self._session, self._call = session, call
        self._asked = 0
        self._quiet_since = time.monotonic()  # no words of the caller, and no speech of the agent
        self._ending: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []

    def start(self) -> None:
        """From the dispatch on: nobody may ever come, and the longest call is counted from here."""
        loop, settings = asyncio.get_running_loop(), self._call.settings
        elapsed_s = time.monotonic() - self._call.started_at
        longest_s = max(0.0, settings.longest_call_minutes * 60 - elapsed_s)
        self._timers = [
            loop.call_later(settings.alone_seconds, self._on_alone),
            loop.call_later(longest_s, self._on_longest),
        ]

    def stop(self, event: CloseEvent) -> None:
        """The session is over."""
        del event  # whatever ended it
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
            self._hang_up(Outcome.CALLER_AWAY, "goodbye")
        else:
            self._asked += 1
            self._keep(asyncio.create_task(self._ask()))

    def on_left(self, participant: rtc.RemoteParticipant) -> None:
        """The framework ends the session for three reasons of many; a phone line that broke is none of them."""
        if participant.kind in CALLERS and not self._callers():
            reason = participant.disconnect_reason or rtc.DisconnectReason.UNKNOWN_REASON
            logger.info("caller left", extra={"reason": rtc.DisconnectReason.Name(reason)})
            self._hang_up(Outcome.CALLER_LEFT)
            self._call.ctx.shutdown("caller left")

    async def _ask(self) -> None:
        await self._session.say(hooks.phrase("still_there"), add_to_chat_ctx=False)
        if self._session.user_state == "away":
            self._session.reset_away_timer()  # it would stay away, and nobody would be asked again

    def _on_alone(self) -> None:
        if not self._callers() and self._ending is None:
            logger.info("nobody came")
            farewell.leave(self._call, Outcome.CALLER_LEFT)

    def _on_longest(self) -> None:
        logger.info("longest call reached")
        self._hang_up(Outcome.CUT_OFF, "goodbye")

    def _hang_up(self, ending: Outcome, phrase: str = "") -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(farewell.hang_up(self._session, self._call, ending, phrase=phrase))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _callers(self) -> list[rtc.RemoteParticipant]:
        return [person for person in self._call.ctx.room.remote_participants.values() if person.kind in CALLERS]


def guard(session: AgentSession[Any], call: Call) -> None:
    """Ask a silent caller, end the call that nobody is in, and the one that takes too long."""
    presence = Presence(session, call)
    session.on("user_state_changed", presence.on_user_state)
    session.on("agent_state_changed", presence.on_agent_state)
    session.on("user_input_transcribed", presence.on_words)
    if isinstance(session.stt, WatchedSTT):
        session.stt.on("unheard", presence.on_unheard)
    session.on("close", presence.stop)
    call.ctx.room.on("participant_disconnected", presence.on_left)
    presence.start()
