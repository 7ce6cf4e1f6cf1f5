"""The page of `make talk` in a real browser, against a real stack: the project's own browser tests, with a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.emitted import EXTRA
from tests.run.projects import Project, clean_environment

Born = Callable[..., Project]


def test_people_can_talk_to_the_newborn_agent_in_a_browser(born: Born, tmp_path: Path) -> None:
    project = born("web-assistant")
    python = project.path / ".venv" / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), "pip", "install", "--quiet", "--python", str(python), "--target", str(tmp_path), *EXTRA], check=True)
    project.passes("tests/e2e/test_talk.py", minutes=15, PYTHONPATH=str(tmp_path))


def test_text_needs_no_browser_and_no_terminal(born: Born) -> None:
    project = born("web-assistant")
    done = subprocess.run(
        ["make", "--no-print-directory", "talk", "TEXT=1"],
        cwd=project.path,
        env=clean_environment(),
        input="What are your opening hours on Monday?\n",
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "On Monday we are open from 9 am to 6 pm" in done.stdout


def test_the_doctor_finds_this_machine_usable(born: Born) -> None:
    shown = born("web-assistant").make("doctor").stdout
    assert "D" in shown
