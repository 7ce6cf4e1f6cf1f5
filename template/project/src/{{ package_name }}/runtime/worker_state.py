"""The state of the worker itself as numbers, for whoever scrapes it (METRICS_PORT) or is sent it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from .agent_server import Server


@dataclass
class State:
    """What can be asked of a worker, by name."""

    server: Server
    _told_to_stop: float | None = field(default=None, init=False)

    def numbers(self) -> dict[str, tuple[str, Callable[[], float]]]:
        """Name, what it says, and how to read it."""
        return {
            "registered": ("Whether a LiveKit server knows the worker now", lambda: self.server.registered),
            "accepting": ("Whether it would take a call", lambda: self.server.accepting),
            "draining": ("How long ago it was told to stop, in s; 0 while it is not", self.draining_s),
            "calls": ("Calls that run", lambda: len(self.server.active_jobs)),
        }

    def draining_s(self) -> float:
        """Since the first time that this was asked of a draining worker."""
        if not self.server.draining:
            return 0.0
        if self._told_to_stop is None:
            self._told_to_stop = time.monotonic()
        return time.monotonic() - self._told_to_stop


def expose(server: Server, registry: CollectorRegistry = REGISTRY) -> None:
    """Beside the framework's own numbers, under `/metrics`."""
    for name, (about, value) in State(server).numbers().items():
        Gauge(f"voice_worker_{name}", about, registry=registry).set_function(value)
