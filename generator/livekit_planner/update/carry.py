"""Answers of a project carried over to a version: what was recorded, what is given anew, and what changes along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from .. import answers as merge
from ..errors import Problem, Refused

if TYPE_CHECKING:
    from ..engine import Questionnaire

_FIXED: Final = {
    "project_name": "it stays for good: repository, package and agent are called by it",
    "package_name": "an update would move the sources, and your own files import the package by this name",
    "preset": "it only seeds the answers of a new project",
}
_RESEED: Final = "change the answers that you mean with --set, or take another preset's with --reseed PRESET"
# What a project keeps when it takes another preset's answers: who it is, not what it does.
IDENTITY: Final = ("project_name", "package_name", "organisation", "contact_email", "github_repository", "project_license")


@dataclass(frozen=True)
class Changed:
    """An answer that differs from the recorded one. `old` or `new` is None where there is none; `given` if the user said so."""

    name: str
    old: Any
    new: Any
    reason: str
    given: bool

    def record(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def read(sets: Iterable[str], unsets: Iterable[str], reseed: str | None, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Read `--set` and `--reseed` as given answers.

    Raises:
        Refused: with every name that cannot be changed, or is not recorded, or is both set and unset.
    """
    given = merge.read_sets(sets)
    problems = [Problem("--set", f"{name}={given[name]}", f"cannot change: {_FIXED[name]}", _fix(name)) for name in given if name in _FIXED]
    for name in unsets:
        if name in _FIXED:
            problems.append(Problem("--unset", name, f"cannot change: {_FIXED[name]}", _fix(name)))
        elif name in given:
            problems.append(Problem("--unset", name, "is set and unset", "take one of both"))
        elif name not in recorded:
            problems.append(Problem("--unset", name, "is no recorded answer", "see .copier-answers.yml for those that are"))
    if problems:
        raise Refused(*problems)
    return {"preset": reseed, **given} if reseed else given


def _fix(name: str) -> str:
    return _RESEED if name == "preset" else "leave it out"


def carry(
    questionnaire: Questionnaire, given: Mapping[str, Any], recorded: Mapping[str, Any], unsets: Sequence[str] = ()
) -> tuple[dict[str, Any], list[Changed]]:
    """Return the answers of the new version, and those that differ from the recorded ones, in the order of the questions.

    Raises:
        Refused: with every problem of what is given.
    """
    answers = {name: value for name, value in recorded.items() if not name.startswith("_")}
    kept = {name: value for name, value in answers.items() if name not in unsets and ("preset" not in given or name in IDENTITY)}
    given = merge.split_lists(given, questionnaire.specifications)
    known = [name for name, specification in questionnaire.specifications.items() if specification.get("when") is not False]
    problems = [merge.unknown(name, given[name], known) for name in given if name not in known]
    steps, dropped = questionnaire.follow({name: value for name, value in given.items() if name in known}, kept)
    asked = [step for step in steps if step.name in known]
    problems += [problem for step in asked if (problem := merge.problem_of(questionnaire, step, given))]
    if problems:
        raise Refused(*problems)
    new = {step.name: step.value for step in asked if step.visible and step.answered}
    changed = [
        Changed(name, answers.get(name), new.get(name), _reason(name, given, answers, new, dropped, unsets), name in given)
        for name in dict.fromkeys([*new, *answers])
        if answers.get(name) != new.get(name)
    ]
    return new, changed


def _reason(
    name: str,
    given: Mapping[str, Any],
    answers: Mapping[str, Any],
    new: Mapping[str, Any],
    dropped: Mapping[str, str],
    unsets: Sequence[str],
) -> str:
    """Why an answer differs from the recorded one."""
    if name in given:
        return "you set it"
    if name in unsets:
        return "you unset it, this is its default now"
    if name not in new:
        return "this version does not ask it for these answers"
    if name not in answers:
        return "this version asks it, and this is its default"
    if "preset" in given:
        return f"the answer of the preset {given['preset']}"
    return dropped.get(name) or "its default changed with other answers"
