"""What the agent can do. A tool returns a sentence for the model, or raises ToolError with what the model should do."""

from __future__ import annotations

import asyncio

from livekit.agents import RunContext, ToolError, function_tool

from .search import documents
from .state import CallState
from .tickets import NotPossible

NOT_FOUND = "The documents do not answer this. Say that you do not know, and offer a call back."


@function_tool
async def search_documents(ctx: RunContext[CallState], words: str) -> str:
    """Search the documents. Call it before each answer; what it does not find, you do not know.

    Args:
        words: two or three words that the answer must contain, for example: return order
    """
    del ctx  # the same for every caller
    found = await asyncio.to_thread(documents().search, words)
    return "\n\n".join(f"{section.title}\n{section.text}" for section in found) or NOT_FOUND


@function_tool
async def request_call_back(ctx: RunContext[CallState], name: str, number: str, question: str) -> str:
    """Have a colleague call back. Ask for what is missing first.

    Args:
        name: the caller's name
        number: the number to call, digits only, with + and country code if the caller gave it
        question: what the caller wants to know, in one sentence
    """
    try:
        ticket = await asyncio.to_thread(ctx.userdata.tickets.open, name, number, question)
    except NotPossible as error:
        raise ToolError(str(error)) from None
    ctx.userdata.caller_name = ticket.name
    return f"Call back noted for {ticket.name} at {ticket.number}, ticket {ticket.id}."
