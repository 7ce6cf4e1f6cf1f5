"""`make check` of a project refuses what an update leaves in conflict, in a repository or not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import git, render


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("markers") / "project", {"preset": "single-vm"})


def check(project: Path) -> subprocess.CompletedProcess[str]:
    """`make check` without its tools: what stands before them is what is tried here."""
    command = ["make", "check", "RUN=true", "--old-file", ".venv/.ready"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("marker", ["<<<<<<< before updating", ">>>>>>> after updating"])
def test_a_marker_is_found_wherever_it_stands(project: Path, versioned: bool, marker: str) -> None:
    if versioned:
        git(project, "init", "--quiet")
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--allow-empty", "--message", "born")
    assert check(project).returncode == 0, check(project).stderr
    for name in ("src/my_agent/runtime/call.py", "docs/architecture/PLAN.md", ".env.example", "mine.txt"):
        path = project / name
        before = path.read_text() if path.is_file() else None
        path.write_text(f"{before or 'mine'}\n{marker}\n")
        done = check(project)
        assert done.returncode != 0, name
        assert f"{name}:" in done.stderr
        assert "resolve each conflict" in done.stderr
        path.unlink() if before is None else path.write_text(before)


def test_what_the_project_ignores_is_not_read(project: Path) -> None:
    (project / "build").mkdir(exist_ok=True)
    (project / "build" / "transcript.md").write_text("<<<<<<< before updating\n")
    assert check(project).returncode == 0
