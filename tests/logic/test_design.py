"""What the design says: sections, length, figures, and that everything it names exists."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.logic.rows import (
    PLANNED,
    VARIANTS,
    each_variant,
    emitted_targets,
    holds,
    is_emitted,
    loose_numbers,
    paths,
    plan_of,
    plans,
    targets,
)
from tests.support import PRESETS, reasons

SECTIONS = [
    "deployment",
    "rooms",
    "network",
    "pipeline",
    "telephony",
    "perceived",
    "media",
    "operations",
    "integration",
    "cloud-gap",
    "repository",
]
ROWS = reasons("design")
MOST = {"web-assistant": 18, "single-vm": 18}


def preset_plan(preset: str) -> dict[str, Any]:
    return plan_of(VARIANTS.index({"preset": preset}))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_design_is_short_and_in_order(preset: str) -> None:
    rows = preset_plan(preset)["document"]["design"]
    places = [SECTIONS.index(row["section"]) for row in rows]
    assert places == sorted(places)
    assert len(rows) <= MOST.get(preset, 26)
    phone = "phone" in preset_plan(preset)["traits"]
    assert {row["section"] for row in rows} == set(SECTIONS) - (set() if phone else {"telephony"})
    assert len({(row["section"], row["topic"]) for row in rows}) == len(rows)


@each_variant
def test_each_statement_fits_a_list_and_has_something_to_hold(variant: int) -> None:
    plan = plan_of(variant)
    for row in plan["document"]["design"]:
        assert len(row["text"].split()) <= 44, row["text"]
        assert re.search(r"\d|`", row["text"]), row["text"]
        assert "${" not in row["text"]
        assert "unknown" not in row["text"], row["text"]


@pytest.mark.parametrize("preset", PRESETS)
def test_each_statement_of_a_preset_has_forty_words_at_most(preset: str) -> None:
    long = [row["text"] for row in preset_plan(preset)["document"]["design"] if len(row["text"].split()) > 40]
    assert not long


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['section']}: {row['topic']} {row.get('needs', '')}")
def test_each_statement_holds_somewhere_and_names_what_exists(row: dict[str, Any]) -> None:
    assert any(holds(row, plan["traits"]) for plan in plans())
    assert not loose_numbers(row["text"])
    for path in paths(row["text"].replace("${answers.package_name}", "my_agent"), "my_agent"):
        assert is_emitted(path) or PLANNED.get(path) in row.get("needs", []), path
    for target in targets(row["text"]):
        assert target in emitted_targets() or "lanned" in row["text"], target


def test_most_statements_depend_on_the_answers() -> None:
    always = [row["topic"] for row in ROWS if "needs" not in row and "unless" not in row]
    assert len(always) < len(ROWS) / 4, always


def test_a_phone_is_named_where_there_is_one() -> None:
    for plan in plans():
        if "phone" not in plan["traits"]:
            assert not re.search(r"SIP|trunk|carrier|G\.711", str([row["text"] for row in plan["document"]["design"]]))
