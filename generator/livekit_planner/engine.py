"""Copier's own question engine and renderer. The only module that knows private names of Copier; each has a contract test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from copier import Phase, Settings, run_copy
from copier._main import Worker
from copier._settings import SettingsModel
from copier._types import MISSING
from copier._user_data import AnswersMap, Question
from jinja2 import Environment

from . import compiled

ANSWERS_FILE = Path(".copier-answers.yml")
PLAN = "plan"
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ '_](?=\d)")
_NUMBER = re.compile(r"(-?\d+(?:[.,]\d+)*(?:e\d)?)(?:\s+\D*|%)?")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:[.,]\d{3})+")
_compiled: dict[Any, Any] = {}


@dataclass(frozen=True)
class Choice:
    """One choice of a question; `reason` is empty if it can be taken."""

    value: Any
    label: str
    reason: str


@dataclass(frozen=True)
class Step:
    """One question under the answers so far. `error` is empty when its answer stands."""

    name: str
    question: Question
    visible: bool
    asked: bool
    value: Any
    given: bool
    error: str

    @property
    def answered(self) -> bool:
        """Tell whether it has a value; it has none if its default cannot be computed."""
        return self.value is not MISSING

    def choices(self) -> list[Choice]:
        """Return its choices with the reasons against them."""
        if not self.question.choices:
            return []
        return [Choice(c.value, str(c.title), str(c.disabled or "")) for c in self.question._formatted_choices]

    def rule(self) -> str:
        """Return the values it takes (a range, a form, an example): the validator's message for an empty answer."""
        empty: Any = [] if self.question.multiselect else ""
        with suppress(Exception):
            return " ".join(str(self.question.render_value(self.question.validator, {self.name: empty})).split())
        return ""


