"""Asking, in a real pseudo-terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.support import ROOT

Start = Callable[[], Any]
BACK, ENTER, DOWN = "\x02", "\r", "\x1b[B"


@pytest.fixture
def start(tmp_path: Path) -> Start:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), "TERM": "xterm-256color", "COLUMNS": "200", "LINES": "50"}

    def begin() -> Any:
        arguments = ["-m", "livekit_planner", "new", str(tmp_path / "agent"), "--allow-dirty"]
        return pexpect.spawn(sys.executable, arguments, env=env, encoding="utf-8", timeout=30, dimensions=(50, 200))

    return begin


@pytest.mark.timed
def test_two_steps_back_a_refused_name_and_a_review(start: Start, tmp_path: Path) -> None:
    child = start()
    child.expect("What are you building")
    assert child.expect("planned, not emitted yet") == 0
    child.send(DOWN + ENTER)
    child.expect("Which sections")
    child.send(BACK)
    child.expect("What are you building")
    child.expect(r"»\s\S*single-vm")  # what was answered before is where the cursor stands
    child.send("\x1b[A" + ENTER)
    child.expect("Which sections")
    child.send(ENTER)
    child.expect("Name of the project")
    child.send(BACK)
    child.expect("Which sections")
    child.send(ENTER)
    child.expect("Name of the project")
    child.send("\x15" + '"' + ENTER)
    child.expect("1 to 60 characters")
    child.send("\x7f" + "Front desk" + ENTER)
    child.expect("Who answers the call")
    child.send(ENTER)
    child.expect("How many calls start in your busiest hour")
    child.send("\x15" + "0" + ENTER)
    child.expect("1 to 20000 calls an hour")
    child.send("\x15" + "90" + ENTER)
    child.expect("How long is a call on average")
    child.send(ENTER)
    child.expect("front_desk")
    child.expect("Write the project")
    child.send("y")
    child.expect("make setup")
    child.expect(pexpect.EOF)
    assert (tmp_path / "agent" / "src" / "front_desk" / "worker.py").is_file()


@pytest.mark.timed
def test_ctrl_c_leaves_nothing(start: Start, tmp_path: Path) -> None:
    child = start()
    child.expect("What are you building")
    child.send("\x03")
    child.expect("nothing was written")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert not list(tmp_path.iterdir())
