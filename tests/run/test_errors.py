"""What stops the work is one clear message, an exit code, and no process left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.run.projects import Project, clean_environment

Born = Callable[..., Project]


def devkit(project: Project, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(project.path / ".venv" / "bin" / "python"), "-m", "devkit", *arguments]
    env = {**clean_environment(), **environment}
    return subprocess.run(command, cwd=project.path, env=env, capture_output=True, text=True, timeout=120, check=False)


def processes_of(project: Project) -> list[str]:
    """Command lines that run out of the project's environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(project.path) in line:
            found.append(line)
    return found


def ended(project: Project) -> bool:
    """Whether none of its processes is left; a killed one may take a moment on a busy machine."""
    until = time.monotonic() + 10
    while processes_of(project) and time.monotonic() < until:
        time.sleep(0.2)
    return processes_of(project) == []


def test_a_taken_port_is_named(born: Born) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        done = devkit(born("web-assistant"), "call", "--port", port)
    assert done.returncode == 4
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_no_go_and_no_server_says_what_would_help(born: Born, tmp_path: Path) -> None:
    done = devkit(born("web-assistant"), "call", PATH="/usr/bin:/bin", XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 4
    assert "Install Go" in done.stderr
    assert "LIVEKIT_SERVER" in done.stderr


def test_an_unknown_script_lists_those_that_exist(born: Born) -> None:
    done = devkit(born("web-assistant"), "call", "--script", "devkit/calls/nothing.yaml")
    assert done.returncode == 2
    assert "front-desk.yaml" in done.stderr


def calling(project: Project) -> subprocess.Popen[str]:
    """A call whose worker is registered."""
    command = [str(project.path / ".venv" / "bin" / "python"), "-m", "devkit", "call"]
    log = project.path / "build" / "call" / "worker.log"
    log.unlink(missing_ok=True)
    running = subprocess.Popen(
        command, cwd=project.path, env=clean_environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    until = time.monotonic() + 90
    while not (log.exists() and "registered worker" in log.read_text()) and time.monotonic() < until:
        time.sleep(0.2)
    assert len(processes_of(project)) > 2
    return running


def test_ctrl_c_ends_everything_that_was_started(born: Born) -> None:
    project = born("web-assistant")
    running = calling(project)
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted" in said
    assert ended(project)


def test_a_panic_of_the_webrtc_library_is_no_verdict(born: Born) -> None:
    """`livekit.rtc` ends its own process by SIGTERM when its native part panics: here the same, from outside."""
    project = born("web-assistant")
    running = calling(project)
    time.sleep(3)
    (holding,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    os.kill(int(holding), signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 4
    assert "panicked" in said
    assert ended(project)


def test_a_missing_variable_is_one_line(born: Born) -> None:
    project = born("web-assistant")
    command = [str(project.path / ".venv" / "bin" / "python"), "-m", "livekit.agents", "start", "src/my_agent/worker.py"]
    env = {
        **clean_environment(),
        "LIVEKIT_URL": "ws://127.0.0.1:1",
        "LIVEKIT_API_KEY": "k",
        "LIVEKIT_API_SECRET": "s",
        "DEEPGRAM_API_KEY": "d",
        "ELEVEN_API_KEY": "e",
        "GROQ_API_KEY": "g",
    }
    done = subprocess.run(command, cwd=project.path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if "OPENAI" in line]
    assert said == [
        "OPENAI_API_KEY is missing. Key of the OpenAI project. Get it from https://platform.openai.com/api-keys. Set it in the environment or in .env."
    ]
    assert "Traceback" not in done.stderr


def test_a_missing_plugin_is_one_line(born: Born) -> None:
    project = born("web-assistant")
    absent = "import sys; sys.modules['livekit.plugins.deepgram'] = None; import my_agent.worker"
    keys = dict.fromkeys(
        ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DEEPGRAM_API_KEY", "GROQ_API_KEY", "OPENAI_API_KEY", "ELEVEN_API_KEY"), "k"
    )
    done = subprocess.run(
        [str(project.path / ".venv" / "bin" / "python"), "-c", absent],
        cwd=project.path,
        env={**clean_environment(), "PYTHONPATH": "src", "LIVEKIT_URL": "ws://127.0.0.1:1", **keys},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "deepgram" in done.stderr
    assert "make setup" in done.stderr


def test_prices_without_a_network_are_one_line(born: Born) -> None:
    nobody = "http://127.0.0.1:9/"
    done = born("web-assistant").make("prices", f"PRICES_URL={nobody}", f"RATES_URL={nobody}", check=False)
    assert done.returncode != 0
    assert nobody in done.stdout
    assert "Traceback" not in done.stdout
    assert len([line for line in done.stdout.splitlines() if not line.startswith("make")]) == 1
