"""plan.json keeps to the schema that lies beside it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.document.pages import ANSWERS, document, rendered, whole
from tests.document.schema import problems
from tests.support import ROOT

SCHEMA = json.loads((ROOT / "template/project/docs/architecture/plan.schema.json").read_text())


@pytest.mark.parametrize("name", ANSWERS)
def test_plan_json_is_valid(name: str) -> None:
    assert list(problems(document(name), SCHEMA, SCHEMA)) == []


@pytest.mark.parametrize("name", ANSWERS)
def test_plan_json_is_the_document_of_the_plan(name: str) -> None:
    text = rendered(name, "plan.json")
    assert json.loads(text) == whole(name)["document"]
    assert text == json.dumps(whole(name)["document"], indent=2, ensure_ascii=False) + "\n"
    assert "NaN" not in text
    assert "Infinity" not in text


def broken(told: dict[str, Any], place: list[str | int], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(told)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["capacity"], None),
        (["capacity", "lines", "confidence"], "sure"),
        (["capacity", "lines", "unit"], None),
        (["capacity", "lines", "inputs"], None),
        (["capacity", "lines", "value"], True),
        (["latency", "web", "p95_ms"], 976),
        (["latency", "stages", 0, "parallel"], "no"),
        (["schema_version"], 2),
        (["availability", "single_points"], "the machine"),
        (["decisions", 0, "trigger"], None),
        (["design", 0, "section"], "elsewhere"),
    ],
)
def test_a_mistake_is_found(place: list[str | int], value: Any) -> None:
    assert list(problems(broken(document("web-assistant"), place, value), SCHEMA, SCHEMA))
