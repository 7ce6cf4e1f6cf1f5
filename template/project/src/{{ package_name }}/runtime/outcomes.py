"""How a call came to its end, in one of a few words."""

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
    """Ended by us with the caller still there: a drain that was over, a room that was deleted."""
    NEVER_STARTED = "never started"
    """Dispatched, and no session came about."""


def outcome(reason: CloseReason | None, *, ending: Outcome | None, answered: bool) -> Outcome:
    """Judge a call by why its session closed.

    `ending` is what the part says that ended it, and counts more; `answered`: an answer was heard to its end.
    """
    found = ending or {
        None: Outcome.NEVER_STARTED,
        CloseReason.ERROR: Outcome.AGENT_FAILED,
        CloseReason.JOB_SHUTDOWN: Outcome.CUT_OFF,
        CloseReason.PARTICIPANT_DISCONNECTED: Outcome.CALLER_LEFT,
    }.get(reason, Outcome.COMPLETED)
    return Outcome.ABANDONED if found is Outcome.CALLER_LEFT and not answered else found
