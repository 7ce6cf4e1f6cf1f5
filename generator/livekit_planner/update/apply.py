"""Applying a prepared update by renames alone, and undoing it by renames alone: neither needs room on the disk."""

from __future__ import annotations

import filecmp
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import CONFLICTS, Problem, Refused
from . import git as command
from .git import GitFailed
from .paths import ANSWERS_FILE
from .project import MARKERS
from .staging import digest
from .state import APPLIED, APPLYING, UNDOING, Journal, State

_DEFERRED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Disk:
    """The moves of an update, one file each. Tests let one of them fail."""

    def move(self, source: Path, target: Path) -> None:
        """Rename a file or folder, making the folders above its target."""
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)


def apply(state: State, disk: Disk) -> None:
    """Move everything into place. The project is as before when this fails.

    Raises:
        Refused: something changed meanwhile, another git process holds the index, or a file cannot be moved.
    """
    journal = state.journal()
    with _undisturbed():
        state.enter(APPLYING)
        try:
            _lock_index(state)
            for one in journal.operations:
                _exchange(state, one.path, disk, write=one.write)
            disk.move(_index_lock(state), state.project.index_file)
            state.enter(APPLIED)
        except BaseException as error:
            _roll_back(state, journal)
            if isinstance(error, OSError):
                where = error.filename or state.project.root
                reason = f"cannot be written: {error.strerror or error}; nothing was changed"
                raise Refused(Problem("DEST", str(where), reason, "mend that and update again")) from error
            raise
    _refresh(state)


def recover(state: State) -> str:
    """Bring a project whose update was interrupted back to what it was, and say so; an empty text when none was."""
    phase = state.phase
    if phase == APPLYING:
        with _undisturbed():
            _roll_back(state, state.journal())
        return "An update was interrupted here. The project is as it was before it."
    if phase == UNDOING:
        with _undisturbed():
            _undo(state, state.journal())
        return "Undoing an update was interrupted here. It is undone now."
    if phase != APPLIED:
        state.clear()
    return ""


def abort(state: State) -> None:
    """Undo the last update: every file and index entry that it wrote is as before.

    Raises:
        Refused: there is none, or something was built on it that would be lost.
    """
    if state.phase != APPLIED:
        raise Refused(Problem("--abort", None, "there is no update to undo", ""))
    journal = state.journal()
    if state.project.head != journal.head:
        raise Refused(Problem("--abort", None, "something was committed since the update", "undo the commit with git revert"))
    if journal.stamped:
        changed = [one.path for one in journal.operations if one.digest != digest(state.project.root / one.path)]
        if changed:
            fix = f"undo single files with git checkout {journal.head[:9]} -- FILE"
            raise Refused(Problem("--abort", ", ".join(changed), "changed since the update and would be lost", fix))
    with _undisturbed():
        state.enter(UNDOING)
        _undo(state, journal)


def check_resolved(state: State) -> Journal:
    """Check that nothing of an update is left to decide, and return its journal.

    Raises:
        Refused: there is no update to finish, a conflict is left, or the changes were taken back.
    """
    if state.phase != APPLIED or (journal := state.journal()).stamped:
        raise Refused(Problem("--continue", None, "there is no update to finish", ""))
    project = state.project
    unmerged = {record.partition("\t")[2].removeprefix(project.prefix) for record in project.git.names("ls-files", "-u", "-z")}
    left = [path for path in journal.conflicts if path in unmerged or has_markers(project.root / path)]
    if left:
        fix = "edit them and git add them, or git rm them"
        raise Refused(Problem("--continue", ", ".join(left), "still in conflict", fix), exit_code=CONFLICTS)
    clean = [one.path for one in journal.operations if one.path not in journal.conflicts]
    before = {line for line in journal.index_before if line.partition("\t")[2].removeprefix(project.prefix) in clean}
    if clean and before == set(project.index(clean)):
        raise Refused(Problem("--continue", None, "the update was taken back by other means", "livekit-planner update --abort forgets it"))
    return journal


def has_markers(file: Path) -> bool:
    """Tell whether a file holds conflict markers."""
    return file.is_file() and MARKERS.search(file.read_bytes()) is not None


def stamp(state: State) -> None:
    """Write the answers file of an update whose conflicts are resolved: source, version and answers are the new ones."""
    project = state.project
    with _undisturbed():
        if (state.new / ANSWERS_FILE).exists():
            _exchange(state, ANSWERS_FILE, Disk(), write=True)
        project.git.run("update-index", "--add", "--", project.prefix + ANSWERS_FILE)
        state.clear()


def _undo(state: State, journal: Journal) -> None:
    _put_back(state, journal)
    _restore_index(state, journal)
    state.clear()
    _refresh(state)


def _restore_index(state: State, journal: Journal) -> None:
    lines = b"".join(os.fsencode(line) + b"\0" for line in journal.index_before)
    state.project.git.run("update-index", "-z", "--index-info", stdin=lines)
    for path, option in journal.flags:
        state.project.git.run("update-index", option, "--", state.project.prefix + path)


def _exchange(state: State, path: str, disk: Disk, *, write: bool) -> None:
    """Set aside what lies at a path and put the new content there. A folder that becomes empty goes."""
    target = state.project.root / path
    if os.path.lexists(target):
        disk.move(target, state.old / path)
    if write:
        disk.move(state.new / path, target)
        return
    for folder in target.parents:
        if folder == state.project.root:
            return
        try:
            folder.rmdir()
        except OSError:  # not empty
            return


def _roll_back(state: State, journal: Journal) -> None:
    """Undo what was moved so far; the phase is such that this can be repeated."""
    _put_back(state, journal)
    index, lock, ours = state.project.index_file, _index_lock(state), state.folder / "index"
    if lock.exists() and lock.samefile(ours):
        lock.unlink()
    elif index.samefile(ours):
        (state.folder / "index-before").replace(index)
    state.clear()


def _put_back(state: State, journal: Journal) -> None:
    """Move every content to where it was before, whichever of the moves were made."""
    root = state.project.root
    for one in reversed(journal.operations):
        target, new, old = root / one.path, state.new / one.path, state.old / one.path
        if one.write and not os.path.lexists(new) and os.path.lexists(target):
            new.parent.mkdir(parents=True, exist_ok=True)
            target.rename(new)
        if os.path.lexists(old):
            target.parent.mkdir(parents=True, exist_ok=True)
            old.rename(target)
    for folder in reversed(journal.folders):
        with suppress(OSError):  # something else is in it
            (root / folder).rmdir()


def _lock_index(state: State) -> None:
    """Take git's own lock of the index, with the new index as its content.

    Raises:
        Refused: another git process has it, or the index is not the one that was prepared for.
    """
    lock = _index_lock(state)
    try:
        lock.hardlink_to(state.folder / "index")
    except FileExistsError:
        raise Refused(Problem("index", str(lock), "exists: another git process is at work", "wait for it, or remove the file")) from None
    if not filecmp.cmp(state.project.index_file, state.folder / "index-before", shallow=False):
        raise Refused(Problem("index", None, "changed while the update was prepared", "update again"))


def _index_lock(state: State) -> Path:
    return state.project.index_file.with_name("index.lock")


def _refresh(state: State) -> None:
    """Let git note that the files are those of the index. Without it the next command of git's does."""
    with suppress(GitFailed):
        command.users(state.project.top).run("update-index", "-q", "--refresh", accept=(0, 1))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C and the like wait until the moves are made: they take milliseconds."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _DEFERRED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
