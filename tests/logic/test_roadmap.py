"""The phases: their number, order, exit tests that exist, and figures of the plan."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.logic.rows import each_variant, emitted_targets, holds, is_emitted, loose_numbers, paths, plan_of, plans, targets
from tests.support import ROOT, reasons

PHASES = ["first call", "own agent", "own accounts", "load", "first callers", "full scale"]
ROWS = reasons("roadmap")
FIELDS = ("phase", "goal", "entry", "exit_test", "risk", "rollback")


@each_variant
def test_every_project_goes_through_each_phase_once(variant: int) -> None:
    plan = plan_of(variant)
    rows = plan["document"]["roadmap"]
    assert [row["phase"] for row in rows] == PHASES
    for row in rows:
        assert all(row[field] and "${" not in row[field] for field in FIELDS)
        assert all(len(row[field].split()) <= 35 for field in FIELDS), row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['phase']} {row.get('needs', '')}{row.get('unless', '')}")
def test_each_row_holds_somewhere_and_its_exit_test_exists(row: dict[str, Any]) -> None:
    assert any(holds(row, plan["traits"]) for plan in plans())
    for field in FIELDS:
        text = row[field].replace("${answers.package_name}", "my_agent")
        assert not loose_numbers(text), text
        for path in paths(text, "my_agent"):
            assert is_emitted(path) or path in (".venv/bin/python", "platform-request.md"), path
        now = text.split("planned: ")[0]
        assert set(targets(now)) <= emitted_targets(), now
    assert row["exit_test"].count("`") >= 2, "a command"


def test_what_a_call_s_record_is_searched_for_is_in_it() -> None:
    (records,) = ROOT.glob("template/project/src/*/runtime/records.py")
    searched = {name for row in ROWS for name in re.findall(r"with `(\w+)`", row["exit_test"])}
    assert searched
    assert all(f"    {name}: " in records.read_text() for name in searched)


def test_no_row_is_the_same_for_everybody() -> None:
    assert all("needs" in row or "unless" in row for row in ROWS)


def test_the_load_test_asks_for_the_lines_of_the_plan() -> None:
    """Web assistant: 60 calls an hour, half as many again, 4 minutes each are 6 E; 13 lines block fewer than 1 in 100 of them."""
    for plan in plans():
        capacity = plan["document"]["capacity"]
        load = plan["document"]["roadmap"][PHASES.index("load")]
        assert f"--rooms {capacity['lines']['value']} --agent-name {plan['agent_name']}" in load["exit_test"].replace(",", "")
