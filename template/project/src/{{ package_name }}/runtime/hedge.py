"""A second request where the first is slow: whoever begins first is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from .request import Failed, Request


class Hedge:
    """Asks the next model, or the same one, when a model has said nothing for as long as nine answers of ten take.

    Who still owes an answer is asked second meanwhile: one who hangs costs the wait for nine of ten only once.
    """

    def __init__(self, after_s: Mapping[str, float]) -> None:
        """Wait so long for each provider, in s."""
        self._after_s = after_s
        self._owing: set[Request] = set()

    async def __call__(self, requests: Sequence[Request], by: float | None) -> Request:
        """The request that began first, of two at most.

        Raises:
            Failed: none of those that were sent began in time.
        """
        owing = [request.candidate for request in self._owing]
        first, *others = sorted(requests, key=lambda request: request.candidate in owing)
        running = {asyncio.create_task(first.begin(by)): first}
        try:
            done, _ = await asyncio.wait(running, timeout=self._after_s[first.candidate.breaker.provider])
            if not done and others:
                running[asyncio.create_task(others[0].begin())] = others[0]
            return await self._first_of(running)
        except asyncio.CancelledError:
            for task, request in running.items():
                task.cancel()
                request.close()
            raise

    async def _first_of(self, running: dict[asyncio.Task[None], Request]) -> Request:
        while True:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                request = running.pop(task)
                failure = task.exception()
                if failure is None:
                    for late, loser in running.items():
                        self._owing.add(loser)
                        loser.aside(self._judged(late, loser))
                    return request
                if not running:
                    raise failure

    async def _judged(self, late: asyncio.Task[None], loser: Request) -> None:
        """Close the loser with its first word. Until then it runs: if none comes in time, its provider rests."""
        try:
            await late
        except Failed:
            return
        finally:
            self._owing.discard(loser)
            late.cancel()
            loser.close()
