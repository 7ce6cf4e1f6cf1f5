"""The hand-over to the cloud team as files: the same rows for people and for programs, valid under the schema beside them."""

from __future__ import annotations

import copy
import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.logic.rows import each_variant, plan_of
from tests.support import ROOT, render

SCHEMA = json.loads((ROOT / "template" / "project" / "docs" / "architecture" / "platform-request.schema.json").read_text())
EMITTED = ["web-assistant", "single-vm"]
TYPES: dict[str, type | tuple[type, ...]] = {"object": dict, "array": list, "string": str, "number": (int, float), "null": type(None)}


def wrong(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """What does not fit, for the words that our schema uses."""
    types = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    if types and not any(isinstance(value, TYPES[name]) for name in types):
        return [f"{at}: not {' or '.join(types)}"]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: not {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: not one of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: not like {schema['pattern']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}.{name}: missing" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{at}.{name}: unknown" for name in value if name not in known]
        for name in known.keys() & value.keys():
            found += wrong(value[name], known[name], f"{at}.{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += wrong(item, schema.get("items", {}), f"{at}[{number}]")
    return found


@functools.cache
def folder(preset: str) -> Path:
    project = render(Path(tempfile.mkdtemp(prefix="platform-")) / "project", {"preset": preset})
    return project / "docs" / "architecture"


def loaded(preset: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder(preset) / "platform-request.json").read_text())
    return found


@pytest.mark.parametrize("preset", EMITTED)
def test_the_file_fits_its_schema(preset: str) -> None:
    assert json.loads((folder(preset) / "platform-request.schema.json").read_text()) == SCHEMA
    assert not wrong(loaded(preset), SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "somebody"},
        {"area": "clouds"},
        {"id": "Not A Slug"},
        {"accept": None},
        {"number": {"value": 1}},
        {"rule": {"direction": "up", "source": "", "destination": "", "ports": ""}},
        {"surplus": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_broken_row_does_not_fit(change: dict[str, Any]) -> None:
    broken = copy.deepcopy(loaded("web-assistant"))
    broken["requests"][0].update(change)
    assert wrong(broken, SCHEMA)
    del broken["requests"][0]["why"]
    assert any("why: missing" in line for line in wrong(broken, SCHEMA))


@each_variant
def test_what_is_planned_only_fits_too(variant: int) -> None:
    plan = plan_of(variant)
    assert not wrong(plan["platform"], SCHEMA["properties"]["requests"])
    assert not wrong(plan["platform_variables"], SCHEMA["properties"]["variables"])


@pytest.mark.parametrize("preset", EMITTED)
def test_people_and_programs_read_the_same(preset: str) -> None:
    text = (folder(preset) / "platform-request.md").read_text()
    rows = loaded(preset)["requests"]
    assert re.findall(r"(?m)^\* \[ \] `([a-z0-9-]+)` ", text) == [row["id"] for row in rows]
    for row in rows:
        if row["area"] == "secrets":
            name, command = row["id"].removeprefix("secret-"), "gcloud secrets "
            if preset == "web-assistant":  # hosted by LiveKit
                name, command = name.upper().replace("-", "_"), 'lk agent secrets | grep -Fw "$secret" '
            assert re.search(rf"`for secret in [\w -]*\b{name}\b[\w -]*; do {re.escape(command)}", text)
        else:
            assert f"\n  `{row['accept']}`\n" in text
        assert row["why"] in text
        if row["number"] and row["number"]["value"] is not None:
            assert f"**{row['number']['value']:,}" in text
    assert "${" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("preset", EMITTED)
def test_its_numbers_are_those_of_plan_json(preset: str) -> None:
    document = json.loads((folder(preset) / "plan.json").read_text())
    numbered = [row["number"] for row in loaded(preset)["requests"] if row["number"] and "name" in row["number"]]
    assert numbered
    for number in numbered:
        area, name = number["name"].split(".")
        assert number["value"] == document[area][name]["value"]


def test_it_has_two_pages_at_most() -> None:
    """A page holds about 60 lines of 110 characters."""
    text = (folder("web-assistant") / "platform-request.md").read_text()
    assert sum(1 + len(line) // 110 for line in text.splitlines()) <= 120
