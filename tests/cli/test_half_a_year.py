"""Half a year of a project: born from the oldest release, made its owner's own, updated to today, then changed answer by answer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from copier import Settings, run_copy

from tests.cli.updating import committed, updated
from tests.emitted import environment, mypy_cache
from tests.support import ROOT, git

RELEASES: dict[str, str] = yaml.safe_load((ROOT / "releases.yml").read_text())
OLDEST = next(iter(RELEASES))
APP = "src/my_agent/app"
# Tools of the owner's own, an agent that has them, and a test of theirs.
OWN = {
    f"{APP}/parking.py": '''"""Where to park."""

from __future__ import annotations

from livekit.agents import Agent, function_tool

PLACES = 12


@function_tool
async def parking() -> str:
    """Tell how many places are free."""
    return f"{PLACES} places behind the house"


class Attendant(Agent):
    """Answers questions about parking."""

    def __init__(self) -> None:
        """With its own tool."""
        super().__init__(instructions="Tell where to park.", tools=[parking])
''',
    "tests/behaviour/test_parking.py": '''"""What the attendant knows."""

from __future__ import annotations

from my_agent.app.parking import Attendant, parking


async def test_places_are_told() -> None:
    assert "12 places" in await parking()
    assert len(Attendant().tools) == 1
''',
    ".github/workflows/nightly.yml": "name: nightly\non: workflow_dispatch\njobs: {}\n",
}
# Lines of the owner's in files that are there from the beginning: after which line of it, or at the end.
EDITS = {
    f"{APP}/prompts/reception.md": ("", "Parking is behind the house.\n"),
    "README.md": ("", "Ask the platform team for keys.\n"),
    "Makefile": ("", "\nours: ## Something of ours\n\t@echo ours\n"),
    "AGENTS.md": ("", "Ours: parking.py is tried by hand on Fridays.\n"),
    "Dockerfile": ("USER ", "# ours: the image is scanned by our registry\n"),
    "pyproject.toml": ("[project]", "# ours: published nowhere\n"),
}
STEPS = [
    [],
    ["delivery=github-actions"],
    ["topology=vm"],
    ["languages=en,de"],
    ["agents=team"],
    ["topology=cloud", "languages=en"],
]


def edit(file: Path, after: str, line: str) -> None:
    """Write a line after the first one that begins with `after`, or at the end."""
    lines = file.read_text().splitlines(keepends=True)
    at = next(number for number, one in enumerate(lines, 1) if one.startswith(after)) if after else len(lines)
    lines[at:at] = [line]
    file.write_text("".join(lines))


def check(project: Path) -> None:
    """What `make check` runs, but for the tests of managed code."""
    python = str(environment() / "bin" / "python")
    for tool in (
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--check", "--no-cache", "."],
        ["mypy", "--cache-dir", str(mypy_cache())],
        ["pytest", "-q", "-p", "no:cacheprovider", "tests/behaviour"],
    ):
        done = subprocess.run([python, "-m", *tool], cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.timed
def test_nothing_of_the_owner_s_is_lost_on_the_way(tmp_path: Path) -> None:
    project = tmp_path / "project"
    run_copy(str(ROOT), project, data={"preset": "web-assistant"}, vcs_ref=RELEASES[OLDEST], defaults=True, quiet=True, settings=Settings())
    committed(project, init=True)
    for path, text in OWN.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    for path, (after, line) in EDITS.items():
        edit(project / path, after, line)
    committed(project)
    edits = dict(EDITS)
    own = {path: (project / path).read_bytes() for path in git(project, "ls-files", APP, "tests/behaviour", *OWN).splitlines()}
    for sets in STEPS:
        told = updated(project, *(part for one in sets for part in ("--set", one)))
        assert told["conflicts"] == []
        assert ("agents" in {step["answer"] for step in told["open_steps"]}) == ("agents=team" in sets or not sets)
        assert {path: (project / path).read_bytes() for path in own} == own
        assert [path for path, (_, line) in edits.items() if line not in (project / path).read_text()] == []
        check(project)
        workflow = ".github/workflows/check.yml"
        if workflow not in edits and (project / workflow).is_file():
            edits[workflow] = ("name:", "# ours: runs on our own machines\n")
            edit(project / workflow, *edits[workflow])
        committed(project)
