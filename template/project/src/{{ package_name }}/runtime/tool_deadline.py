"""Deadlines of the tools, whether the app's, the framework's or a server's: a tool that hangs becomes a `ToolError`.

The framework waits for a tool as long as it takes. The only module that touches private names of its tool executor:
`tests/unit/test_tool_deadline.py` notices when they change.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from livekit.agents import Agent, AgentSession, RunContext, ToolError, ToolExecutionUpdatedEvent, llm
from livekit.agents.voice import tool_executor

from . import hooks

logger = logging.getLogger(__name__)

STEP_S: Final = 0.1
# A tool that has told the model of its progress by `ctx.update()` works beside the talk: it has this long for each
# report, or its own deadline if that is longer, in s.
REPORTED_S: Final = 120.0
# How long a tool may go on after the caller has hung up, in s. A booking that is nearly made should be made. The
# framework takes a tool that ran on for 5 s for one that works beside the talk.
AFTER_HANG_UP_S: Final = 3.0


class ToolDeadlines:
    """A watch over the tools of one session."""

    def __init__(self, session: AgentSession[Any], default_s: float) -> None:
        """Give each tool of `session` `default_s`, or the deadline that `app.TOOL_DEADLINES` has for it."""
        self._session, self._default_s = session, default_s
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._reported: set[str] = set()

    def on_tool(self, event: ToolExecutionUpdatedEvent) -> None:
        """Begin with a tool's start, end with its end."""
        update = event.update
        if update.type == "tool_call_started":
            call = update.function_call
            owner = self._session.current_agent
            self._watches[call.call_id] = asyncio.create_task(self._watch(call, owner))
        elif update.type == "tool_call_updated":
            self._reported.add(update.call_id)
        elif update.type == "tool_call_ended":
            self._reported.discard(update.call_id)
            if watch := self._watches.pop(update.call_id, None):
                watch.cancel()

    async def _watch(self, call: llm.FunctionCall, owner: Agent) -> None:
        """Count the time in which the caller hears nothing of the tool.

        A tool may talk to the caller itself, by `say` or by an `AgentTask`: that time does not count.
        """
        limit_s = hooks.tool_deadline(call.name, self._default_s)
        silent_s = closing_s = 0.0
        while silent_s < limit_s and closing_s < AFTER_HANG_UP_S:
            await asyncio.sleep(STEP_S)
            if call.call_id in self._reported:
                self._reported.discard(call.call_id)
                silent_s, limit_s = 0.0, max(limit_s, REPORTED_S)
            if self._session._is_closing():
                closing_s += STEP_S
            elif self._session.current_agent is owner and self._session.agent_state != "speaking":
                silent_s += STEP_S
        await self._stop(call, silent_s, speak=not closing_s)

    async def _stop(self, call: llm.FunctionCall, after_s: float, *, speak: bool) -> None:
        """Answer the model with a `ToolError`, and cancel the tool; let go of one that does not listen to that."""
        running = tool_executor._RunningTasks.get(self._session, {}).get(call.call_id)
        if running is None:
            return
        self._watches.pop(call.call_id, None)  # the end of the tool must not cancel this
        logger.warning("tool stopped", extra={"tool": call.name, "after_s": round(after_s, 1), "hung_up": not speak})
        context: RunContext[Any] = running.ctx
        if speak or not context._updates:
            error = ToolError(
                f"{call.name} did not answer in time and was stopped. Whether it has done its work is unknown. "
                "Tell the caller, and offer another way."
            )
            await context.update(error, silent=not speak)
        # A tool that goes on although it is cancelled must neither hold the session open nor count as work in hand.
        running.executor._running_tasks.pop(call.call_id, None)
        tool_executor._RunningTasks[self._session].pop(call.call_id, None)
        running.exe_task.cancel()


def guard(session: AgentSession[Any], default_s: float) -> None:
    """Hold the tools of `session` to their deadlines, from its start to its end."""
    session.on("tool_execution_updated", ToolDeadlines(session, default_s).on_tool)
