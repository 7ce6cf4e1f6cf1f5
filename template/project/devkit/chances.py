"""What so many tries without a failure, or with a few, say about the next one."""

from __future__ import annotations

from math import comb
from typing import Final

CONFIDENCE: Final = 0.95


def at_most(failed: int, tries: int, confidence: float = CONFIDENCE) -> float:
    """The share of failures that the truth does not exceed, one-sided, by Clopper and Pearson.

    Without a failure it is nearly 3 / tries (the rule of three): 100 good calls allow 3 per cent of bad ones.
    """
    if failed >= tries:
        return 1.0
    low, high = failed / tries, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _as_few(failed, tries, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _as_few(failed: int, tries: int, share: float) -> float:
    """How often `failed` or fewer of `tries` fail, when each fails with `share`."""
    return sum(comb(tries, count) * share**count * (1 - share) ** (tries - count) for count in range(failed + 1))
