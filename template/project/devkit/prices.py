"""`python -m devkit prices`: what the plan's models cost now, by a public table, and what a dollar is in euros.

Exit codes: 0 done, 4 the network, a table or the plan is missing, 5 a price moved by more than a fifth since the plan.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import urllib.request
from dataclasses import dataclass
from typing import Any

from . import project
from .processes import Trouble

DONE, MOVED = 0, 5
TOLERANCE = 0.2
TIMEOUT_S = 20
PLAN = "docs/architecture/plan.json"
DOLLAR = re.compile(r"""currency=["']USD["']\s+rate=["']([0-9]+(?:\.[0-9]+)?)["']""")


@dataclass(frozen=True)
class Row:
    """One price: as the plan has it and as it is now; None is unknown."""

    name: str
    unit: str
    planned: float | None
    now: float | None

    @property
    def difference(self) -> float | None:
        """Change against the plan, as a share of it."""
        if self.now is None or not self.planned:
            return None
        return self.now / self.planned - 1

    @property
    def moved(self) -> bool:
        """Whether it is time to make the plan anew."""
        return self.difference is not None and abs(self.difference) > TOLERANCE

    def line(self) -> str:
        """The row as a person reads it."""
        change = "" if self.difference is None else f"{self.difference:+.0%}"
        mark = "  MOVED" if self.moved else ""
        return f"{self.name:36} {_number(self.planned):>10} {_number(self.now):>10} {change:>6}  {self.unit}{mark}"


def main(argv: list[str]) -> int:
    """Fetch both tables and print what changed."""
    argparse.ArgumentParser(prog="python -m devkit prices", description=__doc__).parse_args(argv)
    cost = _plan()
    rows = compare(cost, _table(_fetch("PRICES_URL", cost["fetch"]["models"])))
    rows.append(euro(cost, _fetch("RATES_URL", cost["fetch"]["rates"])))
    print(f"{'':36} {'plan':>10} {'now':>10} {'':>6}")
    print("\n".join(row.line() for row in rows))
    for other in cost["unknown"]:
        print(f"in no table: {other['label']}: {other['fetch']}")
    return MOVED if any(row.moved for row in rows) else DONE


def compare(cost: dict[str, Any], table: dict[str, Any]) -> list[Row]:
    """A row for each price that the plan took from the table."""
    return [
        Row(
            entry["name"],
            entry["price"]["unit"],
            entry["price"]["value"],
            _scaled(table.get(entry["table"]), entry["field"], entry["factor"]),
        )
        for entry in cost["prices"]
    ]


def euro(cost: dict[str, Any], rates: str) -> Row:
    """Euros for a dollar; the table has dollars for a euro."""
    found = DOLLAR.search(rates)
    if not found or not float(found[1]):
        raise Trouble("the table of exchange rates has no dollar: name another one by RATES_URL")
    return Row("euro", cost["eur"]["unit"], cost["eur"]["value"], 1 / float(found[1]))


def _plan() -> dict[str, Any]:
    path = project.ROOT / PLAN
    try:
        cost: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["cost"]
    except OSError:
        raise Trouble(f"{PLAN} is missing: it comes with the template, `copier update` brings it back") from None
    except (ValueError, KeyError, TypeError):
        raise Trouble(f"{PLAN} is no plan: it comes with the template, `copier update` brings it back") from None
    return cost


def _fetch(variable: str, address: str) -> str:
    address = os.environ.get(variable) or address
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
            return str(answer.read().decode("utf-8"))
    except (http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        hint = f"try again with a network, or name another address by {variable}"
        raise Trouble(f"{address} cannot be read ({reason}): {hint}") from None


def _table(text: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except ValueError:
        table = None
    if not isinstance(table, dict):
        raise Trouble("the table of prices is no JSON object: name another one by PRICES_URL")
    return table


def _scaled(record: Any, field: str, factor: float) -> float | None:
    value = record.get(field) if isinstance(record, dict) else None
    usable = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return float(value) * factor if usable and value is not None else None


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
