"""Defects of the framework and its plugins that guards of the emitted code are there for: still there at the pinned versions.

A project leaves these tests out of its `make check`. One that passes here says which guard can go.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.emitted import environment
from tests.support import ROOT, render

TESTS = ROOT / "template" / "project" / "tests"
MARKED = re.compile(r"@pytest\.mark\.upstream\n(?:@.+\n)+async def (test_\w+)")
# Between them they have each plugin that a defect is known of.
CASES = {
    "openai and elevenlabs": {"preset": "web-assistant"},
    "transcribe, gemini and aura": {"preset": "single-vm", "stt": "openai-gpt-4o-transcribe", "llm": "gemini-3.6-flash"},
}


def run(project: Path) -> str:
    """What pytest tells of the project's upstream tests."""
    command = [str(environment() / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "upstream"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.mark.parametrize("case", CASES)
def test_every_known_defect_is_still_there(case: str, tmp_path: Path) -> None:
    project = render(tmp_path / "project", CASES[case])
    found = {name for path in project.glob("tests/*/test_*.py") for name in MARKED.findall(path.read_text())}
    shown = run(project)
    assert found
    assert found == set(re.findall(r"^XFAIL \S+::(test_\w+)", shown, re.M)), "one that passes is mended: its guard can go"


def test_the_cases_have_all_of_them(tmp_path: Path) -> None:
    made = [render(tmp_path / str(number), answers) for number, answers in enumerate(CASES.values())]
    rendered = {name for project in made for path in project.glob("tests/*/test_*.py") for name in MARKED.findall(path.read_text())}
    known = {name for path in TESTS.glob("*/test_*.py*") for name in MARKED.findall(path.read_text())}
    assert rendered == known


def test_no_expected_failure_is_part_of_make_check() -> None:
    for path in TESTS.glob("*/test_*.py*"):
        text = path.read_text()
        assert text.count("pytest.mark.xfail(") == len(MARKED.findall(text)), path


def test_a_project_leaves_them_out(tmp_path: Path) -> None:
    options = tomllib.loads((render(tmp_path / "project", {}) / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert options["addopts"][-2:] == ["-m", "not upstream"]
