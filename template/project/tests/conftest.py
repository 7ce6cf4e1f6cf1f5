"""A busy machine is no broken agent: a test that failed while it waited for a processor is repeated once.

One that fails again in the same way proves nothing. Where only such tests failed, the exit code is 4.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final, cast

import pytest
from _pytest.runner import runtestprotocol

TOO_BUSY: Final = 4
# A machine is busy for a test that waits for a processor so long, in s, and for this share of its time.
WAITED_S: Final = 0.05
WAITED_SHARE: Final = 0.05
# Spoken calls measure the machine themselves (devkit/machine.py).
SPOKEN: Final = Path(__file__).with_name("e2e")
SECTION: Final = "machine: too busy"
_repeated: list[str] = []
_failed: dict[str, bool] = {}  # by test: whether the machine was too busy for it


def waited_s() -> float:
    """How long the threads of this process have waited for a processor so far (Linux); 0 elsewhere."""
    try:
        return sum(int(one.read_text().split()[1]) for one in Path("/proc/self/task").glob("*/schedstat")) / 1e9
    except (OSError, IndexError):
        return 0.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run one test, once more if a busy machine may have failed it."""
    if SPOKEN in item.path.parents:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports, busy = _run(item, nextitem)
    if busy and any(report.failed for report in reports):
        _repeated.append(item.nodeid)
        cast("Any", item)._initrequest()  # fixtures are made anew
        reports, busy = _run(item, nextitem)
    for report in reports:
        if report.failed:
            _failed[item.nodeid] = busy
            if busy:
                report.sections.append((SECTION, "This test waited for a processor, twice. It proves nothing."))
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _run(item: pytest.Item, nextitem: pytest.Item | None) -> tuple[list[pytest.TestReport], bool]:
    """Run a test without telling of it; its reports, and whether it waited for a processor."""
    began, before = time.monotonic(), waited_s()
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    waited = waited_s() - before
    return reports, waited > max(WAITED_S, WAITED_SHARE * (time.monotonic() - began))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell a busy machine from a broken project."""
    if session.exitstatus == pytest.ExitCode.TESTS_FAILED and _failed and all(_failed.values()):
        session.exitstatus = TOO_BUSY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were repeated, and which prove nothing."""
    for name in _repeated:
        outcome = "failed again, it proves nothing: end other work on this machine" if _failed.get(name) else "repeated"
        terminalreporter.write_line(f"{SECTION} for {name}: {outcome}")
