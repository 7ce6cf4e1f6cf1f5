"""A model whose answers a test decides: the real session around it, no network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr, llm


@dataclass
class Reply:
    """Text, or a tool call. `wait_s` before the first word, `stall` after it, `error` instead."""

    text: str = ""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    wait_s: float = 0.0
    stall: bool = False
    error: Exception | None = None


Script = Callable[[llm.ChatContext], Reply]


class ScriptedLLM(llm.LLM[Any]):
    """Answers as `script` says, which sees the context that a provider would see."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script
        self.requests: list[llm.ChatContext] = []

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        del parallel_tool_calls, tool_choice, extra_kwargs  # a script needs none of them
        self.requests.append(chat_ctx.copy())
        return _Stream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Stream(llm.LLMStream):
    async def _run(self) -> None:
        owner = self._llm
        assert isinstance(owner, ScriptedLLM)
        reply = owner.script(self._chat_ctx)
        await asyncio.sleep(reply.wait_s)
        if reply.error:
            raise reply.error
        for word in reply.text.split():
            self._say(llm.ChoiceDelta(role="assistant", content=f"{word} "))
            if reply.stall:
                await asyncio.Event().wait()
        if reply.tool:
            call = llm.FunctionToolCall(name=reply.tool, arguments=json.dumps(reply.arguments), call_id="call_1")
            self._say(llm.ChoiceDelta(role="assistant", tool_calls=[call]))

    def _say(self, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id="chunk", delta=delta))


def said_last(context: llm.ChatContext) -> str:
    """What the caller said last."""
    messages = [item for item in context.items if item.type == "message" and item.role == "user"]
    return (messages[-1].text_content or "") if messages else ""


def result_of(context: llm.ChatContext) -> str | None:
    """The tool result that waits for an answer, if the last item is one."""
    last = context.items[-1]
    return last.output if last.type == "function_call_output" else None
