"""One update from the recorded version to another, worked out: rendered twice, merged, and nothing of the project touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import CONFLICTS, Problem, Refused
from . import carry, owner, preview, rendering
from .merge import Change, Scratch, managed, with_line_ends_of
from .origin import Step
from .paths import ANSWERS_FILE
from .project import NOTHING, Entry, Project
from .rendering import File, Rendering
from .staging import Work, work_of


@dataclass(frozen=True)
class Wanted:
    """The changes that the command line asks of an update."""

    sets: Sequence[str] = ()
    unsets: Sequence[str] = ()
    reseed: str | None = None
    yours: bool = False

    @property
    def is_nothing(self) -> bool:
        """Tell whether only a newer version would change anything."""
        return not (self.sets or self.unsets or self.reseed or self.yours)


@dataclass(frozen=True)
class Planned:
    """An update that is ready to be prepared and applied."""

    preview: preview.Preview
    work: Work
    scratch: Scratch
    answers: Entry
    blockers: Sequence[Mapping[str, Any]]

    def diff(self) -> str:
        """Show every line that would change: of managed files, then of the owner's."""
        return self.scratch.diff() + "".join(one.diff() for one in self.preview.offers)


@contextmanager
def planned(project: Project, step: Step, recorded: Mapping[str, Any], wanted: Wanted) -> Iterator[Planned]:
    """Work an update out; its objects and renderings lie in a temporary folder meanwhile.

    Raises:
        Refused: the project or what is wanted does not allow it.
    """
    with TemporaryDirectory(prefix="livekit-planner-") as folder:
        place = Path(folder)
        given = carry.read(wanted.sets, wanted.unsets, wanted.reseed, recorded)
        files = project.files()
        _check_markers(project)
        old_template = step.extract(step.old, place / "old-template")
        new_template = old_template if step.new == step.old else step.extract(step.new, place / "new-template")
        earlier = rendering.Started(old_template, place / "old", *_split(recorded))
        try:
            answers, changed = _carried(new_template, given, recorded, wanted.unsets)
            stamp = {"_commit": step.recorded, "_src_path": step.location}
            new = rendering.render(new_template, place / "new", answers, stamp)
            old = earlier.finish()
        finally:
            earlier.stop()

        def born() -> Rendering | None:
            return _born(project, step, recorded, place)

        scratch = Scratch(place / "scratch", project)
        offers = owner.offers(project, files, old, new, born)
        work, edited = _worked(project, scratch, files, (old, new), step.name(step.new), offers if wanted.yours else [])
        yield Planned(
            preview.Preview(
                step.name(step.old),
                step.name(step.new),
                step.is_older,
                step.history.changelog(step.old, step.new) if step.history else "",
                changed,
                preview.new_findings(old, new),
                preview.new_steps(old, new),
                work,
                edited,
                offers,
                wanted.yours,
            ),
            work,
            scratch,
            scratch.store(File(files[ANSWERS_FILE].mode, new.answers)),
            [one for one in preview.new_findings(old, new) if one["severity"] == "Blocker"],
        )


def _worked(
    project: Project,
    scratch: Scratch,
    files: Mapping[str, Entry],
    versions: tuple[Rendering, Rendering],
    name: str,
    taken: Sequence[owner.Offer],
) -> tuple[Work, frozenset[str]]:
    """Merge both versions into the project; also return the paths that its owner edited."""
    old, new = managed(*versions)
    with_line_ends_of(project, files, (old, new))
    merged = scratch.merge(old, new, name.split()[0])
    for one in taken:
        if not one.edited:
            entry = scratch.store(one.new) if one.new else Entry(NOTHING, "")
            merged.changes.append(Change(one.path, files.get(one.path, Entry(NOTHING, "")), entry))
    born = scratch.entries("old-version")
    edited = frozenset(path for path, entry in files.items() if path in born and born[path] != entry)
    return work_of(project, scratch, merged), edited


def _carried(
    template: Path, given: Mapping[str, Any], recorded: Mapping[str, Any], unsets: Sequence[str]
) -> tuple[dict[str, Any], list[carry.Changed]]:
    from .. import engine

    with engine.Questionnaire(template) as questionnaire:
        return carry.carry(questionnaire, given, recorded, unsets)


def _born(project: Project, step: Step, recorded: Mapping[str, Any], place: Path) -> Rendering | None:
    """Render the version that the project was born with, if it is another than the recorded one and can be had."""
    first = owner.birth(project)
    if not first or first == recorded or not step.history:
        return None
    commit = step.history.resolve(str(first["_commit"]))
    if not commit:
        return None
    return rendering.render(step.extract(commit, place / "first-template"), place / "first", *_split(first))


def _split(recorded: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Answers, and what stands beside them in the answers file."""
    beside = {name: str(value) for name, value in recorded.items() if name.startswith("_")}
    return {name: value for name, value in recorded.items() if name not in beside}, beside


def _check_markers(project: Project) -> None:
    marked = project.marked()
    if marked:
        fix = "resolve them and commit, then update"
        raise Refused(Problem("conflict markers", ", ".join(marked), "are committed in these files", fix), exit_code=CONFLICTS)
