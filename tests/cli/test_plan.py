"""`livekit-planner plan`, as a process: the document without a project, also of what is not emitted yet."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_new import errors, new, planner
from tests.support import PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_planned(preset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = planner("plan", "--preset", preset)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# ")
    assert "undefined" not in done.stdout.casefold()
    assert not list(tmp_path.iterdir()), "nothing is written"


def test_its_numbers_are_json() -> None:
    document = json.loads(planner("plan", "--preset", "front-desk", "--format", "json", "--set", "peak_calls_per_hour=480").stdout)
    assert document["answers"]["peak_calls_per_hour"] == 480
    assert document["capacity"]["offered_load_erlangs"]["value"] == 32
    assert document["template"]["name"] == "livekit-planner"


def test_it_is_the_document_that_a_project_gets(tmp_path: Path) -> None:
    assert new(tmp_path / "agent", "--preset", "single-vm", "--set", "agents=team").returncode == 0
    arguments = ("--preset", "single-vm", "--set", "agents=team")
    folder = tmp_path / "agent" / "docs" / "architecture"
    assert planner("plan", *arguments).stdout == (folder / "PLAN.md").read_text()
    assert planner("plan", *arguments, "--format", "json").stdout == (folder / "plan.json").read_text()


def test_answers_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text("preset: front-desk\nphone_numbers:\n  - +12025550143\n  - +12025550144\ncall_routing: by-number\n")
    document = json.loads(planner("plan", "--answers", file, "--json").stdout)
    assert document["answers"]["phone_numbers"] == ["+12025550143", "+12025550144"]


@pytest.mark.parametrize(
    ("sets", "field", "words"),
    [
        (("peak_calls_per_hour=0",), "peak_calls_per_hour", "1 to 20000"),
        (("llm=gpt-4o",), "llm", "is not a choice"),
        (("data_residency=eu", "llm=groq-gpt-oss-120b"), "llm", "no endpoint"),
        (("tts=openai-gpt-4o-mini-tts",), "tts", "retires on"),
        (("regions=mars-north1",), "regions", "is not a choice"),
        (("telefony=1",), "telefony", "no such question"),
    ],
)
def test_what_cannot_be_planned_is_told(sets: tuple[str, ...], field: str, words: str) -> None:
    found = errors(planner("plan", "--json", *(part for one in sets for part in ("--set", one))))
    assert words in found[field]["reason"]
    assert found[field]["value"]


def test_what_is_planned_is_refused_by_new(tmp_path: Path) -> None:
    found = errors(new(tmp_path / "agent", "--json", "--preset", "front-desk"))
    assert found["preset"]["reason"] == "planned, not emitted yet"
    assert not (tmp_path / "agent").exists()


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (("--preset", "front-desk"), {"preset", "channels", "topology"}),
        (("--set", "recording=always"), {"recording"}),
        (("--preset", "single-vm"), set()),
    ],
)
def test_what_new_refuses_is_told_in_the_first_lines(arguments: tuple[str, ...], fields: set[str]) -> None:
    page = planner("plan", *arguments).stdout.splitlines()
    told = {line.split("`")[1] for line in page[:12] if line.startswith("> * `")}
    assert told == fields
    assert ("`livekit-planner new` refuses these answers" in "".join(page[:4])) == bool(fields)
    document = json.loads(planner("plan", *arguments, "--json").stdout)
    assert {one["field"] for one in document.get("refused_by_new", [])} == fields


def test_a_plan_can_be_piped_into_a_file(tmp_path: Path) -> None:
    done: subprocess.CompletedProcess[str] = planner("plan")
    assert done.stdout.endswith("\n")
    assert "\x1b" not in done.stdout
