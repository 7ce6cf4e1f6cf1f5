"""Google's emulators in one process and its plugins in another.

gRPC and Google's libraries read the environment once in the life of a process: a process of its own is led to the
emulators whatever was tested before.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from devkit import project
from devkit.processes import Child

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


@dataclass
class Outcome:
    """What a plugin made of it: what arrived, then the error and its status. Nothing of all that is silence."""

    words: list[str] = field(default_factory=list)
    sound_s: float = 0.0
    error: str = ""
    status: int = 0


@dataclass
class Cloud:
    """The emulators at `url`, and the process that the plugins run in."""

    url: str
    environment: dict[str, str]
    plugins: ProcessPoolExecutor

    def run(self, scenario: Callable[..., Outcome], *arguments: Any) -> Outcome:
        """What `scenario(url, *arguments)` comes to in the process of the plugins."""
        return self.plugins.submit(scenario, self.url, *arguments).result(60)

    def arm(self, stage: str, kind: str) -> None:
        """A fault from now on, and a journal that begins with it."""
        control(self.url, "POST", "reset", {})
        control(self.url, "POST", "faults", {"stage": stage, "kind": kind, "everyone": True})

    def fired(self) -> list[str]:
        """The kinds of faults that were met."""
        return [fault["kind"] for fault in control(self.url, "GET", "faults")["fired"]]

    def sent(self) -> dict[str, Any]:
        """What was asked for last: the endpoint and the fields."""
        return _last_sent(self.url)


@contextmanager
def emulated(folder: Path) -> Iterator[Cloud]:
    """Both processes, from start to end; the log is in `folder`."""
    command = [sys.executable, "-W", "ignore", "-m", "devkit.emulators", "--port", "0"]
    without_speech = ["--voice", "tone", "--recogniser", "script"]
    with Child("emulators", command + without_speech, folder / "emulators.log", os.environ, project.ROOT) as child:
        child.wait_for("emulators ready", 60)
        url = child.text().split("emulators ready ")[1].split()[0]
        environment = control(url, "GET", "environment")
        with ProcessPoolExecutor(1, get_context("spawn"), _enter, (environment,)) as plugins:
            yield Cloud(url, environment, plugins)


def _enter(environment: dict[str, str]) -> None:
    os.environ.update(environment)


def control(url: str, method: str, path: str, body: object = None) -> Any:
    """One request to the emulators' control interface."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/control/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def await_request(url: str) -> None:
    """Wait until a client asked for something; not for ever."""
    until = time.monotonic() + 5
    while time.monotonic() < until and not _last_sent(url):
        time.sleep(0.02)


def _last_sent(url: str) -> dict[str, Any]:
    lines = [line for line in control(url, "GET", "journal") if line["event"] == "sent"]
    return {name: lines[-1][name] for name in ("endpoint", "fields")} if lines else {}


def identity() -> Any:
    """The credentials that a worker without a file finds."""
    import google.auth  # in the process of the plugins, not before

    found, _ = google.auth.default(SCOPES)
    return found


def observe(scenario: Callable[[Outcome], Awaitable[None]], patience_s: float) -> Outcome:
    """Run it to its end, to its error or until the patience is over."""
    outcome = Outcome()

    async def run() -> None:
        try:
            async with asyncio.timeout(patience_s):
                await scenario(outcome)
        except TimeoutError:
            return
        except Exception as error:
            outcome.error, outcome.status = type(error).__name__, int(getattr(error, "status_code", 0))

    asyncio.run(run())
    return outcome
