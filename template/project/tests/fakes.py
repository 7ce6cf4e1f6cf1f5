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
    """Text, then a tool call, as far as given.

    `wait_s` before the first word, `word_s` after each; `stall` after the first word or call, `breaks` there instead;
    `murmurs` meanwhile, as a connection that is kept alive does; `error` instead of all; `counts` tokens at its end.
    """

    text: str = ""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    wait_s: float = 0.0
    word_s: float = 0.0
    stall: bool = False
    murmurs: bool = False
    breaks: Exception | None = None
    error: Exception | None = None
    counts: bool = False


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
        await self._wait(reply, reply.wait_s)
        if reply.error:
            raise reply.error
        for word in reply.text.split():
            self._say(llm.ChoiceDelta(role="assistant", content=f"{word} "))
            await self._wait(reply, reply.word_s)
            if not reply.tool:
                await self._fail(reply)
        if reply.tool:
            number = f"call_{len(owner.requests)}"
            call = llm.FunctionToolCall(name=reply.tool, arguments=json.dumps(reply.arguments), call_id=number)
            self._say(llm.ChoiceDelta(role="assistant", tool_calls=[call]))
            await self._fail(reply)
        if reply.counts:
            usage = llm.CompletionUsage(completion_tokens=1, prompt_tokens=1, total_tokens=2)
            self._event_ch.send_nowait(llm.ChatChunk(id="chunk", usage=usage))

    async def _fail(self, reply: Reply) -> None:
        if reply.breaks:
            raise reply.breaks
        if reply.stall:
            await self._wait(reply, 60)

    async def _wait(self, reply: Reply, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while reply.murmurs and asyncio.get_running_loop().time() < end:
            self._say(llm.ChoiceDelta(role="assistant", content=""))
            await asyncio.sleep(0.01)
        await asyncio.sleep(max(0.0, end - asyncio.get_running_loop().time()))

    def _say(self, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id="chunk", delta=delta))


def in_turn(*replies: Reply) -> ScriptedLLM:
    """A model that gives these answers one after the other, and the last one from then on."""
    rest = list(replies)
    return ScriptedLLM(lambda _: rest.pop(0) if len(rest) > 1 else rest[0])


async def heard(model: llm.LLM[Any], text: str = "hello") -> tuple[str, Exception | None]:
    """All that `model` says to `text`, joined as a caller hears it, and the error that ended it."""
    context = llm.ChatContext.empty()
    context.add_message(role="user", content=text)
    said: list[str] = []
    async with model.chat(chat_ctx=context) as stream:
        try:
            async for chunk in stream:
                said.append((chunk.delta and chunk.delta.content) or "")
        except Exception as error:
            return " ".join("".join(said).split()), error
    return " ".join("".join(said).split()), None


async def answer_of(model: llm.LLM[Any], text: str = "hello") -> str:
    """What `heard` hears, if no error ends it."""
    said, error = await heard(model, text)
    if error:
        raise error
    return said


def said_last(context: llm.ChatContext) -> str:
    """What the caller said last."""
    messages = [item for item in context.items if item.type == "message" and item.role == "user"]
    return (messages[-1].text_content or "") if messages else ""


def result_of(context: llm.ChatContext) -> str | None:
    """The tool result that waits for an answer, if the last item is one."""
    last = context.items[-1]
    return last.output if last.type == "function_call_output" else None
