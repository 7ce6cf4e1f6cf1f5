"""When the first of a stage fails, the next one answers, and the caller hears no apology."""

from __future__ import annotations

import pytest

from devkit.call import run
from devkit.project import VENDORS
from devkit.script import load, parse_faults, usual
from devkit.stack import Stack

COVERED = [stage for stage, vendors in VENDORS.items() if len(vendors) > 1]
SCRIPT = load(usual())


@pytest.mark.parametrize("kind", ["http-500", "hang"])
@pytest.mark.parametrize("stage", COVERED)
async def test_the_next_one_answers(stack: Stack, stage: str, kind: str) -> None:
    short = SCRIPT.model_copy(update={"turns": SCRIPT.turns[:2], "ends": False})
    report = await run(stack, short, parse_faults(f"{stage}:{kind}@2", 2))
    assert report["missed"] == []
    assert report["faults_fired"]
    assert [turn["repeated"] for turn in report["turns"]] == [False, False]
    assert [turn["answered_by"][stage] for turn in report["turns"]] == list(VENDORS[stage])
