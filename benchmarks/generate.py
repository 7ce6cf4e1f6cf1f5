"""Generating a project: our command line, plain Copier and a bare `import copier`, as ratios within this one run.

The three take turns, so that what else the machine does hits all of them. Never asserted: read the ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}


def seconds(command: list[str]) -> float:
    """Wall time of one whole process, in s."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENV)
    return time.perf_counter() - began


def spread(values: list[float]) -> str:
    """min / median / max."""
    return f"{min(values):6.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


def main() -> None:
    """Print times and ratios."""
    ours: list[float] = []
    plain: list[float] = []
    bare: list[float] = []
    copier = str(Path(sys.executable).with_name("copier"))
    with tempfile.TemporaryDirectory() as place:
        clone = f"{place}/clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), clone], check=True)
        for number in range(ROUNDS):
            new = [sys.executable, "-m", "livekit_planner", "new", f"{place}/ours-{number}", "--preset", "web-assistant"]
            ours.append(seconds([*new, "--defaults", "--allow-dirty"]))
            plain.append(seconds([copier, "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", clone, f"{place}/plain-{number}"]))
            bare.append(seconds([sys.executable, "-c", "import copier"]))
    print(f"min / median / max of {ROUNDS} rounds, s")
    print(f"  livekit-planner new   {spread(ours)}")
    print(f"  copier copy           {spread(plain)}")
    print(f"  import copier         {spread(bare)}")
    print("ratios")
    print(f"  new / copier copy     {spread([a / b for a, b in zip(ours, plain, strict=True)])}")
    print(f"  new / import copier   {spread([a / b for a, b in zip(ours, bare, strict=True)])}")


if __name__ == "__main__":
    main()
