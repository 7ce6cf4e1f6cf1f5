"""Printing a plan: the whole process against a bare `import copier`, as ratios within this one run. Never asserted."""

from __future__ import annotations

import sys

from benchmarks.generate import seconds, spread

ROUNDS = 7
PRESETS = ("web-assistant", "contact-centre")


def main() -> None:
    """Print times and ratios of the smallest and the largest preset."""
    print(f"min / median / max of {ROUNDS} rounds, s")
    bare: list[float] = []
    for preset in PRESETS:
        ours: list[float] = []
        for _ in range(ROUNDS):
            ours.append(seconds([sys.executable, "-m", "livekit_planner", "plan", "--preset", preset]))
            bare.append(seconds([sys.executable, "-c", "import copier"]))
        print(f"  plan {preset:17}{spread(ours)}")
        print(f"  plan / import copier  {spread([a / b for a, b in zip(ours, bare[-ROUNDS:], strict=True)])}")
    print(f"  import copier         {spread(bare)}")


if __name__ == "__main__":
    main()
