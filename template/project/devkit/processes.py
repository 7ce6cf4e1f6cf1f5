"""Child processes that end with this one, whatever ends it."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

PR_SET_PDEATHSIG = 1
POLL_S = 0.05
TERM_GRACE_S = 4.0
# Below those that Linux and macOS give to whoever asks for any, and to connections: one of them may be taken meanwhile.
OWN_PORTS = range(20_000, 32_000)
# Becomes the command, after asking Linux for an end with the parent. Not `preexec_fn`: among threads, which a call has,
# the copy of this process can wait for ever for a lock that one of them held.
_ENDS_WITH_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


class Trouble(Exception):
    """Something on this machine stops the work: one clear message for people."""


class WrongUse(Exception):
    """A command, a script or a fault that cannot be meant: one clear message, exit code 2."""


def free_port() -> int:
    """A port that nobody uses now, neither TCP nor UDP.

    Raises:
        Trouble: none is found.
    """
    for _ in range(100):
        port = secrets.choice(OWN_PORTS)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.bind(("", port))
            udp.bind(("", port))
            return port
    raise Trouble(f"no free port between {OWN_PORTS.start} and {OWN_PORTS.stop}")


def claim_port(port: int, purpose: str) -> int:
    """`port` if it is free; 0 means any.

    Raises:
        Trouble: somebody listens on it.
    """
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Trouble(f"port {port} ({purpose}) is taken: stop what listens there or name another port") from None
    return port


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other commands from writing into `folder` meanwhile.

    Raises:
        Trouble: another one is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(f"another command writes into {folder}: wait for its end, or stop it") from None
        yield


class Child:
    """One child process with its log; `with` ends it and everything it started."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> None:
        """Nothing is started yet."""
        self.name, self.command, self.log, self._env, self._cwd = name, list(command), log, dict(env), cwd
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Child:
        """Start it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                _ending_with_parent(self.command),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            Trouble: it was not started.
        """
        if self.process is None:
            raise Trouble(f"{self.name} was not started")
        return self.process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process is not None and self.process.poll() is None

    def wait(self, timeout_s: float) -> int:
        """Its exit code, once it has ended by itself.

        Raises:
            TimeoutError: it runs longer than that.
        """
        try:
            return -1 if self.process is None else self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} still runs after {timeout_s:.0f} s") from None

    def text(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log that are JSON objects."""
        found = []
        for line in self.text().splitlines():
            if line.startswith("{"):
                with suppress(ValueError):  # the last one may be half written
                    found.append(json.loads(line))
        return found

    def wait_for(self, words: str, timeout_s: float) -> None:
        """Wait until its log holds `words`.

        Raises:
            Trouble: it ended or said nothing in time; with the end of its log.
        """
        until = time.monotonic() + timeout_s
        while words not in self.text():
            if not self.alive():
                raise Trouble(f"{self.name} ended while it started\n{self.tail()}")
            if time.monotonic() > until:
                raise Trouble(f"{self.name} was not ready after {timeout_s:.0f} s\n{self.tail()}")
            time.sleep(POLL_S)

    def tail(self, lines: int = 12) -> str:
        """The end of its log, indented."""
        return "\n".join(f"  | {line}" for line in self.text().splitlines()[-lines:])

    def stop(self) -> None:
        """End it and all it started: politely, then not."""
        if self.process is None:
            return
        family = descendants(self.process.pid)
        if self.alive():
            _signal(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(TERM_GRACE_S)
            except subprocess.TimeoutExpired:
                family |= descendants(self.process.pid)
        for pid in family:
            _signal(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):  # a worker that is just starting makes processes meanwhile
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.alive():
            self.process.kill()
        self.process.wait()


def descendants(pid: int) -> set[int]:
    """Ids of the processes below `pid`, as far as the system tells (Linux)."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found |= {child} | descendants(child)
    return found


def end_with_parent() -> None:
    """Let Linux end this process when the one that forked it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _ending_with_parent(command: list[str]) -> list[str]:
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", _ENDS_WITH_PARENT, str(os.getpid()), *command]
