"""Tests on a busy machine: each in a pytest of its own, whose machine is as busy as it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devkit.project import ROOT

CONFTEST = """\
from itertools import count

from tests import conftest
from tests.conftest import pytest_runtest_protocol, pytest_sessionfinish, pytest_terminal_summary

busy = count()
conftest.waited_s = lambda: {waited}
"""
TEST = """\
import pytest

runs = []


@pytest.fixture
def fresh():
    return []


def test_of_time(fresh):
    runs.append(fresh)
    fresh.append(1)
    assert fresh == [1]
    assert len(runs) > {failures}
"""
BUSY, QUIET = "float(next(busy))", "0.0"


@pytest.mark.parametrize(
    ("waited", "failures", "code", "told"),
    [
        (BUSY, 0, 0, "1 passed"),
        (BUSY, 1, 0, "too busy for test_it.py::test_of_time: repeated"),
        (BUSY, 2, 4, "too busy for test_it.py::test_of_time: failed again"),
        (QUIET, 1, 1, "1 failed"),
    ],
)
def test_a_failure_is_judged_by_the_machine(tmp_path: Path, waited: str, failures: int, code: int, told: str) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(waited=waited))
    (tmp_path / "test_it.py").write_text(TEST.format(failures=failures))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert told in done.stdout
