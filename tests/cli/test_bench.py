"""The benchmarks run and print ratios; what they print is never asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import ROOT


@pytest.mark.parametrize("name", ["generate", "plan", "update"])
def test_a_benchmark_prints_ratios(name: str) -> None:
    code = f"import benchmarks.generate, benchmarks.{name} as bench; bench.ROUNDS = 1; bench.main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert ("copier update" if name == "update" else "import copier") in done.stdout
