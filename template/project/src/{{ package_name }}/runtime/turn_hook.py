"""A deadline for `Agent.on_user_turn_completed`, which the app may have in any of its agents."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

from livekit.agents import Agent, AgentSession, ConversationItemAddedEvent, StopResponse, llm

logger = logging.getLogger(__name__)


def guard(session: AgentSession[Any], limit_s: float) -> None:
    """Let the turn be answered when the hook of an agent fails, or takes longer than `limit_s`.

    The framework answers no turn whose hook fails, and no later turn either while a hook hangs.
    """

    def on_item(event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.AgentHandoff):
            _limit(session.current_agent, limit_s)

    session.on("conversation_item_added", on_item)


def _limit(agent: Agent, limit_s: float) -> None:
    hook = agent.on_user_turn_completed
    if hasattr(hook, "__wrapped__") or type(agent).on_user_turn_completed is Agent.on_user_turn_completed:
        return

    @functools.wraps(hook)
    async def limited(turn_ctx: llm.ChatContext, new_message: llm.ChatMessage) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await hook(turn_ctx, new_message=new_message)
        except StopResponse:
            raise
        except Exception:
            logger.exception("hook failed", extra={"hook": "on_user_turn_completed"})

    agent.on_user_turn_completed = limited  # type: ignore[method-assign]
