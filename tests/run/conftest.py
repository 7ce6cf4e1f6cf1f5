"""Projects that are born, set up and called, as their owner would: by the commands of their README."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.run.projects import Project


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
