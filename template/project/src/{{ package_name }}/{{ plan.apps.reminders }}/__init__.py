"""What this agent is: yours, and never touched by an update.

`runtime/hooks.py` lists the names that managed code looks for here; each has a default, so you may delete what you do
not need. Sentences of `PHRASES` replace those of `runtime/phrases.py`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from ..runtime.hooks import phrase
from .agents import Reminders
from .appointments import Appointment, Appointments
from .phrases import reminder
from .state import CallState

if TYPE_CHECKING:
    from livekit.agents import Agent, AgentSession

    from ..runtime.call import Call
    from ..settings import Settings

__all__ = ["PHRASES", "CallState", "first_agent", "greet", "new_state"]

PHRASES: Final[dict[str, str]] = {}
logger = logging.getLogger(__name__)


def new_state(metadata: dict[str, Any], settings: Settings) -> CallState:
    """What this call remembers. Dispatch it with `{"name": "Anna", "appointment": "2030-01-08T10:30"}`.

    Without these, the person calls back: then the agent asks for the name and looks the appointment up.
    """
    file = settings.data_folder / "appointments.sqlite3"
    state = CallState(Appointments(file, kept_days=settings.retention_days), settings.time_zone)
    if "appointment" in metadata:
        try:
            state.appointment = Appointment.of(metadata)
        except ValueError:
            logger.warning("dispatch metadata names no appointment that can be read: ignored")
    return state


def first_agent(call: Call) -> Agent:
    """The agent that takes the call."""
    state: CallState = call.state
    return Reminders(state.appointment)


async def greet(session: AgentSession[CallState], call: Call) -> None:
    """The first words: what the call is about, where that is known."""
    state: CallState = call.state
    if known := state.appointment:
        session.say(reminder(known.name, known.at))
    else:
        session.say(phrase("greeting"))
