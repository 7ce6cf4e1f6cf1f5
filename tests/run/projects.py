"""A generated project, used by the commands of its README."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MINUTE_S = 60
REPORT = "build/call/report.json"
TOO_BUSY = "machine: too busy"


@dataclass(frozen=True)
class Project:
    """A generated project on disk."""

    path: Path

    def make(
        self, *arguments: str, check: bool = True, minutes: float = 10, inside: Sequence[str] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one make target, `inside` another command if one is given; its output is shown when it fails.

        `environment` holds further variables.

        Raises:
            AssertionError: the target failed and `check` is set.
        """
        try:
            done = subprocess.run(
                [*inside, "make", "--no-print-directory", *arguments],
                cwd=self.path,
                env={**clean_environment(), **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=minutes * MINUTE_S,
            )
        except subprocess.TimeoutExpired as late:
            shown = (late.output or b"").decode(errors="replace")[-6000:]
            pytest.fail(f"make {' '.join(arguments)} did not end in {minutes} minutes:\n{shown}", pytrace=False)
        if check and done.returncode:
            pytest.fail(f"make {' '.join(arguments)} failed:\n{done.stdout[-6000:]}", pytrace=False)
        return done

    def call(self, *arguments: str, inside: Sequence[str] = ()) -> dict[str, Any]:
        """The report of `make call`, which is repeated once when the machine was too busy to judge it.

        Raises:
            AssertionError: the call failed, or could not be judged twice.
        """
        for _ in range(2):
            (self.path / REPORT).unlink(missing_ok=True)
            done = self.make("call", *arguments, check=False, inside=inside)
            if TOO_BUSY not in done.stdout:
                break
        else:
            pytest.fail(f"machine too busy twice:\n{done.stdout[done.stdout.index(TOO_BUSY) :]}", pytrace=False)
        if done.returncode:
            pytest.fail(f"make call {' '.join(arguments)} failed:\n{done.stdout[-6000:]}", pytrace=False)
        made = self.report()
        assert (made["ok"], made["machine"]["ok"]) == (True, True)
        return made

    def passes(self, test: str, minutes: float, **environment: str) -> None:
        """Run one file of the project's own tests; none may be skipped.

        Raises:
            AssertionError: a test failed or was skipped, or none ran.
        """
        done = subprocess.run(
            [self.path / ".venv/bin/python", "-m", "pytest", "-q", "-rs", test],
            cwd=self.path,
            env={**clean_environment(), **environment},
            capture_output=True,
            text=True,
            timeout=minutes * MINUTE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        assert re.search(r"[1-9]\d* passed", done.stdout)
        assert "skipped" not in done.stdout, done.stdout[-2000:]

    def report(self) -> dict[str, Any]:
        """What the last `make call` measured."""
        loaded: dict[str, Any] = json.loads((self.path / REPORT).read_text())
        return loaded


def clean_environment() -> dict[str, str]:
    """This process's environment without the virtual environment that runs the tests. Bytecode is kept, as people's machines do."""
    dropped = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    own = str(Path(sys.prefix) / "bin")
    kept["PATH"] = os.pathsep.join(p for p in kept["PATH"].split(os.pathsep) if p != own)
    return kept
