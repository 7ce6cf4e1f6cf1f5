"""Preparing an update: every content and the index that it will have are written aside, the project is not touched."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import git as command
from .merge import Change, Conflict, Merged, Scratch
from .paths import ANSWERS_FILE
from .project import NOTHING, Entry, Project
from .state import Journal, Operation, State

SUBMODULE = "160000"


@dataclass
class Work:
    """The steps of an update: what changes, what of it reaches the index only, and what a person has to decide."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    index_only: set[str] = field(default_factory=set)
    private: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kept_private: list[str] = field(default_factory=list)
    stay_deleted: list[str] = field(default_factory=list)

    @property
    def written(self) -> list[Change]:
        """Changes that reach the work tree."""
        return [one for one in self.changes if one.path not in self.index_only]

    @property
    def paths(self) -> list[str]:
        """Every path whose index entry changes."""
        return sorted({*(one.path for one in self.changes), *(one.path for one in self.conflicts)})


def work_of(project: Project, scratch: Scratch, merged: Merged) -> Work:
    """Divide what was merged: a path where something lies that git does not know becomes a conflict, a private one is not written."""
    work = Work(conflicts=list(merged.conflicts), stay_deleted=list(merged.stay_deleted), private=project.private())
    dropped = {one.path for one in merged.changes if one.is_dropped}
    for one in merged.changes:
        if one.path in work.private:
            work.index_only.add(one.path)
            if os.path.lexists(project.root / one.path):
                work.kept_private.append(one.path)
        elif one.is_new and (obstacle := _obstacle(project.root, one.path, dropped)):
            if obstacle != one.path or not _holds(project.root / one.path, scratch, one.new):
                reason = f"the new version has this file, and {obstacle} lies there without being tracked by git"
                work.conflicts.append(Conflict(one.path, reason, {3: one.new}))
                continue
            work.index_only.add(one.path)
        work.changes.append(one)
    return work


def _obstacle(root: Path, path: str, dropped: set[str]) -> str:
    """Return the path at or above `path` where something else lies that the update keeps; empty when there is none."""
    parts = Path(path).parts
    for length in range(1, len(parts)):
        folder = Path(*parts[:length])
        if os.path.lexists(root / folder) and ((root / folder).is_symlink() or not (root / folder).is_dir()):
            return "" if folder.as_posix() in dropped else folder.as_posix()
    target = root / path
    if target.is_dir() and not target.is_symlink():
        inside = [one.relative_to(root).as_posix() for one in target.rglob("*") if one.is_symlink() or not one.is_dir()]
        return "" if set(inside) <= dropped else path
    return path if os.path.lexists(target) else ""


def _holds(file: Path, scratch: Scratch, entry: Entry) -> bool:
    """Tell whether a file already has the content that the update would write."""
    if file.is_symlink() or not file.is_file():
        return False
    wanted = scratch.git.run("cat-file", "blob", entry.oid)
    return file.read_bytes().replace(b"\r\n", b"\n") == wanted.replace(b"\r\n", b"\n")


def prepare(state: State, scratch: Scratch, work: Work, answers: Entry, version: str) -> Journal:
    """Write aside all that is to be moved. The answers file comes last; with conflicts it waits until they are resolved.

    Raises:
        OSError, GitFailed: it cannot be written.
    """
    project = state.project
    state.begin()
    stamp = Change(ANSWERS_FILE, project.files()[ANSWERS_FILE], answers)
    scratch.hand_over(_objects([*work.changes, stamp], work.conflicts))
    before = project.index([*work.paths, ANSWERS_FILE])
    shutil.copyfile(project.index_file, state.folder / "index-before")
    shutil.copyfile(project.index_file, state.folder / "index")
    written = [one for one in work.written if not one.is_dropped]
    _update_index(state, [_line(project, one) for one in (*work.changes, stamp)])
    _check_out(state, [one.path for one in (*written, stamp)])
    _update_index(state, [line for one in work.conflicts for line in _stages(project, one)])
    _flag_again(state, work)
    if work.conflicts:
        _update_index(state, [_line(project, Change(ANSWERS_FILE, stamp.new, stamp.old))])
    else:
        written.append(stamp)
    operations = [Operation(one.path, write=False) for one in work.written if one.is_dropped]
    operations += [Operation(one.path, write=True, digest=digest(state.new / one.path)) for one in written]
    conflicting = sorted(one.path for one in work.conflicts)
    flags = [(path, option) for path in work.paths for option in work.private.get(path, [])]
    folders = _new_folders(project.root, written)
    journal = Journal(project.head, version, operations, folders, before, flags, conflicting, stamped=not work.conflicts)
    state.write(journal)
    return journal


def digest(file: Path) -> str:
    """Return a fingerprint of what lies at a path, empty when nothing does."""
    if file.is_symlink():
        return hashlib.sha256(os.fsencode(os.readlink(file))).hexdigest()
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _objects(changes: Iterable[Change], conflicts: Iterable[Conflict]) -> list[str]:
    entries = [*(one.new for one in changes), *(entry for one in conflicts for entry in one.stages.values())]
    return [entry.oid for entry in entries if entry.mode not in (NOTHING, SUBMODULE)]


def _line(project: Project, change: Change) -> str:
    entry = change.new
    return project.removal(change.path) if change.is_dropped else f"{entry.mode} {entry.oid} 0\t{project.prefix}{change.path}"


def _stages(project: Project, conflict: Conflict) -> list[str]:
    staged = [f"{entry.mode} {entry.oid} {stage}\t{project.prefix}{conflict.path}" for stage, entry in sorted(conflict.stages.items())]
    return [project.removal(conflict.path), *staged]


def _update_index(state: State, lines: Sequence[str]) -> None:
    git = command.users(state.project.top, state.folder / "index")
    git.run("update-index", "-z", "--index-info", stdin=b"".join(os.fsencode(line) + b"\0" for line in lines))


def _check_out(state: State, paths: Sequence[str]) -> None:
    """Write files as git would write them into this work tree: with its line ends, filters and modes."""
    git = command.users(state.project.top, state.folder / "index")
    names = b"".join(os.fsencode(state.project.prefix + path) + b"\0" for path in paths)
    git.run("checkout-index", "-z", "--stdin", f"--prefix={state.contents / 'new'}/", stdin=names)


def _flag_again(state: State, work: Work) -> None:
    """Give entries of private files back the flags that a new entry does not have."""
    git = command.users(state.project.top, state.folder / "index")
    conflicting = {one.path for one in work.conflicts}
    for change in work.changes:
        if change.path not in conflicting and not change.is_dropped:
            for option in work.private.get(change.path, []):
                git.run("update-index", option, "--", state.project.prefix + change.path)


def _new_folders(root: Path, changes: Iterable[Change]) -> list[str]:
    """List the folders that do not exist yet, outermost first."""
    folders = {folder for one in changes for folder in Path(one.path).parents if folder.parts}
    return sorted(folder.as_posix() for folder in folders if not (root / folder).is_dir())
