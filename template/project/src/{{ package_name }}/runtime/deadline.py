"""A language model that answers in time, or fails in time.

The plugins wait 10 s and retry three times, 44 s of silence; `llm.FallbackAdapter` leaves the deadline to the plugin.
This one holds the clock itself: for the first token, and for the gap between two.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectionError,
    APIConnectOptions,
    NotGivenOr,
    llm,
)

logger = logging.getLogger(__name__)


class DeadlineLLM(llm.LLM[Any]):
    """Asks the models in order. One that failed is asked last for a while: the next turn does not wait again."""

    def __init__(
        self,
        models: Sequence[llm.LLM[Any]],
        *,
        first_token_s: float,
        gap_s: float = 2.0,
        rest_s: float = 10.0,
    ) -> None:
        """Hold `models` to `first_token_s` and `gap_s`; one that failed rests for `rest_s`, all in s."""
        super().__init__()
        self.models = list(models)
        self.first_token_s, self.gap_s, self.rest_s = first_token_s, gap_s, rest_s
        self._rests_until = [0.0] * len(self.models)

    @property
    def model(self) -> str:
        """Name of the first model."""
        return self.models[0].model

    @property
    def provider(self) -> str:
        """Provider of the first model."""
        return self.models[0].provider

    def in_order(self) -> list[int]:
        """Indices of the models: the rested first."""
        now = time.monotonic()
        return sorted(range(len(self.models)), key=lambda index: self._rests_until[index] > now)

    def rest(self, index: int) -> None:
        """Ask this model last until its rest is over."""
        self._rests_until[index] = time.monotonic() + self.rest_s

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
        """Stream the answer of the first model that begins in time.

        Raises:
            APIConnectionError: from the stream, when no model began in time or one stopped in its answer.
        """
        arguments = {
            "parallel_tool_calls": parallel_tool_calls,
            "tool_choice": tool_choice,
            "extra_kwargs": extra_kwargs,
        }
        return _DeadlineStream(self, chat_ctx=chat_ctx, tools=tools or [], arguments=arguments)

    def prewarm(self, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Open the connections of all models."""
        for model in self.models:
            model.prewarm(loop=loop)

    async def aclose(self) -> None:
        """Close all models."""
        for model in self.models:
            await model.aclose()


class _DeadlineStream(llm.LLMStream):
    def __init__(
        self,
        owner: DeadlineLLM,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        arguments: dict[str, Any],
    ) -> None:
        never_again = APIConnectOptions(max_retry=0, timeout=owner.first_token_s + owner.gap_s)
        super().__init__(owner, chat_ctx=chat_ctx, tools=tools, conn_options=never_again)
        self._owner = owner
        self._arguments = arguments

    async def _run(self) -> None:
        failure: Exception = APIConnectionError("no model")
        for index in self._owner.in_order():
            try:
                await self._relay(self._owner.models[index])
            except _BrokeOff as broken:
                self._owner.rest(index)
                raise APIConnectionError("the answer stopped half-way", retryable=False) from broken
            except Exception as error:
                self._owner.rest(index)
                logger.warning("model failed", extra={"model": index, "error": type(error).__name__})
                failure = error
            else:
                return
        raise APIConnectionError("no model answered in time", retryable=False) from failure

    async def _relay(self, model: llm.LLM[Any]) -> None:
        stream = model.chat(
            chat_ctx=self._chat_ctx,
            tools=self._tools,
            conn_options=self._conn_options,
            **self._arguments,
        )
        began = False
        try:
            async for chunk in self._in_time(stream):
                began = began or _says_something(chunk)
                self._event_ch.send_nowait(chunk)
        except Exception as error:
            if began:  # two halves of two answers would be worse than an apology
                raise _BrokeOff from error
            raise
        finally:
            with suppress(Exception):
                await stream.aclose()
        if not began:
            raise APIConnectionError("empty answer")

    async def _in_time(self, stream: llm.LLMStream) -> AsyncIterator[llm.ChatChunk]:
        limit = self._owner.first_token_s
        while True:
            try:
                chunk = await asyncio.wait_for(anext(stream), limit)
            except StopAsyncIteration:
                return
            yield chunk
            if _says_something(chunk):
                limit = self._owner.gap_s


class _BrokeOff(Exception):
    """The model stopped after it had begun."""


def _says_something(chunk: llm.ChatChunk) -> bool:
    return bool(chunk.delta and (chunk.delta.content or chunk.delta.tool_calls))
