"""What agents can do. A tool returns a sentence for the model, or raises ToolError with what the model should do."""

from __future__ import annotations

from livekit.agents import RunContext, ToolError, function_tool

from .booking import NotPossible
from .state import CallState


@function_tool
async def opening_hours(ctx: RunContext[CallState], day: str) -> str:
    """Tell when we are open on a day.

    Args:
        day: the date as YYYY-MM-DD, or a weekday for the next one of that name
    """
    try:
        return ctx.userdata.desk.hours(day)
    except NotPossible as error:
        raise ToolError(str(error)) from None


@function_tool
async def book_appointment(ctx: RunContext[CallState], name: str, day: str, time: str) -> str:
    """Book an appointment. Ask for what is missing first.

    To correct a name, book the same time again. To move an appointment, book the new time, then cancel the old one.

    Args:
        name: the caller's name
        day: the date as YYYY-MM-DD, or a weekday for the next one of that name
        time: the time of day as HH:MM, 24 hours
    """
    try:
        booked = await ctx.userdata.desk.book(name, day, time)
    except NotPossible as error:
        raise ToolError(str(error)) from None
    ctx.userdata.caller_name = booked.name
    return f"Booked: {booked.describe()}."


@function_tool
async def cancel_appointment(ctx: RunContext[CallState], name: str, day: str = "", time: str = "") -> str:
    """Cancel an appointment.

    Args:
        name: the name it was booked under
        day: its date as YYYY-MM-DD, if there may be several
        time: its time of day as HH:MM, if there may be several on that day
    """
    try:
        cancelled = await ctx.userdata.desk.cancel(name, day, time)
    except NotPossible as error:
        raise ToolError(str(error)) from None
    return f"Cancelled: {cancelled.describe()}."
