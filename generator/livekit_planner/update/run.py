"""The course of `livekit-planner update`: what is checked, shown, asked and done, in this order."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..errors import CONFLICTS, DONE, FAILED, MISSING, Problem, Refused
from ..screen import say

if TYPE_CHECKING:
    from .origin import Step
    from .plan import Planned, Wanted
    from .project import Project
    from .state import Journal, State

_RESOLVE: Final = """Nothing is committed. Edit each of them, remove the markers and git add FILE; or git rm FILE to go without it.
  livekit-planner update --continue   when all are resolved: records the new version
  livekit-planner update --abort      goes back to what the project was before"""


@dataclass(frozen=True)
class Told:
    """The end of a run: its exit code, the sentence for people and the record for programs."""

    code: int
    text: str
    record: dict[str, Any]


@dataclass(frozen=True)
class Options:
    """The options of a run, apart from the changes that it makes."""

    to: str | None
    source: str | None
    dry_run: bool
    diff: bool
    yes: bool
    as_json: bool
    accept_blockers: bool


def run(dest: Path, action: str, wanted: Wanted, options: Options) -> Told:
    """Do what `action` says: update, check, continue or abort.

    Raises:
        Refused: it cannot be done; nothing was written.
    """
    from .git import GitFailed

    try:
        with _ended_by_signals():
            return _run(dest, action, wanted, options)
    except GitFailed as failed:
        reason = f"did not do what an update needs: {failed}"
        raise Refused(Problem("git", None, reason, "mend that and update again"), exit_code=MISSING) from failed
    except OSError as error:
        reason = f"cannot be written: {error.strerror or error}; the project is as it was"
        raise Refused(Problem("DEST", error.filename, reason, "make room, then update again"), exit_code=MISSING) from error


def _run(dest: Path, action: str, wanted: Wanted, options: Options) -> Told:
    from . import apply, project
    from .state import State

    found = project.find(dest)
    if action == "check":
        return _check(_step(found, options))
    state = State(found)
    with state.locked():
        if told := apply.recover(state):
            say(told, err=True)
        if action == "abort":
            apply.abort(state)
            return Told(DONE, "The update is undone: the project is as it was before.", {"ok": True, "status": "undone"})
        if action == "continue":
            return _continue(state)
        _check_unfinished(state)
        return _update(state, wanted, options)


def _step(project: Project, options: Options) -> Step:
    from . import origin

    step = origin.choose(project.root, project.recorded(), options.source, options.to)
    if step.is_older and not (options.to or options.source):
        fix = "install a newer livekit-planner, or name the version to go back to with --to"
        raise Refused(Problem("DEST", str(project.root), "was made by a newer version than this installation has", fix))
    return step


def _check(step: Step) -> Told:
    old, new = step.name(step.old), step.name(step.new)
    record = {"ok": step.is_same, "from": old, "to": new, "status": "up to date" if step.is_same else "behind"}
    if step.is_same:
        return Told(DONE, f"Up to date with {new}.", record)
    return Told(FAILED, f"Behind: the project is at {old}, {new} is there. livekit-planner update shows what changes.", record)


def _update(state: State, wanted: Wanted, options: Options) -> Told:
    from . import apply, staging
    from .paths import ANSWERS_FILE
    from .plan import planned
    from .preview import nothing
    from .project import check_clean, find
    from .state import APPLIED

    project = state.project
    step = _step(project, options)
    if step.is_same and wanted.is_nothing:
        version = step.name(step.new)
        return Told(DONE, f"Up to date with {version}.", {"ok": True, "status": "up to date", **nothing(version).record()})
    check_clean(project, [ANSWERS_FILE])
    with planned(project, step, project.recorded(), wanted) as update:
        if not options.as_json:
            say(update.preview.text(whole=options.diff))
            if options.diff:
                click.echo("\n" + update.diff())
        _check_blockers(update, options)
        check_clean(project, update.work.paths)
        record = {"ok": True, "status": "previewed", **update.preview.record(), **({"diff": update.diff()} if options.diff else {})}
        if options.dry_run:
            return Told(DONE, "\nNothing was written.", record)
        _confirm(options)
        try:
            journal = staging.prepare(state, update.scratch, update.work, update.answers, update.preview.new)
            now = find(project.root)
            check_clean(now, [*update.work.paths, ANSWERS_FILE])
            if now.head != project.head:
                raise Refused(Problem("DEST", str(project.root), "has a new commit meanwhile", "update again"))
            apply.apply(state, apply.Disk())
        except BaseException as error:
            if state.phase == APPLIED and isinstance(error, KeyboardInterrupt):
                return _applied(journal, update, record)  # the signal came while the files were moved, and all are
            state.clear()
            raise
        return _applied(journal, update, record)


def _applied(journal: Journal, update: Planned, record: dict[str, Any]) -> Told:
    if not journal.stamped:
        paths = "\n".join(f"  {path}" for path in journal.conflicts)
        text = f"\nUpdated, and {len(journal.conflicts)} in conflict:\n{paths}\n{_RESOLVE}"
        return Told(CONFLICTS, text, {**record, "ok": False, "status": "conflicts"})
    lines = [
        f"\nUpdated to {update.preview.new}. Nothing is committed. Go on with:",
        "  git diff --cached",
        "  make setup && make check && make doctor",
        "  git commit -m 'chore: update from the template'",
        "livekit-planner update --abort undoes it until you commit.",
    ]
    return Told(DONE, "\n".join(lines), {**record, "status": "updated"})


def _check_blockers(update: Planned, options: Options) -> None:
    """Refuse what the review of the new plan newly says cannot work, as `new` does."""
    if not update.blockers or options.accept_blockers:
        return
    problems = [Problem(one["answer"], None, one["effect"], f"{one['remedy']} Or take --accept-blockers.") for one in update.blockers]
    raise Refused(*problems)


def _confirm(options: Options) -> None:
    """Ask a person.

    Raises:
        Refused: nobody is there to be asked, and nobody said yes beforehand.
        KeyboardInterrupt: no.
    """
    if options.yes:
        return
    if options.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(Problem("--yes", None, "is needed where no one can be asked", "look at --dry-run, then take --yes"))
    if not click.confirm("\nApply this update?", err=True):
        raise KeyboardInterrupt


def _check_unfinished(state: State) -> None:
    from .state import APPLIED

    if state.phase == APPLIED and not state.journal().stamped:
        fix = "livekit-planner update --continue records it, --abort undoes it"
        raise Refused(Problem("DEST", str(state.project.root), "has an update that is not finished", fix), exit_code=CONFLICTS)


def _continue(state: State) -> Told:
    from . import apply

    journal = apply.check_resolved(state)
    apply.stamp(state)
    text = f"Updated to {journal.version}; the answers file records it. Go on with make setup && make check, then commit."
    return Told(DONE, text, {"ok": True, "status": "updated", "to": journal.version})


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: with everything tidied up."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
