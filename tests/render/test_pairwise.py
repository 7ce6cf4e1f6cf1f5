"""Layer 4, first half: the rows are valid and cover every pair that is possible."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.render.pairwise import DEFAULT, EMITTED, LISTS, PLANNED, PLANS, ROWS, Array, answers_of
from tests.support import choices, possible, questionnaire

ARRAYS = pytest.mark.parametrize("array", [ROWS, PLANS], ids=["rows", "plans"])
# Names and texts: they are in rows.json, and no plan depends on them.
OF_THE_PROJECT = {"project_name", "organisation", "project_license"}
# Asked, and not a factor: free text that nothing branches on, or a value that follows from its neighbours.
NO_FACTOR = {
    "preset", "customise", "package_name", "project_summary", "contact_email", "github_repository", "primary_language", "home_region",
    "time_zone", "allowed_caller_ranges", "transfer_targets", "calling_hours", "monthly_calls", "worker_memory_gib", "token_ttl_minutes",
    "max_unrecoverable_errors", "llm_first_token_deadline_ms",
}  # fmt: skip


@ARRAYS
def test_the_rows_belong_to_the_factors_of_today(array: Array) -> None:
    assert json.loads(array.file.read_text())["factors"] == array.factors, "run: python -m tests.render.pairwise"


def test_every_question_is_a_factor_or_has_a_reason_not_to_be() -> None:
    public = {name for name, spec in questionnaire().specifications.items() if spec.get("when") is not False}
    assert set(PLANNED) | OF_THE_PROJECT | NO_FACTOR == public


@pytest.mark.parametrize(
    "question",
    [
        name
        for name in EMITTED
        if questionnaire().specifications[name].get("choices") and name not in LISTS | {"stt_fallback", "llm_fallback", "tts_fallback"}
    ],
)
def test_every_choice_that_is_emitted_is_a_value_of_its_factor(question: str) -> None:
    emitted = {value for value, reason in choices(question, {}) if not reason.startswith(("planned", "retires"))}
    assert emitted == set(EMITTED[question])


@ARRAYS
def test_every_row_is_accepted(array: Array) -> None:
    refused = [row for row in array.rows() if not possible(answers_of(row.items()), planning=array.planning)]
    assert not refused


@ARRAYS
def test_every_possible_pair_stands_in_a_row(array: Array) -> None:
    covered = {frozenset(pair) for row in array.rows() for pair in itertools.combinations(row.items(), 2)}
    missing = [pair for pair in array.pairs() if frozenset(pair) not in covered]
    assert set(missing) == array.impossible_among(missing)


def test_every_planned_value_stands_in_a_row() -> None:
    stood = {(name, value) for row in PLANS.rows() for name, value in row.items()}
    assert {(name, value) for name, values in PLANNED.items() for value in values} - stood == set(), DEFAULT
