"""Layer 4, first half: the rows are valid and cover every pair that is possible."""

from __future__ import annotations

import itertools
import json

from tests.render import pairwise
from tests.support import choices, possible


def test_the_rows_belong_to_the_factors_of_today() -> None:
    assert json.loads(pairwise.ROWS.read_text())["factors"] == pairwise.FACTORS, "run: python -m tests.render.pairwise"


def test_every_choice_that_is_emitted_is_a_value_of_its_factor() -> None:
    for question in (
        "agents",
        "topology",
        "data_residency",
        "stt",
        "llm",
        "tts",
        "turn_detection",
        "vad",
        "interruptions",
        "noise_cancellation",
        "project_license",
    ):
        emitted = {value for value, reason in choices(question, {}) if not reason.startswith("planned")}
        assert emitted == set(pairwise.FACTORS[question]), question


def test_every_row_is_accepted() -> None:
    refused = [row for row in pairwise.rows() if not possible(pairwise.answers_of(row.items()))]
    assert not refused


def test_every_possible_pair_stands_in_a_row() -> None:
    covered = {frozenset(pair) for row in pairwise.rows() for pair in itertools.combinations(row.items(), 2)}
    missing = [pair for pair in pairwise.pairs() if frozenset(pair) not in covered]
    assert set(missing) == pairwise.impossible_among(missing)
