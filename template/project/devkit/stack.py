"""Server, emulators and worker together, each on free ports, each ending with this process."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import offline, project, server
from .processes import Child, Trouble, alone_in, claim_port

WORKER_START_S = 120.0


@dataclass
class Options:
    """How a stack differs from the usual one.

    `real`: providers of `.env` instead of emulators; `emulators`: more of their command line. `product`: turn detector,
    interruption mode and noise filter of the project, as far as this machine runs them. `think_ms`: how long the
    emulated model thinks before its first token, 0 for as long as the emulators choose. `worker`: another agent than
    the project's, to compare with.
    """

    scripts: list[Path] = field(default_factory=list)
    real: bool = False
    product: bool = False
    port: int = 0
    folder: Path = project.ROOT / "build" / "call"
    emulators: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    think_ms: int = 0
    worker: str = project.WORKER


class Stack:
    """`with Stack(options) as stack:` everything runs and the worker is registered."""

    def __init__(self, options: Options) -> None:
        """Nothing is started yet."""
        self.options = options
        self.url = self.control_url = ""
        self._exit = ExitStack()

    def __enter__(self) -> Stack:
        """Start everything.

        Raises:
            Trouble: a port is taken, the server cannot be had, or a process does not start.
        """
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything, the worker first."""
        self._exit.close()

    def _start(self) -> None:
        self._exit.enter_context(alone_in(self.options.folder))
        binary = server.provide()
        port = claim_port(self.options.port, "LiveKit server")
        self.url = f"ws://127.0.0.1:{port}"
        self.emulators = self._child("emulators", self._emulators_command())
        config = self.options.folder / "livekit.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)
        config.write_text(server.configuration(port))
        self.server = self._child("livekit-server", [str(binary), "--config", str(config)])
        self.server.wait_for("starting LiveKit server", 20)
        self.emulators.wait_for("emulators ready", 60)
        self.control_url = self.emulators.text().split("emulators ready ")[1].split()[0]
        self.words_from: str = self.control("GET", "health")["recogniser"]
        self.start_worker()

    def start_worker(self) -> None:
        """Start the worker and wait until it is registered, which it is when it is warm.

        Raises:
            Trouble: it did not register.
        """
        self.worker = self.launch_worker("worker", {})
        self.worker.wait_for("registered worker", WORKER_START_S)

    def launch_worker(self, name: str, environment: Mapping[str, str]) -> Child:
        """Start one more worker, with these variables besides the usual ones, and wait for nothing."""
        command = [sys.executable, "-W", "ignore", "-m", "livekit.agents", "start", self.options.worker]
        return self._child(name, command, {**self.worker_environment(), **environment})

    def worker_environment(self) -> dict[str, str]:
        """The worker's variables: the local server, and emulators for every provider unless `real`."""
        env = {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": server.KEY,
            "LIVEKIT_API_SECRET": server.SECRET,
            "HEALTH_PORT": "0",
            "READY_PORT": "0",
            "MAX_JOBS": "100",
            "MAX_CPU": "2",  # never full by processors: server, emulators and callers work on the same ones
            "IDLE_PROCESSES": "2",
            "PROVIDER_BOARD": str(self.board),
            "DATA_FOLDER": str(self.data),
        }
        if not self.options.real:
            env |= dict.fromkeys(project.PROVIDER_KEYS, "devkit")
            env |= {name: self.control_url + path for name, path in project.PROVIDER_URLS.items()}
            env |= self.control("GET", "environment")
        return {**env, **offline.environment(self.options.product), **self.options.environment}

    def _emulators_command(self) -> list[str]:
        scripts = [part for script in self.options.scripts for part in ("--script", str(script))]
        pace = ["--think-ms", str(self.options.think_ms)] if self.options.think_ms else []
        return [sys.executable, "-m", "devkit.emulators", "--port", "0", *scripts, *pace, *self.options.emulators]

    def _child(self, name: str, command: list[str], env: Mapping[str, str] | None = None) -> Child:
        log = self.options.folder / f"{name}.log"
        return self._exit.enter_context(Child(name, command, log, {**os.environ, **(env or {})}, project.ROOT))

    @property
    def board(self) -> Path:
        """Where the worker's calls note which providers rest."""
        return self.options.folder.absolute() / "providers"

    @property
    def data(self) -> Path:
        """Where the app keeps its files: empty at the start, and never the folder of real calls."""
        return self.options.folder.absolute() / "data"

    def forget(self) -> None:
        """What the emulators and the worker's calls know of earlier calls, faults above all."""
        self.control("POST", "reset")
        self.forgive()

    def forgive(self) -> None:
        """No provider rests any more: the next fault meets a worker that does not go past it."""
        shutil.rmtree(self.board, ignore_errors=True)

    def watch(self) -> None:
        """Whether everything still runs.

        Raises:
            Trouble: a process is gone.
        """
        for child in (self.server, self.emulators, self.worker):
            if not child.alive():
                raise Trouble(f"{child.name} ended during the call\n{child.tail()}")

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One request to the emulators' control interface."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.control_url}/control/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def journal(self, stage: str, event: str, since: float = 0.0) -> list[dict[str, Any]]:
        """What the emulators saw of `stage`, from unix time `since` on."""
        lines: list[dict[str, Any]] = self.control("GET", "journal")
        return [line for line in lines if line["stage"] == stage and line["event"] == event and line["t"] >= since]

    def worker_lines(self) -> list[dict[str, Any]]:
        """The worker's log lines that are JSON."""
        return self.worker.lines()

    def wait_for_line(self, message: str, timeout_s: float) -> dict[str, Any]:
        """The first log line of the worker with this message.

        Raises:
            Trouble: it did not come in time.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for line in self.worker_lines():
                if line.get("message") == message:
                    return line
            time.sleep(0.1)
        raise Trouble(f"the worker never said {message!r}\n{self.worker.tail()}")
