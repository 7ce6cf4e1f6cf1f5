"""What is run beside what, and what may be absent: skipped and listed, and with CI=true all else that is missing is a failure."""

from __future__ import annotations

import functools
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ABSENT: dict[str, str] = tomllib.loads(Path(__file__).with_name("may_be_absent.toml").read_text())["absent"]
# A tenth of the weight of a call.
LESS = 10
_skipped: list[str] = []


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spoken tests go to one worker. Not by `xdist_group`: pytest-xdist 3.8.0 does not see it under pytest 9.2."""
    if config.getvalue("dist") != "loadscope":
        return None
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _together
    return scheduler


def _together(nodeid: str) -> str:
    """What one worker does in a row: calls, what shares a rendered project, or else a file."""
    file, _, name = nodeid.partition("::")
    if file.startswith("tests/run/"):
        return "tests/run"
    return f"{file}[{name.partition('[')[2] or name}" if file.startswith(("tests/render/", "tests/cli/")) else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Calls come first, then the longest: at the end no processor waits for another one."""
    for item in items:
        if "tests/run/" in str(item.path) and not item.get_closest_marker("timed"):
            item.add_marker(pytest.mark.spoken)
    items.sort(key=lambda item: (not _is_spoken(item), not item.name.startswith("test_its_own_tests_pass")))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Beside calls, everything else has what they leave of the processors."""
    in_worker = "PYTEST_XDIST_WORKER" in os.environ
    if in_worker and not _is_spoken(item) and any(map(_is_spoken, item.session.items)):
        _step_back()


def _is_spoken(item: pytest.Item) -> bool:
    return item.get_closest_marker("spoken") is not None


@functools.cache
def _step_back() -> None:
    """For good, for this process and what it starts. Linux weighs sessions before it weighs processes (autogroup)."""
    os.nice(LESS)
    with suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text(str(LESS))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect skips that the list does not allow."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(tuple(ABSENT)):
            _skipped.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skip is no success."""
    if _skipped and os.environ.get("CI") == "true" and exitstatus == 0 and not hasattr(session.config, "workerinput"):
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What this run could not prove."""
    for line in _skipped:
        terminalreporter.write_line(f"MISSING HERE {line}", red=True)
    for name, meaning in ABSENT.items():
        terminalreporter.write_line(f"not proved by these tests ({name}): {meaning}")
