"""What this agent is: yours, and never touched by an update.

`runtime/hooks.py` lists the names that managed code looks for here; each has a default, so you may delete what you do
not need. Sentences of `PHRASES` replace those of `runtime/phrases.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .agents import Intake
from .inbox import Inbox
from .request import Request
from .state import CallState

if TYPE_CHECKING:
    from livekit.agents import Agent

    from ..runtime.call import Call
    from ..settings import Settings

__all__ = ["PHRASES", "CallState", "first_agent", "new_state"]

PHRASES: Final[dict[str, str]] = {}


def new_state(metadata: dict[str, Any], settings: Settings) -> CallState:
    """What this call remembers; `metadata` is what it was dispatched with."""
    inbox = Inbox(settings.data_folder / "requests.sqlite3", kept_days=settings.retention_days)
    return CallState(inbox, Request(name=str(metadata.get("caller_name", ""))))


def first_agent(call: Call) -> Agent:
    """The agent that takes the call."""
    del call  # every caller begins with the same agent
    return Intake()
