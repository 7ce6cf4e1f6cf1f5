"""What the plan says of each chosen model: how fast it answers, and what it costs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .. import project
from ..prices import PLAN
from ..processes import Trouble

MILLION = 1_000_000


@dataclass(frozen=True)
class Used:
    """What a provider bills: minutes of sound, tokens, characters."""

    minutes: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    characters: int = 0


@dataclass(frozen=True)
class Planned:
    """A chosen model. Times in ms, prices in USD a `unit`; None where the plan knows none."""

    stage: str
    key: str
    label: str
    p50_ms: float | None = None
    p95_ms: float | None = None
    unit: str = ""
    price: float | None = None
    price_out: float | None = None

    def cost(self, used: Used) -> float | None:
        """USD for `used`; None if the price is unknown."""
        if self.price is None:
            return None
        amount = {
            "USD/min": used.minutes,
            "USD/min of speech": used.minutes,
            "USD/M characters": used.characters / MILLION,
            "USD/M tokens": used.tokens_in / MILLION,
        }[self.unit]
        return amount * self.price + used.tokens_out / MILLION * (self.price_out or 0.0)


@dataclass(frozen=True)
class Plan:
    """The models in the order in which they are asked; a minute of a call costs `call_minute` USD, None if unknown."""

    models: list[Planned]
    call_minute: float | None


def read() -> Plan:
    """The plan of this project.

    Raises:
        Trouble: it is not there, or it is no plan.
    """
    try:
        document = json.loads((project.ROOT / PLAN).read_text(encoding="utf-8"))
        models = [_model(row) for row in document["models"]]
        return Plan(models, _call_minute(document["cost"]["lines"], {model.stage for model in models}))
    except OSError:
        raise Trouble(f"{PLAN} is missing: it comes with the template, `copier update` brings it back") from None
    except (ValueError, KeyError, TypeError):
        raise Trouble(f"{PLAN} is no plan: it comes with the template, `copier update` brings it back") from None


def _model(row: dict[str, Any]) -> Planned:
    price, price_out = row["price"], row.get("price_out", {})
    return Planned(
        row["stage"],
        row["key"],
        row["label"],
        p50_ms=row["p50_ms"]["value"],
        p95_ms=row["p95_ms"]["value"],
        unit=price["unit"],
        price=price["value"],
        price_out=price_out.get("value"),
    )


def _call_minute(lines: list[dict[str, Any]], stages: set[str]) -> float | None:
    prices = [line["usd_per_minute"]["high"]["value"] for line in lines if line["name"] in stages]
    return None if None in prices else float(sum(prices))
