"""How a call came to its end: why, and by whom."""

from __future__ import annotations

from enum import StrEnum

from livekit.agents import CloseReason


class Outcome(StrEnum):
    """What became of a call."""

    COMPLETED = "completed"
    """The agent ended it, after its goodbye."""
    CALLER_LEFT = "caller left"
    """Hung up after at least one answer."""
    ABANDONED = "abandoned"
    """Hung up before an answer was heard to its end."""
    CALLER_AWAY = "caller away"
    """Silent until the agent said goodbye."""
    AGENT_FAILED = "agent failed"
    """Providers failed until the agent gave up, or an error ended it."""
    CUT_OFF = "cut off"
    """Ended by us with the caller still there: the longest call, a drain that was over, a room that was deleted."""
    NEVER_STARTED = "never started"
    """Dispatched, and no session came about."""


class Side(StrEnum):
    """The side that ended a call."""

    CALLER = "caller"
    """Hung up, left the page, or lost the connection and did not come back."""
    AGENT = "agent"
    """Said goodbye, or gave up."""
    PLATFORM = "platform"
    """Neither: a drain that was over, a room that was deleted, a participant who was removed."""


def outcome(reason: CloseReason | None, *, ending: Outcome | None, answered: bool) -> Outcome:
    """Judge a call by the reason for which its session closed.

    `ending` is the reason given by the part that ended the call, and counts more; `answered`: an answer was heard to
    its end.
    """
    found = ending or {
        None: Outcome.NEVER_STARTED,
        CloseReason.ERROR: Outcome.AGENT_FAILED,
        CloseReason.JOB_SHUTDOWN: Outcome.CUT_OFF,
        CloseReason.PARTICIPANT_DISCONNECTED: Outcome.CALLER_LEFT,
    }.get(reason, Outcome.COMPLETED)
    return Outcome.ABANDONED if found is Outcome.CALLER_LEFT and not answered else found


def side(reason: CloseReason | None) -> Side:
    """The side that ended a call of which only the session's `reason` is known."""
    if reason is CloseReason.PARTICIPANT_DISCONNECTED:
        return Side.CALLER
    return Side.PLATFORM if reason in (None, CloseReason.JOB_SHUTDOWN) else Side.AGENT
