"""The specialists and the ways between them. State travels in `userdata`; the talk so far travels in the context."""

from __future__ import annotations

from livekit.agents import Agent, RunContext, function_tool

from ..state import CallState
from .context import talk_so_far


@function_tool
async def to_bookings(ctx: RunContext[CallState]) -> Agent:
    """Hand over to bookings: making, moving and cancelling appointments."""
    from .bookings import Bookings

    return Bookings(talk_so_far(ctx))


@function_tool
async def to_support(ctx: RunContext[CallState]) -> Agent:
    """Hand over to support: complaints and everything that is not an appointment."""
    from .support import Support

    return Support(talk_so_far(ctx))


@function_tool
async def to_reception(ctx: RunContext[CallState]) -> Agent:
    """Hand back to the reception."""
    from ..agents import Reception

    del ctx  # the reception begins anew, the state goes with it
    return Reception()
