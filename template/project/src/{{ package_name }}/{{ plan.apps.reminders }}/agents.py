"""The agent that takes the calls."""

from __future__ import annotations

from livekit.agents import Agent
from livekit.agents.beta.tools import EndCallTool

from ..runtime.hooks import phrase
from .appointments import Appointment
from .prompts import prompt
from .tools import cancel_appointment, confirm_appointment, find_appointment, leave_message, move_appointment


class Reminders(Agent):
    """Confirms, moves or cancels one appointment; leaves a message on an answering machine."""

    def __init__(self, known: Appointment | None) -> None:
        """`known` is the appointment that the call is about, if it was dispatched with one."""
        super().__init__(
            instructions=f"{prompt('agent')}\n\n{describe(known)}",
            tools=[
                find_appointment,
                confirm_appointment,
                move_appointment,
                cancel_appointment,
                leave_message,
                EndCallTool(end_instructions=f"Say exactly: {phrase('goodbye')}"),
            ],
        )


def describe(known: Appointment | None) -> str:
    """What the agent is told of the appointment."""
    if known is None:
        return "You do not know the appointment yet: ask for the name, and find it."
    return f"The appointment: {known.describe()}. You have already greeted {known.name} with it."
