"""What the drills found: the page `docs/architecture/resilience.md`, and whether the goal is reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from . import project

if TYPE_CHECKING:
    from .drill import Drill

PAGE: Final = project.ROOT / "docs" / "architecture" / "resilience.md"
BARE: Final = "the bare framework"
AUDIBLE_GOAL_MS, ANSWER_GOAL_MS = 1500, 3000
INTRODUCTION: Final = f"""# What the caller hears when a provider fails

Written by `make drill-faults`, which holds real calls on one machine and lets providers fail in them. Times are in ms
after the caller's last sample: until anything was heard, and until the answer was (from the moment of the fault, if
that is later). The goal is {AUDIBLE_GOAL_MS} and {ANSWER_GOAL_MS} for 95 of 100. An apology is no answer: the caller
asks again.
"""


def goals(drills: Sequence[Drill]) -> str:
    """Of each setting and stage, how many drills were within the goals."""
    lines = [
        f"| setting | stage | drills | heard in {AUDIBLE_GOAL_MS} ms | P95 | answered in {ANSWER_GOAL_MS} ms | P95 "
        f"| answered or apologised in {ANSWER_GOAL_MS} ms | P95 |",
        "|---" * 9 + "|",
    ]
    for name, some in groups(drills, "setting", "stage"):
        cells: list[object] = [*name, len(some)]
        settled = [drill.settled_ms for drill in some]
        for values, goal in (
            (_heard(some), AUDIBLE_GOAL_MS),
            (_answers(some), ANSWER_GOAL_MS),
            (settled, ANSWER_GOAL_MS),
        ):
            cells += [sum(value is not None and value <= goal for value in values), percentile(values, 0.95)]
        lines.append(_line(cells))
    return "\n".join(lines)


def table(drills: Sequence[Drill], left_open: int) -> str:
    """One line for each setting, stage and kind."""
    lines = [
        "| setting | stage | fault | drills | heard P50 | heard P95 | answer P50 | answer P95 | apologies | silent |",
        "|---" * 10 + "|",
    ]
    for name, some in groups(drills, "setting", "stage", "kind"):
        outcomes = [drill.outcome for drill in some]
        cells: list[object] = [*name, len(some)]
        for values in (_heard(some), _answers(some)):
            cells += [percentile(values, 0.5), percentile(values, 0.95)]
        lines.append(_line([*cells, outcomes.count("apology"), outcomes.count("silence")]))
    halves = sum(drill.joined_halves for drill in drills)
    return "\n".join([*lines, "", f"Answers joined of two halves: {halves}. Sessions left open: {left_open}."])


def groups(drills: Sequence[Drill], *fields: str) -> list[tuple[tuple[str, ...], list[Drill]]]:
    """The drills by the values of `fields`, in the order in which they were made."""
    found: dict[tuple[str, ...], list[Drill]] = {}
    for drill in drills:
        found.setdefault(tuple(getattr(drill, field) for field in fields), []).append(drill)
    return list(found.items())


def percentile(values: Sequence[int | None], share: float) -> int | None:
    """The smallest value that a `share` of them does not exceed; None, which stands for never, exceeds all."""
    ranked = sorted(values, key=lambda value: math.inf if value is None else value)
    return ranked[math.ceil(share * len(ranked)) - 1]


def _heard(drills: Sequence[Drill]) -> list[int | None]:
    return [drill.audible_ms for drill in drills]


def _answers(drills: Sequence[Drill]) -> list[int | None]:
    return [drill.answer_ms for drill in drills]


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join("never" if cell is None else str(cell) for cell in cells) + " |"


def reached(drills: Sequence[Drill], left_open: int) -> bool:
    """Whether nobody was left in silence, no answer was joined of two halves, and no session stayed open."""
    ours = [drill for drill in drills if drill.setting != BARE]
    return not left_open and not any(drill.joined_halves or drill.outcome == "silence" for drill in ours)


def write(drills: Sequence[Drill], left_open: int) -> None:
    """Write the page."""
    PAGE.write_text(f"{INTRODUCTION}\n{goals(drills)}\n\n{table(drills, left_open)}\n", encoding="utf-8")
