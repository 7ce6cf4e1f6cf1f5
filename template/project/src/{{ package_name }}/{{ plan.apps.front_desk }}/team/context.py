"""What a colleague is told of the call so far."""

from __future__ import annotations

from livekit.agents import RunContext, llm

from ..state import CallState

REMEMBERED_ITEMS = 8


def talk_so_far(ctx: RunContext[CallState]) -> llm.ChatContext:
    """The last things said, without instructions and tool calls of the one who hands over."""
    return ctx.session.current_agent.chat_ctx.copy(
        exclude_instructions=True,
        exclude_function_call=True,
        exclude_handoff=True,
        exclude_config_update=True,
    ).truncate(max_items=REMEMBERED_ITEMS)
