"""The specialist for appointments."""

from __future__ import annotations

from livekit.agents import Agent, llm
from livekit.agents.beta.tools import EndCallTool

from ...runtime.hooks import phrase
from ..prompts import prompt
from ..tools import book_appointment, cancel_appointment, opening_hours
from . import to_reception, to_support


class Bookings(Agent):
    """Makes and cancels appointments."""

    def __init__(self, talk: llm.ChatContext) -> None:
        """`talk` is what was said before the handover."""
        super().__init__(
            instructions=prompt("bookings"),
            chat_ctx=talk,
            tools=[
                opening_hours,
                book_appointment,
                cancel_appointment,
                to_support,
                to_reception,
                EndCallTool(end_instructions=f"Say exactly: {phrase('goodbye')}"),
            ],
        )

    async def on_enter(self) -> None:
        """Go on where the colleague stopped."""
        self.session.generate_reply()
