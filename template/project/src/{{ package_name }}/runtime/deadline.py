"""A language model that answers in time, or another one does, or the caller is told in time.

The plugins wait 10 s and retry three times, 44 s of silence. `llm.FallbackAdapter` leaves the deadline to the plugin,
takes half an answer for a whole one, and appends the answer of one model to what another had begun. This one holds the
clock itself, and says so when it begins anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectionError,
    APIConnectOptions,
    NotGivenOr,
    llm,
)
from livekit.agents.metrics import LLMMetrics

from .breaker import admitted_first
from .request import Candidate, Failed, Limits, Request, says_something

# Before the same model is asked again, unless it says how long.
PAUSE_S: Final = 0.1
# How long closing waits for clients that do not let go.
CLOSING_S: Final = 1.0

# Given the requests in the order to send them, and until when the first must have begun: the one that has.
Begin = Callable[[Sequence[Request], float | None], Awaitable[Request]]


async def one_by_one(requests: Sequence[Request], by: float | None) -> Request:
    """Ask the first alone; the next one only when it has failed.

    Raises:
        Failed: it did not begin in time.
    """
    await requests[0].begin(by)
    return requests[0]


class DeadlineLLM(llm.LLM[Any]):
    """Asks the candidates in order, those that rest last. The last of them is asked twice if there is time."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        again: str,
        limits: Limits | None = None,
        begin: Begin = one_by_one,
        briefing: Callable[[llm.ChatContext], llm.ChatContext] = lambda context: context,
    ) -> None:
        """Say `again` before an answer that stopped half-way is given anew; `begin` decides how requests are sent.

        `briefing` adds to the context of every request; it changes a copy.
        """
        super().__init__()
        self.candidates = list(candidates)
        self.again, self.limits, self.begin, self.briefing = again, limits or Limits(), begin, briefing
        self._answers = self.candidates[0]
        self._aside: set[asyncio.Task[None]] = set()
        for candidate in self.candidates:
            candidate.model.on("metrics_collected", self._pass_on_metrics)

    @property
    def model(self) -> str:
        """Name of the model that answered last."""
        return self._answers.model.model

    @property
    def provider(self) -> str:
        """Provider of the model that answered last."""
        return self._answers.model.provider

    @property
    def models(self) -> list[llm.LLM[Any]]:
        """The models, in the order of preference."""
        return [candidate.model for candidate in self.candidates]

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
            APIConnectionError: from the stream, when no model answered, or one stopped that cannot be repaired.
        """
        arguments = {
            "parallel_tool_calls": parallel_tool_calls,
            "tool_choice": tool_choice,
            "extra_kwargs": extra_kwargs,
        }
        return _DeadlineStream(self, chat_ctx=self.briefing(chat_ctx), tools=tools or [], arguments=arguments)

    def prewarm(self, *, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Open the connections of all models."""
        for candidate in self.candidates:
            candidate.model.prewarm(loop=loop)

    async def aclose(self) -> None:
        """Close all models, and what was left running."""
        if self._aside:
            await asyncio.wait(self._aside, timeout=CLOSING_S)
        for task in self._aside:
            task.cancel()
        for candidate in self.candidates:
            candidate.model.off("metrics_collected", self._pass_on_metrics)
            await candidate.model.aclose()

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` without making anybody wait; its failure is nobody's."""

        async def quietly() -> None:
            with suppress(Exception):
                await work

        task = asyncio.create_task(quietly())
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    def answers(self, candidate: Candidate) -> None:
        """Note who answers: metrics and traces name it."""
        self._answers = candidate

    def _pass_on_metrics(self, metrics: LLMMetrics) -> None:
        self.emit("metrics_collected", metrics)


class _DeadlineStream(llm.LLMStream):
    # As the framework's adapter: requests and their tokens are counted where they are made, once.
    _llm_request_span_name = "llm_deadline"
    _llm_attempt_span_name = None
    _genai_operation_name = None

    def __init__(
        self,
        owner: DeadlineLLM,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        arguments: dict[str, Any],
    ) -> None:
        super().__init__(owner, chat_ctx=chat_ctx, tools=tools, conn_options=APIConnectOptions(max_retry=0))
        self._owner = owner
        self._arguments = arguments
        self._said = self._called = self._begun_anew = False

    async def _run(self) -> None:
        order = admitted_first([candidate.breaker for candidate in self._owner.candidates])
        waiting = deque(self._owner.candidates[index] for index in [*order, order[-1]])
        first_by: float | None = None
        while True:
            requests = [self._request(candidate) for candidate in list(waiting)[:2]]
            try:
                begun = await self._owner.begin(requests, first_by)
                await self._pass_on(begun)
                return
            except Failed as failure:
                for request in [request for request in requests if request.asked]:
                    waiting.remove(request.candidate)
                if not waiting:
                    raise _no_answer(failure) from failure
                first_by = await self._before_next(failure, last=len(waiting) == 1)

    def _request(self, candidate: Candidate) -> Request:
        def ask(model: llm.LLM[Any], options: APIConnectOptions) -> llm.LLMStream:
            return model.chat(chat_ctx=self._chat_ctx, tools=self._tools, conn_options=options, **self._arguments)

        return Request(candidate, self._owner.limits, ask, self._owner.aside)

    async def _pass_on(self, request: Request) -> None:
        self._owner.answers(request.candidate)
        async for chunk in request.chunks():
            self._said = self._said or says_something(chunk)
            self._called = self._called or bool(chunk.delta and chunk.delta.tool_calls)
            self._event_ch.send_nowait(chunk)

    async def _before_next(self, failure: Failed, *, last: bool) -> float | None:
        """What is due before the next request, which is the `last` one's second; until when that one must have begun.

        Raises:
            APIConnectionError: no other request can help.
        """
        if self._said:
            if self._called or self._begun_anew:
                raise _no_answer(failure) from failure
            self._begun_anew = True
            delta = llm.ChoiceDelta(role="assistant", content=f" — {self._owner.again} ")
            self._event_ch.send_nowait(llm.ChatChunk(id="again", delta=delta))
            return None
        if not last:
            return None
        pause_s = failure.rest_s or PAUSE_S
        if not failure.again or asyncio.get_running_loop().time() + pause_s >= failure.first_by:
            raise _no_answer(failure) from failure
        await asyncio.sleep(pause_s)
        return failure.first_by

    async def _metrics_monitor_task(self, event_aiter: Any) -> None:
        async for _ in event_aiter:
            pass


def _no_answer(failure: Failed) -> APIConnectionError:
    return APIConnectionError(f"no model answered: {failure.kind}", retryable=False)
