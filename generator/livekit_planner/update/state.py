"""The files of an update in the git directory: its lock, and the data to finish or undo it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ..errors import Problem, Refused
from .project import Project

PREPARED: Final = "prepared"  # nothing of the project was touched
APPLYING: Final = "applying"  # some files are moved, others are not
APPLIED: Final = "applied"  # all files are moved
UNDOING: Final = "undoing"  # some files are moved back
_PHASES: Final = (PREPARED, APPLYING, APPLIED, UNDOING)


@dataclass(frozen=True)
class Operation:
    """One file of the work tree: replaced by the content that is set aside for it, or taken away. `digest` is of the new content."""

    path: str
    write: bool
    digest: str = ""


@dataclass(frozen=True)
class Journal:
    """The record of an update, written before it begins: enough to undo it."""

    head: str
    version: str
    operations: Sequence[Operation]
    folders: Sequence[str]
    index_before: Sequence[str]
    flags: Sequence[tuple[str, str]]
    conflicts: Sequence[str]
    stamped: bool


class State:
    """The folder of one project's update: `new/` and `old/` contents, both indexes, the journal and a file that names the phase."""

    def __init__(self, project: Project) -> None:
        """Nothing is made yet. Contents lie on the project's own file system: files are moved, not copied."""
        self.project = project
        self.home = project.git_dir / "livekit-planner"
        self.folder = self.home / hashlib.sha256(project.prefix.encode()).hexdigest()[:12]
        apart = project.git_dir.stat().st_dev != project.root.stat().st_dev
        self.contents = project.root / ".livekit-planner" if apart else self.folder

    @property
    def new(self) -> Path:
        """Folder of the new contents: git writes them by their path in the whole work tree."""
        return self.contents / "new" / self.project.prefix

    @property
    def old(self) -> Path:
        """Folder of the contents that were replaced or taken away."""
        return self.contents / "old"

    @property
    def phase(self) -> str:
        """Return the phase of the update; empty when there is none."""
        return next((phase for phase in _PHASES if (self.folder / phase).exists()), "")

    def enter(self, phase: str) -> None:
        """Go to another phase. A rename needs no room on a full disk."""
        (self.folder / self.phase).rename(self.folder / phase)

    def journal(self) -> Journal:
        """Read what the update does."""
        read = json.loads((self.folder / "journal.json").read_text(encoding="utf-8"))
        return Journal(**{**read, "operations": [Operation(**one) for one in read["operations"]]})

    def begin(self) -> None:
        """Make the folder anew, in the phase before anything is touched."""
        self.clear()
        self.folder.mkdir(parents=True)
        for part in ("new", "old"):
            (self.contents / part).mkdir(parents=True)
        if self.contents != self.folder:
            (self.contents / ".gitignore").write_text("*\n")
        (self.folder / PREPARED).touch()

    def write(self, journal: Journal) -> None:
        """Write the journal."""
        (self.folder / "journal.json").write_text(json.dumps(asdict(journal), indent=1), encoding="utf-8")

    def clear(self) -> None:
        """Forget the update."""
        for folder in (self.folder, self.contents):
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other updates of this repository out.

        Raises:
            Refused: another one runs, or the folder cannot be written.
        """
        try:
            self.home.mkdir(exist_ok=True)
            handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Refused(Problem("DEST", str(self.home), f"cannot be written: {error.strerror}", "make room")) from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                reason = "is being updated by another process"
                raise Refused(Problem("DEST", str(self.project.root), reason, "wait until it has ended")) from None
            yield
        finally:
            os.close(handle)
