"""The private names of Copier that `engine.py` leans on still mean what they meant."""

from __future__ import annotations

import inspect
from pathlib import Path

import copier
import yaml
from copier._main import Worker
from copier._settings import SettingsModel
from copier._types import MISSING
from copier._user_data import AnswersMap, Question
from jinja2 import Environment

from livekit_planner.engine import ANSWERS_FILE, quick
from tests.support import questionnaire


def test_the_public_names_are_public() -> None:
    assert {"run_copy", "Settings", "Phase"} <= set(copier.__all__)


def test_a_worker_can_be_made_without_a_destination() -> None:
    parameters = inspect.signature(Worker).parameters
    assert {"src_path", "dst_path", "quiet", "settings"} <= set(parameters)
    assert callable(Worker._render_context)
    assert callable(Worker._external_data)
    assert callable(Worker._cleanup)
    assert SettingsModel().defaults == {}


def test_a_question_judges_and_defaults() -> None:
    for name in ("get_when", "get_ask", "get_default", "parse_answer", "validate_answer", "render_value", "get_type_name", "get_multiline"):
        assert callable(getattr(Question, name)), name
    assert hasattr(Question, "_formatted_choices")
    assert MISSING is not None
    assert {"metadata", "external"} <= set(inspect.signature(AnswersMap).parameters)


def test_a_choice_carries_its_reason() -> None:
    step = next(step for step in questionnaire().evaluate({}) if step.name == "preset")
    assert [choice.reason for choice in step.choices() if choice.value == "front-desk"] == ["planned, not emitted yet"]


def test_the_shortcuts_replace_what_is_there_and_give_it_back() -> None:
    before = (
        Environment.compile,
        Question.get_default,
        Worker._sync_git_index_executable_bit,
        Worker.__dict__["answers_relpath"],
        Worker._render_string,
        yaml.SafeLoader,
    )
    assert list(inspect.signature(Worker._sync_git_index_executable_bit).parameters) == ["self", "dst_relpath", "src_mode"]
    assert list(inspect.signature(Worker._render_string).parameters) == ["self", "string", "extra_context"]
    with quick():
        assert Path(".copier-answers.yml") == ANSWERS_FILE
        assert Worker._render_string is not before[4]
    after = (
        Environment.compile,
        Question.get_default,
        Worker._sync_git_index_executable_bit,
        Worker.__dict__["answers_relpath"],
        Worker._render_string,
        yaml.SafeLoader,
    )
    assert after == before
