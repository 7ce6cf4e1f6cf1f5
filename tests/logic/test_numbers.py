"""Layer 1: the arithmetic that Jinja has no name for."""

from __future__ import annotations

import json
import math
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logic import modules
from tests.logic.simulate import Z95, arrivals_at_most, erlang_b

NUMBERS = modules.numbers()

# Calls an hour, seconds a call, and lines for 1 in 100, 1 in 1,000 and 1 in 10,000, from a table of Erlang B.
TABLE = [
    (60, 180, (8, 10, 12)),
    (300, 180, (24, 28, 32)),
    (600, 240, (53, 60, 65)),
    (1200, 240, (96, 106, 113)),
    (3000, 240, (221, 238, 249)),
    (10000, 240, (695, 728, 750)),
]


@pytest.mark.parametrize(("calls", "seconds", "lines"), TABLE)
def test_lines_are_those_of_the_published_table(calls: int, seconds: int, lines: tuple[int, ...]) -> None:
    assert tuple(int(NUMBERS.lines_for(calls * seconds / 3600, target)) for target in (0.01, 0.001, 0.0001)) == lines


def test_a_hand_computed_share() -> None:
    """2 E on 2 lines. B(0) = 1; B(1) = 2 / (1 + 2) = 2/3; B(2) = 2 * 2/3 / (2 + 2 * 2/3) = (4/3) / (10/3) = 0.4."""
    assert float(NUMBERS.blocked_share(2, 2)) == pytest.approx(0.4)
    assert int(NUMBERS.lines_for(2, 0.4)) == 2
    assert int(NUMBERS.lines_for(2, 0.39)) == 3


@settings(max_examples=40, deadline=None)
@given(load=st.floats(0.005, 11000), by=st.floats(0.3, 1.2), target=st.floats(0.0001, 0.1))
def test_a_later_start_of_the_recursion_changes_nothing(load: float, by: float, target: float) -> None:
    lines = max(1, round(load * by))
    assert float(NUMBERS.blocked_share(load, lines)) == pytest.approx(erlang_b(load, lines), rel=1e-9)
    need = int(NUMBERS.lines_for(load, target))
    assert erlang_b(load, need) <= target * (1 + 1e-9)
    assert need == 1 or erlang_b(load, need - 1) > target * (1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0005, 4000))
def test_a_burst_is_exceeded_once_in_a_thousand_whiles(mean: float) -> None:
    exact = arrivals_at_most(mean, 0.999) if mean < 600 else mean + 3.0902 * mean**0.5 + 1.425
    assert abs(int(NUMBERS.burst_of(mean)) - exact) <= (0 if mean < 200 else 1)


def test_scores_are_those_of_the_normal_distribution() -> None:
    scores = NUMBERS.scores
    assert len(scores) == 509
    for n, score in enumerate(scores):
        exact = NormalDist().inv_cdf((n + 0.5) / 509)
        assert score * Z95 == pytest.approx(exact, abs=0.01 if abs(exact) < 2.5 else 0.06)


def test_draws_of_two_stages_are_independent() -> None:
    """Each order holds the same values, and no two orders rise or fall together."""
    orders = [json.loads(NUMBERS.draws({"p50": 100, "p95": 271.8281828}, order)) for order in range(5)]
    logs = [[math.log(value) for value in each] for each in orders]
    assert all(sorted(round(value, 6) for value in each) == sorted(round(value, 6) for value in logs[0]) for each in logs)
    mean = sum(logs[0]) / 509
    spread = sum((value - mean) ** 2 for value in logs[0])
    for first in range(5):
        for second in range(first):
            together = sum((a - mean) * (b - mean) for a, b in zip(logs[first], logs[second], strict=True))
            assert abs(together / spread) < 0.1, (first, second)


def test_a_stage_has_the_quantiles_that_it_is_known_by() -> None:
    """The 255th of 509 sorted draws is the median, the 484th the 95th percentile: 484 - 0.5 is 95 % of 509."""
    found = sorted(json.loads(NUMBERS.draws({"p50": 536, "p95": 1771}, 3)))
    assert found[254] == pytest.approx(536, rel=0.001)
    assert found[483] == pytest.approx(1771, rel=0.01)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (["peak_calls_per_hour"], "measured"),
        (["limits.core_per_call"], "measured"),
        (["limits.core_per_call", "limits.load_threshold"], "official"),
        (["known", "limits.load_threshold"], "third-party"),
        (["known", "limits.node_start_seconds"], "judgement"),
    ],
)
def test_a_figure_is_as_certain_as_its_least_certain_input(inputs: list[str], expected: str) -> None:
    found = json.loads(NUMBERS.figure(1, "calls", inputs, {"known": {"confidence": "third-party"}}))
    named = [name.replace("limits.", "catalogue.limits.") for name in inputs]
    assert found == {"value": 1, "unit": "calls", "inputs": named, "confidence": expected}


@pytest.mark.parametrize(("value", "expected"), [(2.0, 2), (2.0000000001, 2), (2.001, 3), (0.2 * 15, 3)])
def test_floats_do_not_add_a_worker(value: float, expected: int) -> None:
    assert int(NUMBERS.up(value)) == expected
