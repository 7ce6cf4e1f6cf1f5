"""The specialist for complaints and questions."""

from __future__ import annotations

from livekit.agents import Agent, llm
from livekit.agents.beta.tools import EndCallTool

from ...runtime.hooks import phrase
from ..prompts import prompt
from . import to_bookings, to_reception


class Support(Agent):
    """Listens to complaints and answers what is neither hours nor appointments."""

    def __init__(self, talk: llm.ChatContext) -> None:
        """`talk` is what was said before the handover."""
        super().__init__(
            instructions=prompt("support"),
            chat_ctx=talk,
            tools=[
                to_bookings,
                to_reception,
                EndCallTool(end_instructions=f"Say exactly: {phrase('goodbye')}"),
            ],
        )

    async def on_enter(self) -> None:
        """Go on where the colleague stopped."""
        self.session.generate_reply()
