"""The agent that takes the calls."""

from __future__ import annotations

from livekit.agents import Agent
from livekit.agents.beta.tools import EndCallTool

from ..runtime.hooks import phrase
from .prompts import prompt
from .tools import hand_over, note


class Intake(Agent):
    """Takes down what a caller needs, reads it back, and hands it over to a person."""

    def __init__(self) -> None:
        """With its prompt and its tools."""
        super().__init__(
            instructions=prompt("agent"),
            tools=[
                note,
                hand_over,
                EndCallTool(end_instructions=f"Say exactly: {phrase('goodbye')}"),
            ],
        )
