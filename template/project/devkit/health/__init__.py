"""The checks of `make doctor`: one function a concern, each returning findings and changing nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import hosting, keys, machine, packages, steps, tools
from .finding import Finding, Severity

__all__ = ["CHECKS", "Finding", "Severity"]

CHECKS: Final[tuple[Callable[[], list[Finding]], ...]] = (
    packages.python,
    packages.pinned,
    packages.voice,
    machine.ports,
    machine.interface,
    machine.clock,
    machine.disk,
    machine.sound,
    tools.livekit_server,
    tools.go,
    tools.npm,
    tools.page,
    keys.providers,
    keys.settings,
    keys.secrecy,
    keys.data,
    keys.recordings,
    hosting.google,
    hosting.telemetry,
    steps.owner,
)
