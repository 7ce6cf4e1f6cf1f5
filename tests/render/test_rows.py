"""Layer 4, second half: every row comes out clean in its own linter, formatter and type checker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.emitted import environment, mypy_cache
from tests.render import pairwise
from tests.support import EMITTED_PRESETS, STAGES, evaluate, known, render

ROWS = pairwise.ROWS.rows()
# Ours stand between spaces; what Prometheus fills in begins with a `$`, and what Grafana does has no spaces.
LEFTOVERS = re.compile(r"\{\{-? (?!\$)|\{%|%\}|Undefined")


def name_of(row: dict[str, Any]) -> str:
    return f"{ROWS.index(row):02d}-{row['topology']}-{row['stt']}-{row['tts']}-{row['languages']}"


@pytest.fixture(scope="module", params=ROWS, ids=name_of)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("row") / "project", pairwise.answers_of(request.param.items()))


def parse(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        compile(text, str(path), "exec")
    elif path.suffix in (".yml", ".yaml"):
        yaml.safe_load(text)
    elif path.suffix == ".toml":
        tomllib.loads(text)
    elif path.suffix == ".json":
        json.loads(text)


def test_every_file_parses_and_nothing_is_left_over(project: Path) -> None:
    for path in project.rglob("*"):
        if path.is_file():
            parse(path)
            text = path.read_text(encoding="utf-8")
            assert text.strip() or path.name in ("__init__.py", "py.typed"), f"{path.name} is empty"
            assert text.endswith("\n") or not text, path.name
            if path.suffix not in (".js", ".css", ".html", ".py"):
                assert not LEFTOVERS.search(text), path.name


def test_formatter_linter_and_types_agree(project: Path) -> None:
    python = environment() / "bin" / "python"
    for tool in (
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--check", "--no-cache", "."],
        ["mypy", "--cache-dir", str(mypy_cache())],
    ):
        done = subprocess.run([python, "-m", *tool], cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{tool[0]}:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"


def parts(row: dict[str, Any]) -> set[tuple[str, str]]:
    """What of a row has code of its own: the plugins of its stages, whether callers may interrupt, where it is measured, whether requests are hedged."""
    answers = {(stage, row[stage + place]) for stage in STAGES for place in ("", "_fallback")}
    plugins = {(stage, known(stage)[model]["call"]) for stage, model in answers if model != "none"}
    return plugins | {(name, row[name]) for name in ("agents", "telemetry", "llm_hedging", "interruptions")}


def with_every_part() -> list[dict[str, Any]]:
    """A few rows in which each part of any row stands that no emitted preset has: those run their own tests when they are born."""
    chosen: list[dict[str, Any]] = []
    left = set().union(*map(parts, ROWS))
    for preset in EMITTED_PRESETS:
        left -= parts({step.name: step.value for step in evaluate({"preset": preset}).values()})
    while left:
        chosen.append(max(ROWS, key=lambda row: len(parts(row) & left)))
        left -= parts(chosen[-1])
    return chosen


@pytest.mark.timed
@pytest.mark.parametrize("row", with_every_part(), ids=name_of)
def test_its_own_tests_pass(row: dict[str, Any], tmp_path: Path) -> None:
    made = render(tmp_path / "project", pairwise.answers_of(row.items()))
    command = [str(environment() / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not speech and not browser"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("name", ["Voice agent", "A desk"])
def test_no_file_depends_on_where_its_package_stands_in_the_alphabet(name: str, tmp_path: Path) -> None:
    made = render(tmp_path / "project", {"preset": "single-vm", "project_name": name, "llm_fallback": "openai-gpt-4.1", "agents": "team"})
    command = [str(environment() / "bin" / "python"), "-m", "ruff", "check", "--no-cache", "."]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_this_python_is_not_the_project_s() -> None:
    assert environment() != Path(sys.prefix)
