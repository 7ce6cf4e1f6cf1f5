"""What this agent is: yours, and never touched by an update.

`runtime/hooks.py` lists the names that managed code looks for here; each has a default, so you may delete what you do
not need. Sentences of `PHRASES` replace those of `runtime/phrases.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..runtime.hooks import phrase
from .agents import Reception
from .booking import FrontDesk
from .sqlite_calendar import SqliteCalendar
from .state import CallState

if TYPE_CHECKING:
    from livekit.agents import Agent, AgentSession

    from ..runtime.call import Call
    from ..settings import Settings

__all__ = ["PHRASES", "CallState", "first_agent", "greet", "new_state"]

PHRASES: Final[dict[str, str]] = {}


def new_state(metadata: dict[str, Any], settings: Settings) -> CallState:
    """What this call remembers; `metadata` is what it was dispatched with."""
    file = settings.data_folder / "calendar.sqlite3"
    calendar = SqliteCalendar(file, settings.time_zone, kept_days=settings.retention_days)
    return CallState(FrontDesk(calendar, settings.time_zone), caller_name=str(metadata.get("caller_name", "")))


def first_agent(call: Call) -> Agent:
    """Who takes the call."""
    del call  # every caller begins at the reception
    return Reception()


async def greet(session: AgentSession[CallState], call: Call) -> None:
    """The first words."""
    del call  # everybody is greeted alike
    session.say(phrase("greeting"))
