"""An update that is stopped or finds no room leaves a project as before or as after; two at once do not meet."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from livekit_planner.cli import main
from livekit_planner.update import apply
from livekit_planner.update.git import Git, GitFailed
from tests.cli.updating import (
    ENVIRONMENT,
    LINES,
    born,
    committed,
    contents,
    process,
    remember_renderings,
    snapshot,
    template,
    update,
    write,
)
from tests.support import ROOT, git

POINTS = 20


class Steps:
    """Counts what an update does (a git process, a move, the start of a rendering), and lets one step go wrong."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at = -1
        self.wrong: Callable[[bool], None] = lambda moving: None
        run, move = Git.run, apply.Disk.move

        def counted_run(git: Git, *arguments: str, **rest: Any) -> bytes:
            self._step(moving=False)
            return run(git, *arguments, **rest)

        def counted_move(disk: apply.Disk, source: Path, target: Path) -> None:
            self._step(moving=True)
            move(disk, source, target)

        patch.setattr(Git, "run", counted_run)
        patch.setattr(apply.Disk, "move", counted_move)

    def _step(self, *, moving: bool) -> None:
        self.count += 1
        if self.count == self.at:
            self.wrong(moving)

    def fail(self, at: int, wrong: Callable[[bool], None]) -> None:
        self.count, self.at, self.wrong = 0, at, wrong


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("update")
    project = born(template(place / "template"), place / "project")
    write(project, {"lines.txt": LINES + "mine\n"})
    return committed(project)


@pytest.fixture(scope="module")
def after(project: Path) -> dict[str, Any]:
    place = project.with_name("after")
    shutil.copytree(project, place)
    update(place, "--yes")
    return contents(place)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    remember_renderings(monkeypatch)
    return Steps(monkeypatch)


def interrupted(moving: bool) -> None:
    signal.raise_signal(signal.SIGINT)


def terminated(moving: bool) -> None:
    signal.raise_signal(signal.SIGTERM)


def without_room(moving: bool) -> None:
    if moving:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")
    raise GitFailed("git: No space left on device")


@pytest.mark.parametrize("wrong", [interrupted, terminated, without_room])
def test_wherever_it_stops_the_project_is_as_before_or_as_after(
    project: Path, after: dict[str, Any], steps: Steps, wrong: Callable[[bool], None]
) -> None:
    place = project.with_name(f"stopped-{wrong.__name__}")
    shutil.copytree(project, place)
    update(place, "--yes")
    total = steps.count
    assert total > 2 * POINTS
    ends = set()
    for point in range(POINTS):
        shutil.rmtree(place)
        shutil.copytree(project, place)
        before = snapshot(place)
        steps.fail(1 + point * (total - 1) // (POINTS - 1), wrong)
        done = CliRunner().invoke(main, ["update", str(place), "--yes"])
        steps.fail(-1, wrong)
        now = snapshot(place)
        assert not (place / ".git/index.lock").exists()
        assert "Traceback" not in done.output
        if done.exit_code == 0:
            assert contents(place) == after
        else:
            assert now == before, f"step {steps.at} of {total}"
            assert done.exit_code in ((2, 4) if wrong is without_room else (130,))
            assert git(place, "status", "--porcelain") == ""
            update(place, "--yes")
            assert contents(place) == after
        ends.add(done.exit_code)
    assert ends > {0} or wrong is without_room


def test_undoing_that_is_stopped_is_finished_by_the_next_run(project: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    place = project.with_name("undone")
    shutil.copytree(project, place)
    before = snapshot(place)
    update(place, "--yes")
    restore = apply._restore_index
    monkeypatch.setattr(apply, "_restore_index", lambda *_: without_room(False))
    assert "No space left" in update(place, "--abort", code=4)
    monkeypatch.setattr(apply, "_restore_index", restore)
    assert "It is undone now" in update(place, "--yes", "--dry-run")
    assert snapshot(place) == before


KILLED = """
import os, signal, sys
from livekit_planner.cli import main
from livekit_planner.update import apply
move, left = apply.Disk.move, [int(sys.argv.pop(1))]
def counted(disk, source, target):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    move(disk, source, target)
apply.Disk.move = counted
main()
"""


@pytest.mark.parametrize("move", [1, 2, 5, 9])
def test_a_killed_update_is_taken_back_by_the_next_run(project: Path, after: dict[str, Any], move: int) -> None:
    place = project.with_name(f"killed-{move}")
    shutil.copytree(project, place)
    before = snapshot(place)
    command = [sys.executable, "-c", KILLED, str(move), "update", str(place), "--yes"]
    assert subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert snapshot(place) != before or move == 1
    told = update(place, "--dry-run")
    assert "as it was before it" in told
    assert snapshot(place) == before
    update(place, "--yes")
    assert contents(place) == after


@pytest.mark.parametrize("limit", [0, 100, 1000, 4000])
def test_a_limit_of_file_sizes_changes_nothing(project: Path, limit: int) -> None:
    """A write that fails for real, in whichever of our processes or git's."""
    place = project.with_name(f"limited-{limit}")
    shutil.copytree(project, place)
    before = snapshot(place)
    command = [sys.executable, "-m", "livekit_planner", "update", str(place), "--yes"]
    limits = (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    done = subprocess.run(
        command, env={**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )  # fmt: skip
    assert done.returncode in (2, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(place) == before


def test_a_second_update_at_once_is_refused(project: Path) -> None:
    place = project.with_name("two")
    shutil.copytree(project, place)
    before = snapshot(place)
    (place / ".git/livekit-planner").mkdir()
    with (place / ".git/livekit-planner/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = process(place, "--yes")
        assert (done.returncode, "is being updated by another process" in done.stderr) == (2, True)
    assert snapshot(place) == before
    (place / ".git/index.lock").touch()
    assert "another git process" in update(place, "--yes", code=2)
    assert (place / ".git/index.lock").exists(), "it is not ours"
    (place / ".git/index.lock").unlink()
    assert snapshot(place) == before
    assert git(ROOT, "rev-parse", "--is-inside-work-tree") == "true"
