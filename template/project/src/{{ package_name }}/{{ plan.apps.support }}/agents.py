"""The agent that takes the calls."""

from __future__ import annotations

from livekit.agents import Agent
from livekit.agents.beta.tools import EndCallTool

from ..runtime.hooks import phrase
from .prompts import prompt
from .tools import request_call_back, search_documents


class Support(Agent):
    """Answers from the documents, and takes down a call back when they do not answer."""

    def __init__(self) -> None:
        """With its prompt and its tools."""
        super().__init__(
            instructions=prompt("agent"),
            tools=[
                search_documents,
                request_call_back,
                EndCallTool(end_instructions=f"Say exactly: {phrase('goodbye')}"),
            ],
        )
