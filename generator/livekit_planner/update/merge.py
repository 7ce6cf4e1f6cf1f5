"""The merge of an update: the old version as ancestor, the new one and the project's commit as its two sides.

It runs in a scratch repository that borrows the project's objects, so that neither work tree nor configuration of the project
takes part.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from . import git as command
from .git import Git
from .paths import ANSWERS_FILE
from .project import NOTHING, Entry, Project, listed
from .rendering import File, Rendering

OURS: Final = "your-project"
CONFIGURATION: Final = """[core]
\trepositoryformatversion = 1
\tbare = true
\tattributesFile = /dev/null
[extensions]
\tobjectFormat = {format}
[merge]
\trenames = true
\tdirectoryRenames = false
\trenameLimit = 10000
"""


@dataclass(frozen=True)
class Change:
    """A path whose content in the merged version differs from the project's commit. A mode of zeros means that it is not there."""

    path: str
    old: Entry
    new: Entry

    @property
    def is_new(self) -> bool:
        """Tell whether the project does not have it yet."""
        return self.old.mode == NOTHING

    @property
    def is_dropped(self) -> bool:
        """Tell whether the merged version does not have it any more."""
        return self.new.mode == NOTHING


@dataclass(frozen=True)
class Conflict:
    """A path that git cannot merge: why, and its versions by stage (1 ancestor, 2 the project's, 3 the template's)."""

    path: str
    reason: str
    stages: Mapping[int, Entry]


@dataclass
class Merged:
    """The result of a merge: changes, conflicts, and changes that fall away because the project deleted the file."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    stay_deleted: list[str] = field(default_factory=list)


class Scratch:
    """A bare repository of our own in the folder `place`; new objects stay in it until they are handed over."""

    def __init__(self, place: Path, project: Project) -> None:
        """Make it, borrowing the project's objects."""
        self._project = project
        self._trees = ("", "")
        for part in ("objects/info", "refs/heads"):
            (place / part).mkdir(parents=True)
        (place / "HEAD").write_text("ref: refs/heads/none\n")
        (place / "config").write_text(CONFIGURATION.format(format=project.format))
        (place / "objects/info/alternates").write_bytes(_quoted(os.fsencode(project.objects)) + b"\n")
        self.git: Git = command.isolated(place)

    def merge(self, old: Mapping[str, File], new: Mapping[str, File], version: str) -> Merged:
        """Merge the step from `old` to `new` into the project's commit; `version` names the new one in conflict markers."""
        theirs = f"livekit-planner-{version}"
        ours = self._project.git.text("rev-parse", self._project.tree)
        tree, conflicts = self._merged(ours, old, new, theirs)
        gone = {one.path.removesuffix(f"~{theirs}") for one in conflicts if {1, 3} == one.stages.keys()}
        if gone:  # what the project deleted stays deleted, whatever lies in its place
            old, new = ({path: file for path, file in version.items() if path not in gone} for version in (old, new))
            tree, conflicts = self._merged(ours, old, new, theirs)
        self._trees = (ours, tree)
        return Merged(self._changes(ours, tree), conflicts, sorted(gone))

    def _merged(self, ours: str, old: Mapping[str, File], new: Mapping[str, File], theirs: str) -> tuple[str, list[Conflict]]:
        self.git.run("fast-import", "--quiet", "--force", stdin=b"".join(_stream(ours, old, new, theirs)))
        out = self.git.run("merge-tree", "--write-tree", "-z", "--messages", OURS, theirs, accept=(0, 1))
        return _conflicts(os.fsdecode(out))

    def _changes(self, ours: str, tree: str) -> list[Change]:
        records = self.git.names("diff-tree", "-r", "-z", "--no-renames", "--raw", ours, tree)
        found = []
        for kept, path in zip(records[::2], records[1::2], strict=True):
            old_mode, new_mode, old, new, _ = kept.removeprefix(":").split(" ")
            found.append(Change(path, Entry(old_mode, old), Entry(new_mode, new)))
        return found

    def entries(self, name: str) -> dict[str, Entry]:
        """Return the files of one of the merged versions."""
        return listed(self.git, name)

    def diff(self) -> str:
        """Show what the merge changes in the project's commit."""
        return self.git.run("diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", *self._trees).decode(errors="replace")

    def store(self, file: File) -> Entry:
        """Keep a content as an object."""
        return Entry(file.mode, self.git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=file.data).decode().strip())

    def hand_over(self, oids: Sequence[str]) -> None:
        """Put objects into the project's own store, where nothing refers to them yet.

        Raises:
            GitFailed: it cannot be written.
        """
        pack = self.git.run("pack-objects", "--quiet", "--stdout", stdin="".join(f"{oid}\n" for oid in sorted(set(oids))).encode())
        self._project.git.run("unpack-objects", "-q", stdin=pack)


