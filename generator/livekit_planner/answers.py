"""Answers from a preset, a file and the command line: read, merged, judged all at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .errors import Problem, Refused

if TYPE_CHECKING:
    from .engine import Questionnaire, Step


_QUOTED = re.compile(r"""^([A-Za-z_]+=)(["'])(.*)\2$""", re.DOTALL)
# Copier takes any other text for true.
YES_OR_NO = {"true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"}


def read_file(path: Path) -> dict[str, Any]:
    """Read a YAML mapping of answers. Scalars stay strings: YAML turns a telephone number into an integer.

    Raises:
        Refused: it is not there or not a mapping.
    """
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 (strings only)
    except UnicodeDecodeError:
        raise Refused(Problem("--answers", str(path), "is not UTF-8 text", "save it as UTF-8")) from None
    except OSError as error:
        raise Refused(Problem("--answers", str(path), f"cannot be read: {error.strerror}", "name a YAML file")) from None
    except yaml.YAMLError as error:
        raise Refused(Problem("--answers", str(path), f"is not YAML: {error}", "write lines of name: value")) from None
    if not isinstance(loaded, dict):
        raise Refused(Problem("--answers", str(path), "holds no mapping", "write lines of name: value"))
    return {name: value for name, value in loaded.items() if not name.startswith("_")}


def read_sets(sets: Iterable[str]) -> dict[str, Any]:
    """Parse `name=value` into answers.

    Raises:
        Refused: one has no `=`.
    """
    given = [text.partition("=") for text in sets]
    if wrong := [Problem("--set", name, "has no '='", "write --set name=value") for name, equals, _ in given if not equals]:
        raise Refused(*wrong)
    return {name: value for name, _, value in given}


def split_words(text: str) -> list[str]:
    """Split `name=value name="some value"` before each name. Quotes around a value are taken off; one within it stays (O'Neil)."""
    parts = re.split(r"\s+(?=[A-Za-z_]+=)", text.strip())
    return [_QUOTED.sub(r"\1\3", part) for part in parts if part]


def gather(preset: str | None, file: Path | None, sets: Iterable[str]) -> dict[str, Any]:
    """Merge answers of a preset, a file and `--set`; the later wins.

    Raises:
        Refused: the file or a `--set` cannot be read.
    """
    return {**({"preset": preset} if preset else {}), **(read_file(file) if file else {}), **read_sets(sets)}


def split_lists(given: Mapping[str, Any], specifications: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Turn comma-separated text into a list for a multiple choice, and a list into lines for a text of many lines."""
    return {name: _shaped(value, specifications.get(name, {})) for name, value in given.items()}


def _shaped(value: Any, specification: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and specification.get("multiselect"):
        parts = value.strip().removeprefix("[").removesuffix("]").split(",")
        return [text for part in parts if (text := part.strip().strip("'\""))]
    if isinstance(value, list) and specification.get("multiline"):
        return "\n".join(map(str, value))
    return value


def judge(questionnaire: Questionnaire, given: Mapping[str, Any], *, planning: bool = False, plan: bool = True) -> list[Step]:
    """Evaluate all steps under `given`. While `planning`, choices that are not emitted yet are valid. Without `plan`, the plan is left out.

    Raises:
        Refused: with every problem that there is.
    """
    given = split_lists(given, questionnaire.specifications)
    known = [name for name, spec in questionnaire.specifications.items() if spec.get("when") is not False]
    problems = [unknown(name, given[name], known) for name in given if name not in known]
    steps = questionnaire.evaluate({name: value for name, value in given.items() if name in known}, planning=planning, plan=plan)
    asked = [problem_of(questionnaire, step, given) for step in steps if step.name in known]
    problems += [problem for problem in asked if problem]
    if not problems:  # what is computed from wrong answers fails because of them
        problems = [_computed(step) for step in steps if step.error]
    if problems:
        raise Refused(*problems)
    return steps


def refused_by_new(questionnaire: Questionnaire, planned: Iterable[Step]) -> list[Problem]:
    """Return a problem for each answer of a plan, given or the preset's, that is not emitted yet."""
    values = {step.name: step.value for step in planned if step.visible and step.answered}
    wrong = (step for step in questionnaire.evaluate(values, plan=False) if step.name in values and step.error)
    return [Problem(step.name, _value(value := values[step.name]), _reason(step, value), _fix(step, value)) for step in wrong]


def _value(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def unknown(name: str, value: Any, known: list[str]) -> Problem:
    """Describe an answer whose name no question has, with the nearest name."""
    near = difflib.get_close_matches(name, known, 1, 0.6)
    fix = f"did you mean {near[0]}?" if near else "livekit-planner options lists all"
    return Problem(name, value, "there is no such question", fix)


def problem_of(questionnaire: Questionnaire, step: Step, given: Mapping[str, Any]) -> Problem | None:
    """Describe what is wrong with the answer to one question; None if nothing is."""
    value = given.get(step.name)
    if step.given and not step.visible:
        depends = _asked_in(str(step.question.when), questionnaire.specifications)
        return Problem(step.name, value, "is not asked for these answers", f"leave it out, or change {' or '.join(depends)}")
    if step.given and step.question.get_type_name() == "bool" and str(value).casefold() not in YES_OR_NO:
        return Problem(step.name, value, "is neither yes nor no", "write true or false")
    if not step.error:
        return None
    return Problem(step.name, value, _reason(step, value), _fix(step, value))


def _asked_in(condition: str, specifications: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the questions that a condition depends on, directly or through computed values."""
    found: list[str] = []
    for name in re.findall(r"[a-z_]+", re.sub("'[^']*'", "", condition)):
        specification = specifications.get(name, {})
        computed = specification.get("when") is False
        found += _asked_in(str(specification["default"]), specifications) if computed else [name] if name in specifications else []
    return list(dict.fromkeys(found))


def _reason(step: Step, value: Any) -> str:
    told = " ".join(step.error.removeprefix(f"Validation error for question '{step.name}': ").split())
    if not step.given:  # the default does not fit to the other answers
        return told
    reasons = {str(choice.value): choice.reason for choice in step.choices()}
    wrong = value if isinstance(value, list) else [value]
    against = [f"{one}: {reasons[str(one)]}" for one in wrong if reasons.get(str(one))]
    unknown = [str(one) for one in wrong if reasons and str(one) not in reasons]
    if unknown:
        return f"{', '.join(unknown)} is not a choice"
    if against:
        return "; ".join(against) if isinstance(value, list) else reasons[str(value)]
    return f"takes {told}" if told == step.rule() else told


def _fix(step: Step, value: Any) -> str:
    possible = [str(choice.value) for choice in step.choices() if not choice.reason]
    if not possible:
        return ""
    wrong = [str(one) for one in (value if isinstance(value, list) else [value]) if str(one) not in possible]
    near = difflib.get_close_matches(wrong[0], possible, 1) if wrong else []
    return (
        f"did you mean {near[0]}? " if near else ""
    ) + f"choose {'some' if step.question.multiselect else 'one'} of {', '.join(possible)}"


def _computed(step: Step) -> Problem:
    return Problem(step.name, None, f"cannot be computed: {step.error}", "this is a mistake of the template: please report it")
