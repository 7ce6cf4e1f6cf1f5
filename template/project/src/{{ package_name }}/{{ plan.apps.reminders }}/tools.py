"""What the agent can do. A tool returns a sentence for the model, or raises ToolError with what the model should do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from livekit.agents import RunContext, ToolError, function_tool, get_job_context

from .appointments import Answer, Appointment, NotPossible
from .phrases import spoken, voicemail
from .state import CallState


@function_tool
async def find_appointment(ctx: RunContext[CallState], name: str) -> str:
    """Find the appointment of a person who calls back.

    Args:
        name: the person's name
    """
    try:
        found = await asyncio.to_thread(ctx.userdata.appointments.find, name)
    except NotPossible as error:
        raise ToolError(str(error)) from None
    ctx.userdata.appointment = found
    return f"Found: {found.describe()}. Say it: {spoken(found.at)}."


@function_tool
async def confirm_appointment(ctx: RunContext[CallState]) -> str:
    """Note that the person comes at the time that is written down."""
    kept = await _write(ctx, replace(_known(ctx), answer=Answer.CONFIRMED))
    return f"Confirmed: {spoken(kept.at)}."


@function_tool
async def move_appointment(ctx: RunContext[CallState], date: str, time: str) -> str:
    """Move the appointment.

    Args:
        date: the new day, for example 2030-01-10
        time: the new time of day, for example 14:00
    """
    try:
        today = datetime.now(ctx.userdata.zone).date()
        moved = await _write(ctx, _known(ctx).moved(date, time, today))
    except NotPossible as error:
        raise ToolError(f"{error} Offer another time.") from None
    return f"Moved to {spoken(moved.at)}."


@function_tool
async def cancel_appointment(ctx: RunContext[CallState]) -> str:
    """Cancel the appointment."""
    gone = await _write(ctx, replace(_known(ctx), answer=Answer.CANCELLED))
    return f"Cancelled: {spoken(gone.at)}."


@function_tool
async def leave_message(ctx: RunContext[CallState]) -> str:
    """Leave a message and hang up. Call it at once when an answering machine speaks."""
    left = await _write(ctx, replace(_known(ctx), answer=Answer.MESSAGE_LEFT))
    _hang_up_afterwards(ctx)
    return f"Say exactly: {voicemail(left.at)}"


def _known(ctx: RunContext[CallState]) -> Appointment:
    """The appointment that the call is about.

    Raises:
        ToolError: it is not known yet.
    """
    if ctx.userdata.appointment is None:
        raise ToolError("The appointment is not known yet: ask for the name, and find it.")
    return ctx.userdata.appointment


async def _write(ctx: RunContext[CallState], changed: Appointment) -> Appointment:
    """Keep what was changed in the call, and write it down."""
    await asyncio.to_thread(ctx.userdata.appointments.write, changed)
    ctx.userdata.appointment = changed
    return changed


def _hang_up_afterwards(ctx: RunContext[CallState]) -> None:
    """End the call when the answer to this tool has been said."""
    job = get_job_context(required=False)
    ctx.speech_handle.add_done_callback(lambda _: ctx.session.shutdown())
    if job is not None:  # a test has none

        def leave(_: object) -> None:
            job.delete_room()
            job.shutdown()

        ctx.session.once("close", leave)
