"""One version of a project, as the template at one commit renders it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Problem, Refused
from .paths import ANSWERS_FILE, under

EXECUTABLE = 0o100


@dataclass(frozen=True)
class File:
    """Mode (as git writes it) and content of one file."""

    mode: str
    data: bytes


@dataclass(frozen=True)
class Rendering:
    """All files of one version by their path, the paths that belong to the owner, and what the plan's review finds."""

    files: Mapping[str, File]
    yours: Sequence[str]
    findings: Sequence[Mapping[str, Any]]
    owner_steps: Sequence[Mapping[str, Any]]

    @property
    def answers(self) -> bytes:
        """The answers file, which names source and version."""
        return self.files[ANSWERS_FILE].data

    def is_yours(self, path: str) -> bool:
        """Tell whether a path belongs to the owner in this version."""
        return under(path, self.yours)


class Started:
    """A rendering that another process makes meanwhile."""

    def __init__(self, template: Path, place: Path, answers: Mapping[str, Any], recorded: Mapping[str, str]) -> None:
        """Start it; `place` is the folder to write."""
        self._place = place
        order = json.dumps({"template": str(template), "place": str(place), "answers": answers, "recorded": recorded})
        package = str(Path(__file__).parents[2])  # where this code is found, however that was arranged
        paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", __name__, order],
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def finish(self) -> Rendering:
        """Wait for it and read what it wrote.

        Raises:
            Refused: the template does not render these answers.
        """
        out, err = self._process.communicate()
        if self._process.returncode:
            reason = f"does not render the recorded answers: {_last_line(err)}"
            fix = "undo edits of .copier-answers.yml, which is written by updates only"
            raise Refused(Problem("recorded version", None, reason, fix))
        return _read(self._place, json.loads(out))

    def stop(self) -> None:
        """End it if it still runs."""
        self._process.kill()
        self._process.communicate()


def render(template: Path, place: Path, answers: Mapping[str, Any], recorded: Mapping[str, str]) -> Rendering:
    """Render one version into the folder `place`, which does not exist yet, and read it."""
    return _read(place, _render(template, place, answers, recorded))


def _render(template: Path, place: Path, answers: Mapping[str, Any], recorded: Mapping[str, str]) -> dict[str, Any]:
    from .. import engine

    plan = engine.render(template, place, answers, recorded)
    document = plan.get("document", {})
    return {"yours": plan["yours"], "findings": document.get("findings", []), "owner_steps": document.get("owner_steps", [])}


def _read(place: Path, found: Mapping[str, Any]) -> Rendering:
    files = {}
    for path in sorted(place.rglob("*")):
        if path.is_symlink():
            files[path.relative_to(place).as_posix()] = File("120000", os.fsencode(os.readlink(path)))
        elif path.is_file():
            mode = "100755" if path.stat().st_mode & EXECUTABLE else "100644"
            files[path.relative_to(place).as_posix()] = File(mode, path.read_bytes())
    return Rendering(files, found["yours"], found["findings"], found["owner_steps"])


def _last_line(told: bytes) -> str:
    lines = told.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it was interrupted"


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(_render(Path(given["template"]), Path(given["place"]), given["answers"], given["recorded"])))
