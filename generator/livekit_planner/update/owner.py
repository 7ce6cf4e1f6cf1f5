"""Files of the project's owner: what a new version has for them is offered or shown, and never merged."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from .git import GitFailed
from .paths import ANSWERS_FILE
from .project import Entry, Project
from .rendering import File, Rendering

NEW: Final = "new"
CHANGED: Final = "changed"
DROPPED: Final = "dropped"


@dataclass(frozen=True)
class Offer:
    """A file of the owner's that the new version has otherwise. One that is `edited` is never written."""

    path: str
    kind: str
    edited: bool
    mine: bytes
    new: File | None

    def diff(self) -> str:
        """Show what would change in the project's file."""
        before, after = (_lines(data) for data in (self.mine, self.new.data if self.new else b""))
        return "".join(difflib.unified_diff(before, after, f"{self.path} (yours)", f"{self.path} (new version)"))


def offers(
    project: Project, files: Mapping[str, Entry], old: Rendering, new: Rendering, born: Callable[[], Rendering | None]
) -> list[Offer]:
    """Return the owner's files that differ from those of the new version, as far as this update or an earlier one changed them.

    `born` renders the version that the project was born with; it is called only if the recorded version does not tell whether
    a file was edited.
    """
    paths = sorted(path for path in {*old.files, *new.files} if path != ANSWERS_FILE and _is_owners(path, old, new))
    present = [path for path in paths if path in files and files[path].mode.startswith("100")]
    contents = dict(zip(present, project.blobs(files[path].oid for path in present), strict=True))
    undecided = [path for path in present if not any(_same(contents[path], version.files.get(path)) for version in (old, new))]
    first = born() if undecided else None
    found = []
    for path in paths:
        before, after = old.files.get(path), new.files.get(path)
        if path not in files:
            if after and not before and not (first and path in first.files):
                found.append(Offer(path, NEW, edited=False, mine=b"", new=after))
        elif path in contents and not _same(contents[path], after):
            edited = not _same(contents[path], before) and not (first and _same(contents[path], first.files.get(path)))
            if before != after or not edited:
                found.append(Offer(path, CHANGED if after else DROPPED, edited, contents[path], after))
    return found


def birth(project: Project) -> dict[str, Any] | None:
    """Return the answers file as it was first committed; None when the history does not reach so far."""
    path = project.prefix + ANSWERS_FILE
    try:
        commits = project.git.text("rev-list", project.head, "--", f":(top,literal){path}").split()
        if project.git.text("rev-parse", "--is-shallow-repository") == "true" or not commits:
            return None
        loaded = yaml.safe_load(project.git.run("cat-file", "blob", f"{commits[-1]}:{path}"))
    except (GitFailed, yaml.YAMLError):
        return None
    return loaded if isinstance(loaded, dict) and "_commit" in loaded else None


def _is_owners(path: str, old: Rendering, new: Rendering) -> bool:
    return new.is_yours(path) or (path not in new.files and old.is_yours(path))


def _same(data: bytes, file: File | None) -> bool:
    return file is not None and data.replace(b"\r\n", b"\n") == file.data


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").splitlines(keepends=True)
