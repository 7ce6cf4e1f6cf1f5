"""Writing a project: first beside its place, then moved there, so that nothing is ever half-written."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import engine
from .errors import Problem, Refused


def check_place(destination: Path) -> None:
    """Check that a project can be put there. A folder that holds only a git repository counts as empty.

    Raises:
        Refused: there is a file, or a folder that is not empty.
    """
    fix = "name a folder that does not exist yet; a project that exists is changed by livekit-planner update"
    if destination.is_dir() and any(path.name != ".git" for path in destination.iterdir()):
        raise Refused(Problem("DEST", str(destination), "is not empty", fix))
    if destination.exists() and not destination.is_dir():
        raise Refused(Problem("DEST", str(destination), "is a file", fix))


def generate(
    template: Path, destination: Path, answers: Mapping[str, Any], recorded: Mapping[str, str], plan: Mapping[str, Any]
) -> list[str]:
    """Render the project of answers and their plan into `destination` and return its files, relative and sorted.

    Raises:
        Refused: the place is taken or cannot be written.
    """
    check_place(destination)
    destination = destination.resolve()
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}-") as place:
            made = Path(place) / destination.name
            engine.render(template, made, answers, recorded, plan)
            if destination.is_dir():  # empty or a new repository, and perhaps where somebody stands
                for part in made.iterdir():
                    part.rename(destination / part.name)
            else:
                made.rename(destination)
    except OSError as error:
        raise Refused(Problem("DEST", str(destination), f"cannot be written: {error.strerror}", "name another place")) from None
    return files_of(destination)


def preview(template: Path, answers: Mapping[str, Any], recorded: Mapping[str, str], plan: Mapping[str, Any]) -> list[str]:
    """List the files that `generate` would write; nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="livekit-planner-") as place:
        engine.render(template, Path(place) / "project", answers, recorded, plan)
        return files_of(Path(place) / "project")


def files_of(folder: Path) -> list[str]:
    """List all files of the project in `folder`, relative and sorted, without git's own."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in paths if path.parts[0] != ".git")
