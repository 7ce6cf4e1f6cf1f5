"""A child ends with its parent, and its end is explained."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from devkit.processes import Child, Trouble, descendants

SLEEPER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("up", flush=True)
time.sleep(60)
"""


def child(tmp_path: Path, code: str) -> Child:
    return Child("child", [sys.executable, "-c", code], tmp_path / "child.log", os.environ, tmp_path)


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_the_whole_family_ends(tmp_path: Path) -> None:
    with child(tmp_path, SLEEPER) as parent:
        parent.wait_for("up", 10)
        family = {parent.pid} | descendants(parent.pid)
        assert len(family) == 2
    until = time.monotonic() + 5
    while not all(gone(pid) for pid in family) and time.monotonic() < until:
        time.sleep(0.05)
    assert all(gone(pid) for pid in family)


def test_an_early_end_shows_the_log(tmp_path: Path) -> None:
    with (
        child(tmp_path, "raise SystemExit('the port is taken')") as short,
        pytest.raises(Trouble, match="the port is taken"),
    ):
        short.wait_for("up", 10)


def test_silence_is_not_waited_for_forever(tmp_path: Path) -> None:
    with child(tmp_path, "import time; time.sleep(60)") as silent, pytest.raises(Trouble, match="not ready"):
        silent.wait_for("up", 0.3)
