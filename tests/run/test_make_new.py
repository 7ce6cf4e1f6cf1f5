"""`make new` as the first command in a fresh clone."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.run.projects import clean_environment
from tests.support import clean_clone


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=clone, env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_it_sets_itself_up_and_says_how_to_go_on(tmp_path: Path) -> None:
    clone = clean_clone(tmp_path / "livekit-planner")
    sets = "SET=agents=team organisation='My own company' languages=de,en"
    done = make(clone, "new", "PRESET=single-vm", "DEST=../my agent", f"SOURCE={clone}", sets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(step in done.stdout for step in ("cd '../my agent'", "make setup", "make call"))
    recorded = (tmp_path / "my agent" / ".copier-answers.yml").read_text()
    assert "organisation: My own company" in recorded
    assert "topology: vm" in recorded
    assert "agents: team" in recorded
    assert f"_src_path: {clone}\n" in recorded

    again = make(clone, "new", "DEST=../my agent")
    assert again.returncode != 0
    assert "is not empty" in again.stderr

    wrong = make(clone, "new", "DEST=../other", "SET=stt=nothing")
    assert wrong.returncode != 0
    assert "stt=nothing" in wrong.stderr
    assert not (tmp_path / "other").exists()


def test_help_is_the_default(tmp_path: Path) -> None:
    done = make(clean_clone(tmp_path / "livekit-planner"))
    assert done.returncode == 0
    assert all(f"  {target} " in done.stdout for target in ("new", "test", "test-fast", "bench"))
