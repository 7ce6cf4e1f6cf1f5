"""Updating a project from release 0.4.0 to HEAD: our command and plain Copier, as ratios within this one run.

The two take turns on copies of one project, so that what else the machine does hits both. Never asserted: read the ratios.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.generate import ENV, ROOT, spread

ROUNDS = 5
BORN = "0.4.0"
IDENTITY = {f"GIT_{role}_{part}": "bench@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}


def measured(command: list[str]) -> tuple[float, float]:
    """Wall and processor time of one whole process and its children, in s."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=ENV)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print times and ratios."""
    commit = yaml.safe_load((ROOT / "releases.yml").read_text())[BORN]
    copier = str(Path(sys.executable).with_name("copier"))
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        clone, project = f"{place}/clone", f"{place}/project"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), clone], check=True)
        subprocess.run([copier, "copy", "--defaults", "--quiet", "--vcs-ref", commit, clone, project], check=True, capture_output=True)
        for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "born"]):
            subprocess.run(["git", *arguments], cwd=project, check=True, env={**os.environ, **IDENTITY})
        for number in range(ROUNDS):
            for times, way in ((ours, "ours"), (plain, "plain")):
                copy = f"{place}/{way}-{number}"
                shutil.copytree(project, copy)
                command = [sys.executable, "-m", "livekit_planner", "update", copy, "--yes", "--source", clone]
                times.append(measured(command if way == "ours" else [copier, "update", "--defaults", "--quiet", "--vcs-ref", "HEAD", copy]))
                shutil.rmtree(copy)
    print(f"web-assistant from {BORN} to HEAD, min / median / max of {ROUNDS} rounds, s")
    for kind, name in enumerate(("", ", processor")):
        print(f"  livekit-planner update{name:13}{spread([one[kind] for one in ours])}")
        print(f"  copier update{name:22}{spread([one[kind] for one in plain])}")
    print("ratios")
    for kind, name in enumerate(("", ", processor")):
        print(f"  update / copier update{name:13}{spread([a[kind] / b[kind] for a, b in zip(ours, plain, strict=True)])}")


if __name__ == "__main__":
    main()
