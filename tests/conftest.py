"""What may be absent is skipped and listed; with CI=true anything else that is missing is a failure."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ABSENT: dict[str, str] = tomllib.loads(Path(__file__).with_name("may_be_absent.toml").read_text())["absent"]
# Of the spoken tests, half of the time; each half keeps what it has set up.
SECOND_HALF = ("test_calls.py", "test_pipelines.py")
_skipped: list[str] = []


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spoken tests go in two halves. Not by `xdist_group`: pytest-xdist 3.8.0 does not see it under pytest 9.2."""
    if config.getvalue("dist") != "loadscope":
        return None
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda nodeid: nodeid.partition("::")[0].endswith(SECOND_HALF)
    return scheduler


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first: at the end no processor waits for another one."""
    items.sort(key=lambda item: not item.name.startswith("test_its_own_tests_pass"))


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
