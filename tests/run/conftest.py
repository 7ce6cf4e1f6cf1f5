"""Projects that are born, set up and called, as their owner would: by the commands of their README."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MINUTE_S = 60


@dataclass(frozen=True)
class Project:
    """A generated project on disk."""

    path: Path

    def make(self, *arguments: str, check: bool = True, minutes: float = 10) -> subprocess.CompletedProcess[str]:
        """Run one make target; its output is shown when it fails.

        Raises:
            AssertionError: the target failed and `check` is set.
        """
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=self.path,
            env=clean_environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=minutes * MINUTE_S,
        )
        if check and done.returncode:
            pytest.fail(f"make {' '.join(arguments)} failed:\n{done.stdout[-6000:]}", pytrace=False)
        return done

    def report(self) -> dict[str, Any]:
        """What the last `make call` measured."""
        loaded: dict[str, Any] = json.loads((self.path / "build/call/report.json").read_text())
        return loaded


def clean_environment() -> dict[str, str]:
    """This process's environment without the virtual environment that runs the tests."""
    dropped = {"VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    own = str(Path(sys.prefix) / "bin")
    kept["PATH"] = os.pathsep.join(p for p in kept["PATH"].split(os.pathsep) if p != own)
    return kept


@pytest.fixture(scope="session")
def born(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Generate a project and set it up, once for each set of answers."""
    projects: dict[tuple[str, ...], Project] = {}

    def give(preset: str, *answers: str) -> Project:
        key = (preset, *answers)
        if key not in projects:
            place = tmp_path_factory.mktemp("born") / "project"
            command = [sys.executable, "-m", "livekit_planner", "new", str(place), "--preset", preset]
            sets = [part for answer in answers for part in ("--set", answer)]
            subprocess.run([*command, *sets, "--defaults", "--allow-dirty"], check=True)
            projects[key] = Project(place)
            projects[key].make("setup", minutes=15)
        return projects[key]

    return give


@pytest.fixture(scope="session")
def unshare() -> list[str]:
    """The prefix that runs a command in a network of its own, with loopback and one cable that leads nowhere."""
    if not (shutil.which("unshare") and shutil.which("ip") and os.geteuid() == 0):
        pytest.skip("network namespaces need root, unshare and ip")
    cable = "ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.99.0.1/24 dev v0 && ip link set v0 up && ip link set v1 up"
    return ["unshare", "--net", "sh", "-c", f'{cable} && exec "$@"', "sh"]
