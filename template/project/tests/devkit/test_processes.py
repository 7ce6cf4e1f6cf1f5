"""A child ends with its parent, and its end is explained."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from devkit.processes import Child, Trouble, alone_in, descendants

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


def test_two_commands_do_not_write_into_one_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path / "call"), pytest.raises(Trouble, match="another command writes into"):
        alone_in(tmp_path / "call").__enter__()
    with alone_in(tmp_path / "call"):
        pass


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


@pytest.mark.skipif(sys.platform != "linux", reason="not Linux: a killed parent leaves its children behind")
def test_a_killed_parent_takes_its_children_with_it(tmp_path: Path) -> None:
    parent = f"""
import os, sys, time
from pathlib import Path
from devkit.processes import Child
with Child("inner", [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"],
           Path({str(tmp_path / "inner.log")!r}), os.environ, Path.cwd()) as inner:
    inner.wait_for("up", 10)
    print("child", inner.pid, flush=True)
    time.sleep(60)
"""
    with Child("outer", [sys.executable, "-c", parent], tmp_path / "outer.log", os.environ, Path.cwd()) as outer:
        outer.wait_for("child", 10)
        inner = int(outer.text().split("child ")[1])
        os.kill(outer.pid, signal.SIGKILL)
        until = time.monotonic() + 5
        while not gone(inner) and time.monotonic() < until:
            time.sleep(0.05)
        assert gone(inner)
