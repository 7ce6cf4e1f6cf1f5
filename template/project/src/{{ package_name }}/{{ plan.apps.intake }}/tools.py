"""What the agent can do. A tool returns a sentence for the model, or raises ToolError with what the model should do."""

from __future__ import annotations

import asyncio

from livekit.agents import RunContext, ToolError, function_tool

from .request import NotValid
from .state import CallState


@function_tool
async def note(
    ctx: RunContext[CallState], name: str = "", contact: str = "", topic: str = "", urgency: str = ""
) -> str:
    """Note what the caller said; leave out what was not said. A later value replaces an earlier one.

    Args:
        name: the caller's name
        contact: a telephone number in digits, or an e-mail address like anna@example.com
        topic: what it is about, in one sentence
        urgency: today, this week or later
    """
    request = ctx.userdata.request
    try:
        request.note(name=name, contact=contact, topic=topic, urgency=urgency)
    except NotValid as error:
        raise ToolError(str(error)) from None
    if missing := request.missing():
        return f"Noted. Still missing: {', '.join(missing)}. Ask for {missing[0]}."
    return f"Nothing is missing. Read this back and ask whether it is right: {request.read_back()}"


@function_tool
async def hand_over(ctx: RunContext[CallState], agreed: bool) -> str:
    """Hand the request over to a person, after it was read back.

    Args:
        agreed: whether the caller said that all of it is right
    """
    call = ctx.userdata
    if missing := call.request.missing():
        raise ToolError(f"Still missing: {', '.join(missing)}. Ask for {missing[0]}.")
    if not call.request.was_read:
        raise ToolError(f"Read this back and ask whether it is right: {call.request.read_back()}")
    if not agreed:
        raise ToolError("Ask what is wrong, and note it.")
    call.number = await asyncio.to_thread(call.inbox.write, call.request, call.number)
    return f"Handed over as request {call.number}: {call.request.summary()}"
