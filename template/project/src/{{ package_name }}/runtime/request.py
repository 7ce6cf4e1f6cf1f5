"""One request to one language model: held to its deadlines, and its failure named."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from livekit.agents import APIConnectOptions, llm

from .breaker import Breaker
from .refusals import causes, kind_of, status_of

# What no second request to the same model changes: a key, a model or a request that is not accepted.
FOR_GOOD: Final = range(400, 500)
PASSING: Final = (408, 429)
# How Google says how long to wait, in the body.
RETRY_DELAY: Final = re.compile(r"retryDelay\W+([0-9.]+)s")

Ask = Callable[[llm.LLM[Any], APIConnectOptions], llm.LLMStream]
Aside = Callable[[Coroutine[Any, Any, None]], None]


@dataclass
class Candidate:
    """A model, the breaker of who serves it, and when it counts as failed if it says nothing, in s."""

    model: llm.LLM[Any]
    breaker: Breaker
    first_token_s: float
    # Whether its answers end with a count of tokens, as far as is known. Some gateways never send one.
    counts: bool = False


@dataclass(frozen=True)
class Limits:
    """The longest gap between two words, and the longest answer, both in s."""

    gap_s: float = 2.0
    whole_s: float = 30.0


class Failed(Exception):
    """A model did not answer, or not to the end.

    `kind` says how, `again` whether the same model may be asked once more, `rest_s` how long it asked to be left alone,
    `first_by` until when it had to begin, in the loop's time.
    """

    def __init__(self, kind: str, *, again: bool, rest_s: float | None, first_by: float) -> None:
        """Tell `kind` to whoever reads the error."""
        super().__init__(kind)
        self.kind, self.again, self.rest_s, self.first_by = kind, again, rest_s, first_by


class Request:
    """Nothing is sent before `begin`. Whoever has begun reads `chunks` to their end, or closes."""

    def __init__(self, candidate: Candidate, limits: Limits, ask: Ask, aside: Aside) -> None:
        """Ask `candidate` by `ask`; what need not be waited for is done `aside`."""
        self.candidate = candidate
        self.aside = aside
        self.asked = False
        self._limits, self._ask = limits, ask
        self._stream: llm.LLMStream | None = None
        self._held: list[llm.ChatChunk] = []
        self._asked_at = self._first_by = 0.0
        self._refusals: list[tuple[Exception, float | None]] = []
        self._counted = self._called = False

    async def begin(self, by: float | None = None) -> None:
        """Send it, and return with the first word: within the candidate's time, or `by` the loop's time.

        Raises:
            Failed: no word came in time; the breaker knows.
        """
        self.asked = True
        self._asked_at = asyncio.get_running_loop().time()
        self._first_by = by or self._asked_at + self.candidate.first_token_s
        # The plugin's own limit is no limit: we hold the clock. Google's counts the whole answer.
        patience = self.candidate.first_token_s + self._limits.whole_s
        self.candidate.model.on("error", self._note)
        self._stream = self._ask(self.candidate.model, APIConnectOptions(max_retry=0, timeout=patience))
        try:
            while (chunk := await self._next(self._first_by, "hang")) is not None:
                self._held.append(chunk)
                if says_something(chunk):
                    return
            raise self._failure("empty")
        except BaseException:
            self.close()
            raise

    async def chunks(self) -> AsyncIterator[llm.ChatChunk]:
        """The answer from its first chunk on; then the breaker knows that all is well.

        Raises:
            Failed: it stopped on its way; the breaker knows.
        """
        whole_by = self._asked_at + self._limits.whole_s
        try:
            for held in self._held:
                self._look_at(held)
                yield held
            gap_by = self._soon()
            while chunk := await self._next(*min((gap_by, "stall"), (whole_by, "drip"))):
                if says_something(chunk):
                    gap_by = self._soon()
                self._look_at(chunk)
                yield chunk
            if self.candidate.counts and not self._counted and not self._called:
                raise self._failure("cut")
        finally:
            self.close()
        self.candidate.counts = self.candidate.counts or self._counted
        self.candidate.breaker.healed()

    def close(self) -> None:
        """Let go of it, without waiting for a client that does not let go."""
        if self._stream is not None:
            self.candidate.model.off("error", self._note)
            self.aside(self._stream.aclose())
            self._stream = None

    async def _next(self, by: float, kind: str) -> llm.ChatChunk | None:
        """The next chunk, or None at the end. The deadline is absolute: what says nothing does not move it."""
        if self._stream is None:
            return None
        try:
            async with asyncio.timeout_at(by) as limit:
                return await anext(self._stream, None)
        except Exception as error:
            raise (self._failure(kind) if limit.expired() else self._failure(kind_of(error), error)) from error

    def _look_at(self, chunk: llm.ChatChunk) -> None:
        self._counted = self._counted or chunk.usage is not None
        self._called = self._called or bool(chunk.delta and chunk.delta.tool_calls)

    def _soon(self) -> float:
        return asyncio.get_running_loop().time() + self._limits.gap_s

    def _failure(self, kind: str, error: Exception | None = None) -> Failed:
        rest_s = next((asked for refusal, asked in self._refusals if refusal is error), None)
        waited_s = asyncio.get_running_loop().time() - self._asked_at
        # What a limit or a filter cut says nothing of the answers that others get.
        self.candidate.breaker.failed(kind, waited_s=waited_s, rest_s=rest_s, rests=not kind.startswith("cut-"))
        status = status_of(error)
        again = status not in FOR_GOOD or status in PASSING
        return Failed(kind, again=again, rest_s=rest_s, first_by=self._first_by)

    def _note(self, event: llm.LLMError) -> None:
        # Now, because what the error was raised from is overwritten on its way through the stream.
        self._refusals.append((event.error, retry_after(event.error)))


def says_something(chunk: llm.ChatChunk) -> bool:
    """Whether a caller would notice: a word or a tool call, not a role, a count of tokens or white space."""
    return bool(chunk.delta and ((chunk.delta.content or "").strip() or chunk.delta.tool_calls))


def retry_after(error: BaseException | None) -> float | None:
    """How long a provider asks to be left alone, in s, wherever it says so; None if it does not."""
    for each in causes(error):
        headers = getattr(getattr(each, "response", None), "headers", None) or {}
        for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            said = str(headers.get(name, ""))
            if re.fullmatch(r"\d+(\.\d+)?", said):
                return float(said) * unit
        if in_body := RETRY_DELAY.search(str(getattr(each, "details", ""))):
            return float(in_body[1])
    return None
