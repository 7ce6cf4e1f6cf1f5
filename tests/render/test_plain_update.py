"""Plain `copier update` of real projects: what it says of conflicts and answers is true, and each command that it prints works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support import clean_clone, git


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_clone(tmp_path_factory.mktemp("clone") / "livekit-planner")


@pytest.fixture(scope="module")
def born(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its first commit; tests work in clones of it."""
    project = tmp_path_factory.mktemp("born") / "project"
    copier("copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", template, project)
    git(project, "init", "--quiet")
    commit(project)
    return project


@pytest.fixture
def project(born: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "--quiet", str(born), str(tmp_path / "project"))
    return tmp_path / "project"


def copier(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("copier")), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def update(project: Path, *data: str) -> str:
    """Change answers at the version that the project has; return what is printed."""
    done = copier("update", "--defaults", "--vcs-ref", ":current:", *(part for one in data for part in ("--data", one)), cwd=project)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def commit(project: Path) -> str:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "as it is")
    return git(project, "rev-parse", "HEAD")


def test_what_stays_of_a_toggle_is_printed_with_the_command_that_sets_it_back(project: Path) -> None:
    first = git(project, "rev-parse", "HEAD")
    told = update(project, "topology=vm")
    assert "CHANGED interruptions: adaptive is now vad" in told
    assert "CHANGED noise_cancellation: krisp-cloud is now webrtc-apm" in told
    assert "YOURS topology: The README does not say that LiveKit Cloud hosts the agent." in told
    assert "YOURS organisation" not in told, "it did not change"
    assert told.index("HIGH") < told.index("CHANGED") < told.index("YOURS")
    commit(project)
    told = update(project, "topology=cloud")
    kept = [shlex.split(found)[0] for found in re.findall(r"KEPT .*--data ('.*?') sets it", told)]
    assert kept == ["interruptions=adaptive", "noise_cancellation=krisp-cloud"]
    assert "CHANGED" not in told
    commit(project)
    assert "KEPT" not in update(project, *kept)
    commit(project)
    assert git(project, "diff", first) == "", "byte for byte"


def test_a_person_who_keeps_every_answer_changes_nothing(project: Path) -> None:
    """Copier asks what was asked at birth, with the recorded answers as defaults: Enter keeps each."""
    copier = str(Path(sys.executable).with_name("copier"))
    child = pexpect.spawn(copier, ["update", "--vcs-ref", ":current:"], cwd=str(project), encoding="utf-8", dimensions=(50, 200))
    entered = 0
    while entered < 100:
        try:
            child.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:  # s without a word: it waits for an answer
            entered += child.send("\r")
        except pexpect.EOF:
            break
    child.close()
    assert child.exitstatus == 0
    assert entered > 5
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("change", ["package_name=other", "preset=single-vm"])
def test_what_the_owner_s_files_are_built_on_is_refused(project: Path, change: str) -> None:
    done = copier("update", "--defaults", "--vcs-ref", ":current:", "--data", change, cwd=project)
    assert done.returncode != 0
    assert re.search(rf"Validation error for question '{change.partition('=')[0]}': .* stays: ", done.stderr)
    assert git(project, "status", "--porcelain") == ""


def test_a_conflict_is_told_found_and_undone_by_what_is_printed(template: Path, project: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    git(tmp_path, "clone", "--quiet", str(template), str(newer))
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(template), str(newer)))
    makefile = project / "Makefile"
    makefile.write_text(makefile.read_text().replace("PYTHON ?= python3\n", "PYTHON ?= python3.12\n"))
    before = commit(project)
    changed = newer / "template" / "project" / "Makefile.jinja"
    changed.write_text(changed.read_text().replace("PYTHON ?= python3\n", "PYTHON ?= python3.13\n"))
    commit(newer)
    done = copier("update", "--defaults", "--vcs-ref", "HEAD", "--data", "topology=vm", cwd=project)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "livekit-planner update" in done.stderr
    assert "`git diff --check` lists them" in done.stderr
    listed = subprocess.run(["git", "diff", "--check"], cwd=project, capture_output=True, text=True, check=False).stdout
    assert set(re.findall(r"^(\S+):\d+: leftover conflict marker$", listed, re.M)) == {"Makefile"}
    [undo] = re.findall(r"To go back instead, in this folder: (.*)", done.stderr)
    subprocess.run(undo, shell=True, cwd=project, check=True, capture_output=True)  # noqa: S602 (what a person would paste)
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "rev-parse", "HEAD") == before