class Questionnaire:
    """The questions of a template folder (without history). Close it when done."""

    def __init__(self, template: Path) -> None:
        """Nothing is written: the destination does not exist."""
        self._worker = Worker(src_path=str(template), dst_path=Path("/nonexistent"), quiet=True, settings=SettingsModel())
        with quick():
            self.specifications: dict[str, dict[str, Any]] = dict(self._worker.template.questions_data)

    def close(self) -> None:
        """Remove the temporary folders of Copier."""
        self._worker._cleanup()

    def __enter__(self) -> Questionnaire:
        """For `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """For `with`."""
        self.close()

    def evaluate(
        self, given: Mapping[str, Any], remembered: Mapping[str, Any] | None = None, *, planning: bool = False, plan: bool = True
    ) -> list[Step]:
        """Evaluate every question in order, with the answers `given` and defaults for the rest; collect all errors.

        What is `remembered` of an earlier asking becomes the default of its prompt. While `planning`, choices that are
        not emitted yet can be taken. Without `plan`, its step is left out: it takes 2 s, and no question reads it.
        """
        worker = self._worker
        worker.answers = AnswersMap(
            init={"planning": True} if planning else {},
            last=dict(remembered or {}),
            metadata=worker.template.metadata,
            external=worker._external_data(),
        )
        return self._steps(given, plan=plan)

    def follow(self, given: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[list[Step], dict[str, str]]:
        """Evaluate every question but the plan under new answers `given` and answers `recorded` by an earlier version.

        A recorded answer that does not hold any more gives way to the default, as in an update by Copier. The second result
        says why, by question; the reason is empty for one that is not asked any more.
        """
        worker = self._worker
        worker.answers = AnswersMap(last=dict(recorded), metadata=worker.template.metadata, external=worker._external_data())
        dropped: dict[str, str] = {}
        return self._steps(given, plan=False, dropped=dropped), dropped

    def _steps(self, given: Mapping[str, Any], *, plan: bool, dropped: dict[str, str] | None = None) -> list[Step]:
        steps = []
        with quick(), Phase.use(Phase.PROMPT):
            for name, specification in self.specifications.items():
                if name == PLAN and not plan:
                    continue
                step = self._step(name, specification, given, dropped)
                if step.value is not MISSING:
                    self._worker.answers.user[name] = step.value
                steps.append(step)
        return steps

    def page(self, template: str, steps: Sequence[Step]) -> str:
        """Render one file of the project from `steps`; nothing is written."""
        worker = self._worker
        worker.answers = AnswersMap(
            user={step.name: step.value for step in steps if step.value is not MISSING},
            metadata=worker.template.metadata,
            external=worker._external_data(),
        )
        with quick(), Phase.use(Phase.RENDER):
            context = {**worker._render_context(), "_copier_operation": "copy"}
            return worker.jinja_env.get_template(f"template/project/{template}").render(context)

    def _step(self, name: str, specification: dict[str, Any], given: Mapping[str, Any], dropped: dict[str, str] | None) -> Step:
        worker = self._worker
        context = {**worker._render_context(), "_copier_operation": "copy"}
        question = Question(
            var_name=name,
            answers=worker.answers,
            context=context,
            jinja_env=worker.jinja_env,
            settings=worker.settings,
            **specification,
        )
        visible = bool(question.get_when())
        if not visible:
            worker.answers.hide(name)
        if dropped is not None and name in worker.answers.last:
            _drop_what_fails(question, dropped, visible=visible)
        value, error = MISSING, ""
        try:
            if visible and name in given:
                value = _parsed(question, given[name])
                question.validate_answer(value)
            else:
                value = question.get_default()
        except Exception as problem:  # whatever a template's expression raises is the answer's fault
            error = str(problem) or type(problem).__name__
            value = self._default(question)  # so that the questions after it can be judged too
        return Step(name, question, visible, visible and bool(question.get_ask()), value, name in given, error)

    @staticmethod
    def _default(question: Question) -> Any:
        """Return the default, even an invalid one: later questions are judged with it."""
        for give in (question.get_default, lambda: question.parse_answer(question.render_value(question.default))):
            with suppress(Exception):
                return give()
        return MISSING


def _drop_what_fails(question: Question, dropped: dict[str, str], *, visible: bool) -> None:
    """Forget a recorded answer that its question does not take any more, and note why."""
    name, last = question.var_name, question.answers.last
    reason = ""
    if visible:
        try:
            question.validate_answer(question.parse_answer(last[name]))
        except Exception as problem:  # whatever a template's expression raises
            reason = re.sub(f"^(Validation error for question|Invalid choice for) '{name}': ", "", str(problem)) or type(problem).__name__
        else:
            return
    dropped[name] = " ".join(reason.split())
    del last[name]


def _parsed(question: Question, answer: Any) -> Any:
    """Convert the answer to the question's type.

    Raises:
        ValueError: it is no number; the message names one that it may have meant.
    """
    try:
        return question.parse_answer(answer)
    except ValueError as problem:
        whole = question.get_type_name() == "int"
        if not whole and question.get_type_name() != "float":
            raise
        rule = " ".join(str(question.render_value(question.validator, {question.var_name: ""})).split())
        meant = _number_in(str(answer), whole=whole)
        told = f"is not a {'whole ' if whole else ''}number" + (f", write {meant}" if meant else "")
        raise ValueError(told + (f" ({rule})" if rule else "")) from problem


def _number_in(text: str, *, whole: bool) -> str:
    """Rewrite a number that has separators, an exponent or a unit; empty when it is ambiguous."""
    found = _NUMBER.fullmatch(_BETWEEN_DIGITS.sub("", text.strip()))
    if not found:
        return ""
    plain = found[1]
    if _THOUSANDS.fullmatch(plain):
        return re.sub("[.,]", "", plain)
    try:
        value = float(plain.replace(",", "."))
    except ValueError:
        return ""
    return str(round(value)) if whole else f"{value:g}"


@contextmanager
def quick() -> Iterator[None]:
    """Copier without what a fresh folder does not need: a git process a file, a compilation a path part, anything computed twice.

    Compiling once skips a reset of Copier's `yield` tag: no path of the template may use it (a test holds that).
    """
    render = Worker._render_string

    def render_string(self: Worker, string: str, extra_context: Any = None) -> str:
        return render(self, string, extra_context) if "{" in string else string

    compile_source: Callable[..., Any] = Environment.compile

    def compile_once(
        self: Environment, source: Any, name: Any = None, filename: Any = None, raw: bool = False, defer_init: bool = False
    ) -> Any:
        if raw or defer_init or not isinstance(source, str):
            return compile_source(self, source, name, filename, raw, defer_init)
        key = (type(self), self.trim_blocks, self.lstrip_blocks, source, name)
        if key not in _compiled:
            _compiled[key] = compiled_earlier(self, source, name, filename) if name else compile_source(self, source, name, filename)
        return _compiled[key]

    def compiled_earlier(self: Environment, source: str, name: str, filename: str) -> Any:
        if not (cache := compiled.templates()):
            return compile_source(self, source, name, filename)
        bucket = cache.get_bucket(self, name, filename, source)
        if bucket.code is None:
            bucket.code = compile_source(self, source, name, filename)
            cache.set_bucket(bucket)
        return bucket.code

    get_default = Question.get_default
    computed: list[Any] = [None, None]

    def get_default_once(self: Question) -> Any:
        """Copier asks each computed question twice in a row."""
        if self.when is not False:
            return get_default(self)
        if computed[0] is not self:
            computed[:] = self, get_default(self)
        return computed[1]

    with ExitStack() as stack:
        stack.enter_context(patch.object(Question, "get_default", get_default_once))
        stack.enter_context(patch.object(Environment, "compile", compile_once))
        stack.enter_context(patch.object(Worker, "_sync_git_index_executable_bit", lambda *_: None))
        stack.enter_context(patch.object(Worker, "answers_relpath", ANSWERS_FILE))
        stack.enter_context(patch.object(Worker, "_render_string", render_string))
        stack.enter_context(patch.object(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        yield


def render(
    template: Path,
    destination: Path,
    answers: Mapping[str, Any],
    recorded: Mapping[str, str],
    computed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the project and return its plan.

    `recorded` are the source and version that its answers file names, `computed` is the plan of these answers if it is known already.
    """
    with quick():
        worker = run_copy(
            str(template),
            destination,
            data={**answers, "dist": dict(recorded), **({PLAN: dict(computed)} if computed else {})},
            defaults=True,
            quiet=True,
            settings=Settings(),
        )
    plan: dict[str, Any] = worker.answers.combined[PLAN]
    return plan
