"""What a run will cost: reckoned and agreed to before anything is sent, counted while it goes on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import cycle, islice

from ..caller import RATE
from ..processes import WrongUse
from ..speech.pcm import seconds
from .material import Material
from .plan import Plan, Planned, Used

CALL_MINUTES = 3.0
TURN_S = 5.0  # with the pause after it
REST_S = 1.5  # what a recogniser is sent after the last word
CHARACTERS_A_TOKEN = 3  # few, so that the estimate is rather too high
ANSWER_TOKENS = 150  # with what a model thinks before it speaks
CHARACTERS_A_MINUTE = 840


@dataclass(frozen=True)
class Row:
    """A line of the bill; `usd` is None if the price is unknown."""

    what: str
    amount: str
    usd: float | None

    def line(self) -> str:
        """The row as a person reads it."""
        usd = "price unknown" if self.usd is None else f"{self.usd:.3f} USD"
        return f"  {self.what:44} {self.amount:>26} {usd:>14}"


class Meter:
    """What was spent by the providers' own counts and the plan's prices, in USD; unknown prices count nothing."""

    def __init__(self, cap: float) -> None:
        """Nothing is spent yet."""
        self.cap, self.spent = cap, 0.0

    def add(self, usd: float | None) -> None:
        """One more turn."""
        self.spent += usd or 0.0

    def allows(self, usd: float | None = None) -> bool:
        """Whether `usd` more stay within the cap."""
        return self.spent + (usd or 0.0) <= self.cap


def estimate(plan: Plan, material: Material, turns: int) -> list[Row]:
    """A row for each model with `turns` turns, and one for the spoken call."""
    rows = []
    for model in plan.models:
        used = _expected(model, material, turns)
        rows.append(Row(f"{model.stage}  {model.label}", _amount(model, used), model.cost(used)))
    usd = None if plan.call_minute is None else plan.call_minute * CALL_MINUTES
    return [*rows, Row("one spoken call", f"{CALL_MINUTES:.0f} min", usd)]


def table(rows: list[Row], cap: float, turns: int) -> str:
    """The bill as a person reads it before anything is sent."""
    total = sum(row.usd or 0.0 for row in rows)
    minutes = CALL_MINUTES + (len(rows) - 1) * turns * TURN_S / 60
    head = f"With your keys, {turns} turns of each model and one call, about {minutes:.0f} min. By the plan's prices:"
    return "\n".join([head, *(row.line() for row in rows), f"{total:.2f} USD of {cap:.2f}; nothing has been sent yet."])


def _expected(model: Planned, material: Material, turns: int) -> Used:
    if model.stage == "stt":
        heard = islice(cycle(material.heard), turns)
        return Used(minutes=sum(seconds(line.pcm, RATE) + REST_S for line in heard) / 60)
    if model.stage == "llm":
        tokens = (material.prompt_characters + len(material.heard[0].text)) // CHARACTERS_A_TOKEN
        return Used(tokens_in=turns * tokens, tokens_out=turns * ANSWER_TOKENS)
    characters = sum(len(text) for text in islice(cycle(material.said), turns))
    return Used(minutes=characters / CHARACTERS_A_MINUTE, characters=characters)


def _amount(model: Planned, used: Used) -> str:
    if model.stage == "stt":
        return f"{used.minutes:.1f} min"
    if model.stage == "llm":
        return f"{used.tokens_in:,} + {used.tokens_out:,} tokens"
    return f"{used.characters:,} characters"


def agree(rows: list[Row], cap: float, *, explicit: bool, yes: bool) -> None:
    """Return if the run may cost what the rows say; an unknown price needs a cap that somebody has named.

    Raises:
        WrongUse: it may not, or nobody said so.
    """
    total = sum(row.usd or 0.0 for row in rows)
    unknown = [row.what for row in rows if row.usd is None]
    if total > cap:
        raise WrongUse(f"{total:.2f} USD are more than the cap of {cap:.2f}: CAP=<USD> raises it; nothing was sent")
    if unknown and not explicit:
        raise WrongUse(f"price unknown: {', '.join(unknown)}: CAP=<USD> says that you know it; nothing was sent")
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongUse("nobody is here to agree, and YES=1 is not given; nothing was sent")
    if input("go on? [y/N] ").strip().casefold() not in ("y", "yes"):
        raise WrongUse("nothing was sent")
