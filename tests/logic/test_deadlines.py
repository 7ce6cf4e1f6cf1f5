"""When a model counts as failed: late enough for its healthy answers, and no later."""

from __future__ import annotations

import functools
import itertools
import math
import random
import re
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

from tests.logic import modules
from tests.logic.simulate import Z95
from tests.support import plan, planned, render

KNOWN: dict[str, Any] = modules.catalogue()["llm"][0]
LIMITS: dict[str, Any] = modules.catalogue()["limits"][0]
EMITTED = [key for key, record in KNOWN.items() if record["status"] == "emitted"]
DRAWN = 100_000


@functools.cache
def minds(key: str) -> dict[str, Any]:
    found: dict[str, Any] = plan(llm=key, llm_fallback="none", llm_hedging="p90")["pipeline"]["llm"][0]
    return found


def drawn(key: str) -> list[float]:
    """First tokens of healthy answers, in ms, as its median and its 95th percentile say."""
    known = KNOWN[key]["first_token_ms"]
    rng = random.Random(f"{key} in November")  # noqa: S311 (a simulation)
    spread = math.log(known["p95"] / known["p50"]) / Z95
    return [known["p50"] * math.exp(spread * rng.gauss(0, 1)) for _ in range(DRAWN)]


@pytest.mark.parametrize("key", EMITTED)
def test_at_most_one_healthy_answer_of_a_hundred_is_given_up(key: str) -> None:
    late = sum(one > minds(key)["deadline_ms"] for one in drawn(key)) / DRAWN
    assert late <= 0.01


@pytest.mark.parametrize("key", EMITTED)
def test_a_deadline_is_no_later_than_it_must_be(key: str) -> None:
    """The 99th percentile in closed form, to the next 100 ms."""
    known = KNOWN[key]["first_token_ms"]
    exact = known["p50"] * (known["p95"] / known["p50"]) ** (NormalDist().inv_cdf(0.99) / Z95)
    assert exact <= minds(key)["deadline_ms"] <= max(exact + 101, LIMITS["deadline_least_ms"]["value"])


@pytest.mark.parametrize("key", EMITTED)
def test_a_tenth_of_the_healthy_answers_is_asked_for_twice(key: str) -> None:
    late = sum(one > minds(key)["hedge_ms"] for one in drawn(key)) / DRAWN
    assert late == pytest.approx(LIMITS["hedged_share"]["value"], abs=0.005)
    assert KNOWN[key]["first_token_ms"]["p50"] < minds(key)["hedge_ms"] < minds(key)["deadline_ms"]


def test_a_slower_model_has_a_later_deadline() -> None:
    """Whenever neither percentile is earlier."""
    for one, other in itertools.permutations(EMITTED, 2):
        fast, slow = KNOWN[one]["first_token_ms"], KNOWN[other]["first_token_ms"]
        # The tail grows with p95 and with the distance between the two.
        if fast["p95"] <= slow["p95"] and fast["p95"] / fast["p50"] <= slow["p95"] / slow["p50"]:
            assert minds(one)["deadline_ms"] <= minds(other)["deadline_ms"]


def test_what_the_code_waits_is_what_the_plan_says(tmp_path: Path) -> None:
    answers = {"preset": "web-assistant", "llm": "openai-gpt-5.6-luna", "llm_fallback": "gemini-3.6-flash", "llm_hedging": "p90"}
    figures = planned(**answers)["document"]["capacity"]
    package = render(tmp_path / "agent", answers) / "src" / "my_agent"
    waits = re.search(r'Hedge\(\{"openai-gpt-5.6-luna": ([0-9.]+), ', (package / "runtime/pipeline.py").read_text())
    assert waits
    assert round(float(waits[1]) * 1000) == figures["hedge_after_ms"]["value"]
    settings = (package / "settings.py").read_text()
    for name, figure in (("llm", "first_token_deadline_ms"), ("llm_fallback", "fallback_first_token_deadline_ms")):
        assert f"    {name}_first_token_deadline_ms: PositiveInt = Field(\n        default={figures[figure]['value']}," in settings


def test_without_hedging_nothing_of_it_is_there(tmp_path: Path) -> None:
    project = render(tmp_path / "agent", {"preset": "web-assistant"})
    assert not (project / "src/my_agent/runtime/hedge.py").exists()
    assert not [path for path in (project / "src").rglob("*.py") if "hedge" in path.read_text().casefold()]
    assert "hedge_after_ms" not in planned()["document"]["capacity"]
