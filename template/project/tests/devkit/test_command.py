"""The exit code of a command is ours, whatever native code does to its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devkit.project import ROOT

# A command that does `body` in place of what devkit does.
COMMAND = """
import asyncio, os, signal, sys, time
from devkit import __main__, call
from devkit.processes import Child, Trouble
def command(argv):
    {body}
call.main = command
sys.exit(__main__.apart(["call"]))
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    code = COMMAND.format(body=body.replace("\n", "\n    "))
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


@pytest.mark.parametrize("code", [0, 4, 5])
def test_an_exit_code_is_passed_on(code: int) -> None:
    done = run(f"print('told')\nreturn {code}")
    assert (done.returncode, done.stdout) == (code, "told\n")


def test_a_panic_of_the_webrtc_library_is_no_verdict() -> None:
    # What livekit.rtc does when its native part panics, here in the middle of a call.
    body = """
async def hold():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)
    await asyncio.sleep(30)
asyncio.run(hold())
return 0"""
    done = run(body.strip())
    assert done.returncode == 4
    assert "panicked" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_crash_is_no_verdict() -> None:
    done = run("os.abort()")
    assert done.returncode == 4
    assert "SIGABRT" in done.stderr


def test_trouble_is_one_line() -> None:
    done = run("raise Trouble('no server')")
    assert (done.returncode, done.stderr) == (4, "no server\n")


def test_a_fault_of_ours_is_shown() -> None:
    done = run("raise ValueError('ours')")
    assert done.returncode == 1
    assert "ValueError: ours" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_its_children(number: signal.Signals, tmp_path: Path) -> None:
    body = f"""
from pathlib import Path
with Child("sleeper", ["sleep", "60"], Path({str(tmp_path / "log")!r}), os.environ, Path(".")) as child:
    print(child.pid, flush=True)
    time.sleep(30)
return 0"""
    code = COMMAND.format(body=body.strip().replace("\n", "\n    "))
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True, cwd=ROOT) as process:
        assert process.stdout
        sleeper = int(process.stdout.readline())
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in said
    with pytest.raises(ProcessLookupError):
        os.kill(sleeper, 0)
