"""`make updates`: projects of every release, marked all over, go to HEAD by both ways; docs/updating.md gets the figures.

A project is made by plain Copier at each release, for each preset that is emitted. Into every text file lines of ours are written: at
the end, in the middle, or every 25 lines. After the update each line must still be there: in its file, or in the file that it moved to.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml
from copier import Settings, run_copy

from tests.cli.updating import committed, lost, mark
from tests.support import EMITTED_PRESETS, ROOT, git

PLACES: Final = ("nowhere", "end", "middle", "every 25 lines")
PAGE: Final = ROOT / "docs" / "updating.md"
TABLE: Final = re.compile(r"(?<=<!-- make updates -->\n).*?(?=<!-- end -->)", re.DOTALL)
CONFLICTS: Final = 3
COLUMNS: Final = {
    "updates": "updates",
    "files": "files edited",
    "lines": "lines written",
    "lost": "lost",
    "dropped": "edited files deleted",
    "conflicts": "conflicts",
    "phantom": "without a reason",
}
WAYS: Final = {"ours": "`livekit-planner update`", "plain": "plain Copier"}
TRIED: Final = {"ours": PLACES, "plain": (PLACES[0], PLACES[-1])}  # plain Copier takes four times as long


@dataclass
class Tried:
    """The results of the updates by one way."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def row(self, name: str) -> str:
        """Return the row of the table."""
        return "| " + " | ".join([name, *(f"{self.counts[one]:,}" for one in COLUMNS)]) + " |\n"


def update(way: str, project: Path) -> None:
    """Update a project to HEAD by one of the two ways.

    Raises:
        CalledProcessError: it failed.
    """
    ours = [sys.executable, "-m", "livekit_planner", "update", str(project), "--yes", "--to", "HEAD"]
    plain = [str(Path(sys.executable).with_name("copier")), "update", "--defaults", "--quiet", "--vcs-ref", "HEAD", str(project)]
    done = subprocess.run(ours if way == "ours" else plain, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode not in ((0, CONFLICTS) if way == "ours" else (0,)):
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)


def conflicts(project: Path) -> set[str]:
    """Return the paths that are left in conflict."""
    return {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}


def texts(project: Path) -> dict[str, bytes]:
    """Return the content of every tracked file that is there."""
    return {path: (project / path).read_bytes() for path in git(project, "ls-files").splitlines() if (project / path).is_file()}


def tried(found: Tried, way: str, born: Path, place: Path, where: str, changed: set[str] | None) -> set[str]:
    """Mark a project, update it, and count. Return the paths whose content differs afterwards.

    `changed` are those paths of the unmarked project, so those that the template changed; None for the unmarked project itself.
    """
    shutil.copytree(born, place)
    before = texts(place)
    marks = mark(place, where)
    committed(place)
    update(way, place)
    left, after = conflicts(place), texts(place)
    # Edited and not in the new version: a conflict of ours, deleted by plain Copier.
    gone = {path for path in marks if not (place / path).exists() and path not in left}
    missing = lost(place, {path: lines for path, lines in marks.items() if path not in gone})
    missing = [line for line in missing if not any(line in text for text in after.values())]
    phantom = [path for path in left if changed is None or path not in changed]
    found.counts.update(
        updates=1,
        files=len(marks),
        lines=sum(map(len, marks.values())),
        lost=len(missing),
        dropped=len(gone),
        conflicts=len(left),
        phantom=len(phantom),
    )
    found.wrong += [f"{born.name}, {where}, {WAYS[way]}: lost {line!r}" for line in missing]
    found.wrong += [f"{born.name}, {where}, {WAYS[way]}: conflict without a reason in {path}" for path in phantom]
    shutil.rmtree(place)
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def main() -> None:
    """Try it all and write the table; exit with 5 when a line was lost or a conflict had no reason."""
    releases: dict[str, str] = yaml.safe_load((ROOT / "releases.yml").read_text())
    found = {way: Tried() for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        git(Path(folder), "clone", "--quiet", "--no-tags", str(ROOT), str(clone))
        for version, commit in releases.items():
            for preset in EMITTED_PRESETS:
                born = Path(folder, f"{preset} {version}")
                run_copy(str(clone), born, data={"preset": preset}, vcs_ref=commit, defaults=True, quiet=True, settings=Settings())
                committed(born, init=True)
                for way in WAYS:
                    changed = tried(found[way], way, born, Path(folder, "project"), PLACES[0], None)
                    for where in TRIED[way][1:]:
                        tried(found[way], way, born, Path(folder, "project"), where, changed)
                print(f"{preset} {version}: {sum(one.counts['lost'] for one in found.values())} lost so far", flush=True)
                shutil.rmtree(born)
    span = f"Releases {next(iter(releases))} to {list(releases)[-1]}"
    places = "; ".join(f"{WAYS[way]}: {', '.join(where)}" for way, where in TRIED.items())
    told = f"{span}, {' and '.join(EMITTED_PRESETS)}. Lines were written ({places}).\n\n"
    head = "| " + " | ".join(["", *COLUMNS.values()]) + " |\n| --- |" + " --: |" * len(COLUMNS) + "\n"
    table = told + head + "".join(one.row(WAYS[way]) for way, one in found.items())
    PAGE.write_text(TABLE.sub(lambda _: f"\n{table}\n", PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(table)
    if wrong := [line for one in found.values() for line in one.wrong]:
        print("\n".join(wrong), file=sys.stderr)
        sys.exit(5)


if __name__ == "__main__":
    main()
