"""Whether the caller is still there, and the end of the call when not."""

from __future__ import annotations

import logging
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, UserStateChangedEvent

from . import hooks
from .call import Call
from .outcomes import Outcome

logger = logging.getLogger(__name__)

CALLERS = (
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD,
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
)


def guard(session: AgentSession[Any], call: Call) -> None:
    """Ask a silent caller twice, then say goodbye; end the job when the caller is gone, for whatever reason."""
    asked = 0

    def user_state_changed(event: UserStateChangedEvent) -> None:
        nonlocal asked
        if event.new_state == "speaking":
            asked = 0
        elif event.new_state == "away" and asked < 2:
            asked += 1
            session.say(hooks.phrase("still_there"), add_to_chat_ctx=False)
        elif event.new_state == "away":
            call.ends(Outcome.CALLER_AWAY)
            handle = session.say(hooks.phrase("goodbye"), add_to_chat_ctx=False)
            handle.add_done_callback(lambda _: session.shutdown(drain=False))

    def participant_disconnected(participant: rtc.RemoteParticipant) -> None:
        # The framework ends the session for three reasons of many; a phone line that broke is none of them.
        if participant.kind in CALLERS and not _callers(call.ctx.room):
            logger.info("caller left", extra={"reason": participant.disconnect_reason})
            call.ends(Outcome.CALLER_LEFT)
            session.shutdown(drain=False)
            call.ctx.shutdown("caller left")

    session.on("user_state_changed", user_state_changed)
    call.ctx.room.on("participant_disconnected", participant_disconnected)


def _callers(room: rtc.Room) -> list[rtc.RemoteParticipant]:
    return [person for person in room.remote_participants.values() if person.kind in CALLERS]