def managed(old: Rendering, new: Rendering) -> tuple[dict[str, File], dict[str, File]]:
    """Return the files of both versions that an update merges: all but the answers file and what is the owner's.

    A file that the old version managed and the new one leaves to the owner is left to the owner. One that the new version manages is
    merged, also where it was the owner's.
    """

    def merges(path: str) -> bool:
        if path == ANSWERS_FILE or new.is_yours(path):
            return False
        return path in new.files or not old.is_yours(path)

    return tuple({path: file for path, file in version.files.items() if merges(path)} for version in (old, new))  # type: ignore[return-value]


def with_line_ends_of(project: Project, files: Mapping[str, Entry], versions: Sequence[dict[str, File]]) -> None:
    """Give both versions of a file CRLF line ends where the project's commit has them, so that only lines differ that people changed."""
    paths = sorted({path for version in versions for path in version if path in files and files[path].mode.startswith("100")})
    for path, data in zip(paths, project.blobs(files[path].oid for path in paths), strict=True):
        if b"\r\n" in data and b"\0" not in data and data.count(b"\r\n") == data.count(b"\n"):
            for version in versions:
                if path in version:
                    version[path] = File(version[path].mode, version[path].data.replace(b"\n", b"\r\n"))


def _stream(ours: str, old: Mapping[str, File], new: Mapping[str, File], theirs: str) -> Iterator[bytes]:
    """Three commits for `fast-import`: the old version, and after it the project and the new version."""
    yield from _commit("old-version", 1, 0)
    yield from _files(old)
    yield from _commit(OURS, 2, 1)
    yield f'M 040000 {ours} ""\n'.encode()
    yield from _commit(theirs, 3, 1)
    yield b"deleteall\n"
    yield from _files(new)


def _commit(branch: str, mark: int, parent: int) -> Iterator[bytes]:
    yield f"commit refs/heads/{branch}\nmark :{mark}\ncommitter livekit-planner <> 0 +0000\ndata 0\n".encode()
    if parent:
        yield f"from :{parent}\n".encode()


def _files(files: Mapping[str, File]) -> Iterator[bytes]:
    for path, file in files.items():
        yield b"M %s inline %s\ndata %d\n" % (file.mode.encode(), _quoted(os.fsencode(path)), len(file.data))
        yield file.data + b"\n"


def _quoted(path: bytes) -> bytes:
    """Quote a path as git reads it on one line."""
    return b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def _conflicts(out: str) -> tuple[str, list[Conflict]]:
    """Read the NUL-separated output of `merge-tree`: the merged tree, stages of conflicting paths, messages."""
    tree, *rest = out.split("\0")
    stages: dict[str, dict[int, Entry]] = {}
    parts = iter(rest)
    for record in parts:
        if not record:
            break
        kept, _, path = record.partition("\t")
        mode, oid, stage = kept.split(" ")
        stages.setdefault(path, {})[int(stage)] = Entry(mode, oid)
    reasons: dict[str, str] = {}
    for count in parts:
        if not count.strip():
            break
        paths = [next(parts) for _ in range(int(count))]
        kind, message = next(parts), next(parts).strip()
        if kind.startswith("CONFLICT"):
            reasons |= {path: message for path in paths if path not in reasons}
    return tree, [Conflict(path, reasons.get(path, "both changed it"), found) for path, found in sorted(stages.items())]
