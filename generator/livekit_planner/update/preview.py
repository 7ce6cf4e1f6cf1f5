"""The preview of an update, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .carry import Changed
from .merge import Change
from .owner import Offer
from .rendering import Rendering
from .staging import Work

GRAVE: Final = ("Blocker", "High")
_LINES: Final = 16  # lines of the changelog that are shown
_MOST: Final = 12  # paths of one kind that are listed by name


@dataclass(frozen=True)
class Preview:
    """One update before it is applied."""

    old: str
    new: str
    older: bool
    changelog: str
    answers: Sequence[Changed]
    findings: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]
    work: Work
    edited: frozenset[str]
    offers: Sequence[Offer]
    taken: bool

    @property
    def conflicting(self) -> set[str]:
        """Return the paths in conflict."""
        return {one.path for one in self.work.conflicts}

    def kinds(self) -> dict[str, list[str]]:
        """Group the paths by what happens to them."""
        found: dict[str, list[str]] = {"changed": [], "new": [], "dropped": []}
        for one in self.work.changes:
            if one.path not in self.conflicting:
                found[_kind(one)].append(one.path)
        return found

    def record(self) -> dict[str, Any]:
        """Return the record for programs."""
        return {
            "from": self.old,
            "to": self.new,
            "older": self.older,
            "changelog": self.changelog,
            "files": {kind: sorted(paths) for kind, paths in self.kinds().items()},
            "merged_with_your_edits": sorted(self.edited),
            "conflicts": [{"path": one.path, "reason": one.reason} for one in self.work.conflicts],
            "stay_deleted": list(self.work.stay_deleted),
            "not_written": sorted(self.work.kept_private),
            "answers": [one.record() for one in self.answers],
            "findings": list(self.findings),
            "open_steps": list(self.steps),
            "yours": [
                {"path": one.path, "kind": one.kind, "edited": one.edited, "written": self.taken and not one.edited} for one in self.offers
            ],
        }

    def text(self, *, whole: bool) -> str:
        """Return the text for people. With `whole`, every path is named."""
        lines = [f"Update from {self.old} to {self.new}{', which is older' if self.older else ''}."]
        lines += self._changelog(whole=whole)
        lines += _block("Answers that change, --unset NAME brings a default back", map(_answer, self.answers), whole=True)
        lines += _block("New in the plan's review", map(_finding, self.findings), whole=True)
        for kind, paths in self.kinds().items():
            told = (f"{path} (with your edits)" if path in self.edited and kind == "changed" else path for path in sorted(paths))
            lines += _block(f"Files {kind}", told, whole=whole)
        lines += _block("Files in conflict", (f"{one.path}: {one.reason}" for one in self.work.conflicts), whole=True)
        lines += _block("Deleted by you, stay deleted", self.work.stay_deleted, whole=whole)
        lines += _block("Kept as they lie here (skip-worktree), changed in git's index only", sorted(self.work.kept_private), whole=True)
        lines += self._yours(whole=whole)
        lines += _block("Your own files must say for these answers", (f"{one['answer']}: {one['what']}" for one in self.steps), whole=True)
        return "\n".join(lines)

    def _changelog(self, *, whole: bool) -> list[str]:
        lines = [line for line in self.changelog.splitlines() if line.strip()]
        if whole or len(lines) <= _LINES:
            return ["", *lines] if lines else []
        titles = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
        rest = f"  and {len(lines) - _LINES} more lines of {', '.join(titles)} (--diff shows all)"
        return ["", *lines[:_LINES], rest]

    def _yours(self, *, whole: bool) -> list[str]:
        free = [f"{one.path} ({one.kind})" for one in self.offers if not one.edited]
        title = "Your files, unedited, written" if self.taken else "Your files, unedited: --yours takes the new version of"
        edited = [f"{one.path} ({one.kind})" for one in self.offers if one.edited]
        return _block(title, free, whole=whole) + _block(
            "Your files, edited, left alone: --diff shows the new version of", edited, whole=whole
        )


def nothing(version: str) -> Preview:
    """Return the preview of a project that has everything already."""
    return Preview(version, version, False, "", (), (), (), Work(), frozenset(), (), False)


def new_findings(old: Rendering, new: Rendering) -> list[Mapping[str, Any]]:
    """Return the grave findings of the new plan that the old plan does not have."""
    known = {(one.get("code"), one["answer"]) for one in old.findings}
    return [one for one in new.findings if one["severity"] in GRAVE and (one.get("code"), one["answer"]) not in known]


def new_steps(old: Rendering, new: Rendering) -> list[Mapping[str, Any]]:
    """Return the steps for the owner's files that the old version does not ask for."""
    known = [(one["answer"], one["what"]) for one in old.owner_steps]
    return [one for one in new.owner_steps if (one["answer"], one["what"]) not in known]


def _kind(change: Change) -> str:
    return "new" if change.is_new else "dropped" if change.is_dropped else "changed"


def _block(title: str, rows: Iterable[str], *, whole: bool) -> list[str]:
    every = list(rows)
    if not every:
        return []
    shown = every if whole or len(every) <= _MOST else every[:_MOST]
    rest = [f"  and {len(every) - len(shown)} more (--diff names all)"] if len(shown) < len(every) else []
    return ["", f"{title} ({len(every)}):", *(f"  {row}" for row in shown), *rest]


def _answer(one: Changed) -> str:
    return f"{one.name}: {_value(one.old)} -> {_value(one.new)}" + ("" if one.given else f" ({one.reason})")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "-" if value is None else str(value)


def _finding(one: Mapping[str, Any]) -> str:
    return f"{one['severity']} {one['answer']}: {one['effect']} {one['remedy']}"
