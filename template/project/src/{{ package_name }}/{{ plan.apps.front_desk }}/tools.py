"""What agents can do. A tool returns a sentence for the model, or raises ToolError with what the model should do."""

from __future__ import annotations

from livekit.agents import RunContext, ToolError, function_tool

from . import hours
from .booking import NotPossible
from .state import CallState


@function_tool
async def opening_hours(ctx: RunContext[CallState], day: str) -> str:
    """Tell when we are open on a day.

    Args:
        day: the weekday in English, for example Monday
    """
    del ctx  # the same for every caller
    try:
        return hours.describe(hours.parse_day(day))
    except ValueError as error:
        raise ToolError(f"{error}: ask which day is meant.") from None


@function_tool
async def book_appointment(ctx: RunContext[CallState], name: str, day: str, time: str) -> str:
    """Book an appointment. Ask for what is missing first.

    Args:
        name: the caller's name
        day: the weekday in English, for example Monday
        time: the time of day, for example 10:30 or 2 pm
    """
    try:
        booked = ctx.userdata.diary.book(name, day, time)
    except NotPossible as error:
        raise ToolError(str(error)) from None
    ctx.userdata.caller_name = booked.name
    return f"Booked: {booked.describe()}."


@function_tool
async def cancel_appointment(ctx: RunContext[CallState], name: str) -> str:
    """Cancel an appointment.

    Args:
        name: the name it was booked under
    """
    try:
        cancelled = ctx.userdata.diary.cancel(name)
    except NotPossible as error:
        raise ToolError(str(error)) from None
    return f"Cancelled: {cancelled.describe()}."
