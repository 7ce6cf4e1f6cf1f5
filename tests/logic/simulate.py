"""What the plan reckons, tried out: calls that come and go, and turns drawn one by one. Slow, plain and independent of it."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Mapping
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.95)


def blocked(
    calls_per_hour: float, mean_minutes: float, places: int, *, after_seconds: float = 0, calls: int = 150_000, seed: int = 1
) -> float:
    """Share of Poisson calls that find all places taken. A call is exponential and holds its place `after_seconds` longer."""
    rng = random.Random(seed)  # noqa: S311 (a simulation)
    now, lost = 0.0, 0
    ends: list[float] = []
    for _ in range(calls):
        now += rng.expovariate(calls_per_hour / 60)
        while ends and ends[0] <= now:
            heapq.heappop(ends)
        if len(ends) >= places:
            lost += 1
        else:
            heapq.heappush(ends, now + rng.expovariate(1 / mean_minutes) + after_seconds / 60)
    return lost / calls


def arrivals_at_most(mean: float, chance: float) -> int:
    """The fewest n such that a Poisson count of this mean is at most n with at least this chance."""
    n, log_term, total = 0, -mean, math.exp(-mean)
    while total < chance:
        n += 1
        log_term += math.log(mean / n)
        total += math.exp(log_term)
    return n


def erlang_b(load: float, lines: int) -> float:
    """The textbook's recursion from no line on."""
    share = 1.0
    for n in range(1, lines + 1):
        share = load * share / (n + load * share)
    return share


def sampler(stage: Mapping[str, float]) -> Callable[[random.Random], float]:
    """Draws from the lognormal that has this p50 and p95."""
    mu, sigma = math.log(stage["p50"]), math.log(stage["p95"] / stage["p50"]) / Z95
    return lambda rng: rng.lognormvariate(mu, sigma)


def turns(
    stages: Mapping[str, Mapping[str, float]],
    *,
    end_of_turn: float,
    fixed: float,
    early: bool,
    with_tool: bool = False,
    count: int = 30_000,
) -> list[float]:
    """Sorted turns in ms. `stages` has stt, llm, tts and, for a turn with a tool, tool."""
    rng = random.Random(2)  # noqa: S311 (a simulation)
    draw = {name: sampler(stage) for name, stage in stages.items()}
    found = []
    for _ in range(count):
        heard, thought = draw["stt"](rng), draw["llm"](rng)
        total = max(end_of_turn, heard + thought) if early else max(end_of_turn, heard) + thought
        if with_tool:
            total += draw["tool"](rng) + draw["llm"](rng)
        found.append(fixed + total + draw["tts"](rng))
    return sorted(found)


def quantile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return values[round(share * len(values) - 0.5)]


def share_over(values: list[float], limit: float) -> float:
    """Of values."""
    return sum(value > limit for value in values) / len(values)
