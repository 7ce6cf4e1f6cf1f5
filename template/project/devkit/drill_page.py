"""What the drills found: the page `docs/architecture/resilience.md`, and whether the goal is reached."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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


def rows(drills: Sequence[Drill]) -> Iterator[list[Drill]]:
    """The drills of each setting, stage and kind."""
    keys = dict.fromkeys((drill.setting, drill.stage, drill.kind) for drill in drills)
    for key in keys:
        yield [drill for drill in drills if (drill.setting, drill.stage, drill.kind) == key]


def percentile_95(values: Sequence[int]) -> int | None:
    """The smallest value that 95 of 100 do not exceed; None of none."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1] if values else None


def table(drills: Sequence[Drill], left_open: int) -> str:
    """One line for each setting, stage and kind."""
    lines = [
        "| setting | stage | fault | drills | heard P50 | heard P95 | answer P50 | answer P95 | apologies | silent |",
        "|---" * 10 + "|",
    ]
    for some in rows(drills):
        heard = [drill.audible_ms for drill in some if drill.audible_ms is not None]
        answers = [drill.answer_ms for drill in some if drill.answer_ms is not None]
        outcomes = [drill.outcome for drill in some]
        cells = [some[0].setting, some[0].stage, some[0].kind, len(some), _median(heard), percentile_95(heard)]
        cells += [_median(answers), percentile_95(answers), outcomes.count("apology"), outcomes.count("silence")]
        lines.append("| " + " | ".join("-" if cell is None else str(cell) for cell in cells) + " |")
    halves = sum(drill.joined_halves for drill in drills)
    return "\n".join([*lines, "", f"Answers joined of two halves: {halves}. Sessions left open: {left_open}."])


def _median(values: Sequence[int]) -> int | None:
    return sorted(values)[(len(values) - 1) // 2] if values else None


def reached(drills: Sequence[Drill], left_open: int) -> bool:
    """Whether nobody was left in silence, no answer was joined of two halves, and no session stayed open."""
    ours = [drill for drill in drills if drill.setting != BARE]
    return not left_open and not any(drill.joined_halves or drill.outcome == "silence" for drill in ours)


def write(drills: Sequence[Drill], left_open: int) -> None:
    """Write the page."""
    PAGE.write_text(f"{INTRODUCTION}\n{table(drills, left_open)}\n", encoding="utf-8")
