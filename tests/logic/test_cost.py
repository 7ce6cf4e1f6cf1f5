"""What a minute, a call and a month cost, and where another topology gets cheaper."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import PRESETS, planned

CASES = ("low", "expected", "high")


def cost(**given: Any) -> dict[str, Any]:
    found: dict[str, Any] = planned(**given)["document"]["cost"]
    return found


def month(found: dict[str, Any], name: str, case: str = "expected") -> float | None:
    line = next(line for line in found["lines"] if line["name"] == name)
    value: float | None = line["month"][f"{case}_usd"]["value"]
    return value


def test_a_month_by_hand() -> None:
    """web-assistant with gpt-5.6-luna: 6,000 calls of 4 minutes are 24,000 minutes.

    Plan ship 50. Agent sessions (24,000 - 5,000 included) at 0.01: 190. Recognition 24,000 at 0.0048: 115.20.
    Voice 504 characters a minute are 12.096 M at 40: 483.84. Model: a call has 16 turns; 1.3 requests each send prompt
    and caller, 1,515, and the history, 45 * 16 * 15 / 2 * 1.5 = 8,100 in all: 1.3 * (24,240 + 8,100) = 42,042 tokens, three
    quarters of them cached: 42,042 * (0.25 * 0.20 + 0.75 * 0.02) = 2,732.73; answered 1.3 * 16 * 30 = 624 at 1.20: 748.80;
    6,000 calls at 3,481.53 millionths: 20.89. Together 859.93, by 24,000 minutes 0.03583, by 6,000 calls 0.1433.
    """
    found = cost(preset="web-assistant", llm="openai-gpt-5.6-luna", llm_fallback="none")
    by_hand = {"plan": 50, "agent": 190, "stt": 115.2, "tts": 483.84, "llm": 20.89}
    assert {line["name"]: line["month"]["expected_usd"]["value"] for line in found["lines"]} == pytest.approx(by_hand)
    assert found["usage"]["tokens_sent"]["value"] == 42042
    assert found["month"]["expected_usd"]["value"] == 859.93
    assert found["minute"]["expected_usd"]["value"] == pytest.approx(0.03583, abs=1e-6)
    assert found["call"]["expected_usd"]["value"] == 0.1433


def test_a_minute_holds_the_speech_that_is_paid_for() -> None:
    """4 turns of 15 tokens heard and 30 spoken, 4.2 characters each at 15 a second: 50.4 s. Six longer ones took two minutes."""
    import yaml

    from tests.support import ROOT

    limits = yaml.safe_load((ROOT / "template/catalogue/limits.yml").read_text())
    turns, heard, spoken = (limits[name]["value"] for name in ("turns_per_minute", "caller_tokens", "answer_tokens"))
    assert limits["voice_characters"]["value"] == pytest.approx(turns * spoken * 4.2, rel=0.01)
    assert turns * (heard + spoken) * 4.2 / limits["voice_characters_per_second"]["value"] <= 60


@settings(max_examples=20, deadline=None)
@given(
    preset=st.sampled_from(PRESETS),
    peak=st.integers(1, 3000),
    busy=st.integers(1, 744),
    minutes=st.floats(0.5, 60).map(lambda value: round(value, 1)),
)
def test_lines_add_up_and_stay_in_order(preset: str, peak: int, busy: int, minutes: float) -> None:
    minutes = min(minutes, 5000 * 60 / peak / 1.5)
    longest = math.ceil(max(minutes, 60))
    found = cost(
        preset=preset, peak_calls_per_hour=peak, mean_call_minutes=minutes, longest_call_minutes=longest, monthly_calls=peak * busy
    )
    for case in CASES:
        for period, key, digits in (("minute", "usd_per_minute", 6), ("month", "month", 2)):
            each = [line[key][case if period == "minute" else f"{case}_usd"]["value"] for line in found["lines"]]
            known = [value for value in each if value is not None]
            assert all(math.isfinite(value) and value >= 0 for value in known)
            assert found[period][f"{case}_usd"]["value"] == pytest.approx(sum(known), abs=0.6 * 10**-digits)
    for sums in (found["minute"], found["call"], found["month"]):
        assert 0 <= sums["low_usd"]["value"] <= sums["expected_usd"]["value"] <= sums["high_usd"]["value"] < 1e9
        assert sums["expected_eur"]["value"] == pytest.approx(sums["expected_usd"]["value"] * found["eur"]["value"], abs=0.01)
    shares = [line["share"]["value"] for line in found["lines"] if not line["unknown"]]
    assert sum(shares) == pytest.approx(1, abs=0.02)


@settings(max_examples=12, deadline=None)
@given(preset=st.sampled_from(PRESETS), calls=st.integers(2000, 200_000), more=st.floats(1, 4))
def test_more_calls_never_cost_less(preset: str, calls: int, more: float) -> None:
    few = cost(preset=preset, monthly_calls=calls, peak_calls_per_hour=1000)["month"]
    many = cost(preset=preset, monthly_calls=int(calls * more), peak_calls_per_hour=1000)["month"]
    assert all(few[f"{case}_usd"]["value"] <= many[f"{case}_usd"]["value"] + 0.02 for case in CASES)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_figure_tells_where_it_is_from(preset: str) -> None:
    found = cost(preset=preset)
    for line in found["lines"]:
        assert {"value", "unit", "source", "date", "confidence"} <= set(line["price"])
        for figure in (*line["usd_per_minute"].values(), *line["month"].values(), line["share"]):
            assert figure["inputs"]
            assert figure["confidence"] in {"measured", "official", "third-party", "judgement"}
    assert 0.01 <= found["minute"]["expected_usd"]["value"] <= 0.10, "what such a minute costs on the market"


@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        ({"preset": "web-assistant"}, []),
        ({"preset": "web-assistant", "llm": "openai-compatible"}, ["llm"]),
        ({"preset": "regulated-eu"}, ["inbound_phone", "numbers", "redis", "telemetry", "recording"]),
        ({"preset": "front-desk", "phone_numbers": "+493023125001"}, ["inbound_phone", "numbers", "traffic", "telemetry"]),
    ],
)
def test_a_price_that_nobody_retrieved_is_unknown_and_left_out(given: dict[str, Any], unknown: list[str]) -> None:
    found = cost(**given)
    assert [row["name"] for row in found["unknown"]] == unknown
    for line in found["lines"]:
        assert line["unknown"] == (line["name"] in unknown)
        if line["unknown"]:
            assert line["price"]["value"] is line["share"]["value"] is line["month"]["expected_usd"]["value"] is None
            assert line["fetch"]


def test_a_carrier_rounds_up() -> None:
    """24,000 calls of 4 minutes at 0.0034, half a minute more each for rounding: 24,000 * 4.5 * 0.0034 = 367.20."""
    assert month(cost(preset="front-desk"), "inbound_phone") == 367.2


def test_each_channel_has_its_share_of_the_calls() -> None:
    """reminders: 30,000 calls of 2 minutes, half of them placed: 15,000 * 2.5 * 0.01 = 375."""
    assert month(cost(preset="reminders"), "outbound_phone") == 375


def test_a_surcharge_for_residency_holds_for_the_models_it_names() -> None:
    plain, pinned = (month(cost(llm="openai-gpt-5.6-luna", data_residency=where), "llm") for where in ("none", "eu"))
    assert plain
    assert pinned == pytest.approx(plain * 1.1, abs=0.01)
    older = [month(cost(llm="openai-gpt-4.1", data_residency=where), "llm") for where in ("none", "eu")]
    assert older[0] == older[1]


def test_several_languages_cost_more_to_recognise() -> None:
    assert month(cost(languages=["en", "de"]), "stt") == pytest.approx(24000 * 0.0058)


def test_the_smallest_plan_is_reckoned_unless_one_has_a_larger_one() -> None:
    assert month(cost(), "plan") == 50
    assert month(cost(livekit_plan="scale"), "plan") == 500
    assert month(cost(livekit_plan="build"), "plan") == 50, "which the calls do not fit into"
    assert month(cost(monthly_calls=60, peak_calls_per_hour=5), "plan") == 0
    assert month(cost(monthly_calls=60, peak_calls_per_hour=5, data_residency="eu"), "plan") == 500, "regions are pinned there"


@pytest.mark.parametrize("preset", PRESETS)
def test_break_even_turns_the_answer_round(preset: str) -> None:
    """Calls and busiest hour far below and far above the crossing: another topology is the cheaper one."""
    here = cost(preset=preset)["break_even"]
    assert here["other"] in {"cloud", "vm", "gke", "gke-agents"}
    assert here["without"][-1] == "the people who run the machines"
    if not here["flips"]:
        assert "calls" not in here
        return
    assert here["cheaper_above"] in planned(preset=preset)["document"]["answers"]["topology"] + here["other"]
    load = planned(preset=preset)["document"]["answers"]
    crossing = here["calls"]["value"]
    for factor in (0.55, 1.9):
        calls = int(crossing * factor)
        peak = max(1, round(load["peak_calls_per_hour"] * calls / load["monthly_calls"]))
        there = cost(preset=preset, monthly_calls=max(calls, peak), peak_calls_per_hour=peak)["break_even"]
        assert (there["cheaper_now"] == here["cheaper_above"]) == (factor > 1), factor


@pytest.mark.parametrize("busy", [1, 744])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_smallest_and_the_largest_load_have_a_price(preset: str, busy: int) -> None:
    found = cost(
        preset=preset,
        growth_factor=1,
        peak_calls_per_hour=1 if busy == 1 else 20000,
        mean_call_minutes=0.5,
        monthly_calls=1 if busy == 1 else 14_880_000,
    )
    assert math.isfinite(found["minute"]["high_usd"]["value"])
    assert not any(word in str(found) for word in ("nan", "inf,", "Infinity"))


def test_make_prices_has_what_it_compares() -> None:
    rows = {row["name"]: row for row in cost(preset="front-desk")["prices"]}
    assert {"stt.deepgram-nova-3", "llm.groq-gpt-oss-120b.output", "llm.openai-gpt-5.6-luna.cached", "tts.deepgram-aura-2"} <= set(rows)
    assert rows["llm.groq-gpt-oss-120b.cached"]["field"] == "cache_read_input_token_cost"
    assert all(row["table"] and row["factor"] in {60, 1_000_000} and row["price"]["value"] for row in rows.values())


def test_second_requests_cost_a_tenth_more() -> None:
    alone = cost(llm_fallback="none", llm_hedging="p90")
    assert month(alone, "hedge") == pytest.approx((month(cost(), "llm") or 0) / 10, abs=0.01)
    assert not [line for line in cost()["lines"] if line["name"] == "hedge"]
    two = cost(llm="openai-gpt-5.6-luna", llm_fallback="gemini-3.6-flash", llm_hedging="p90")
    assert month(two, "hedge") == pytest.approx((month(cost(llm="gemini-3.6-flash"), "llm") or 0) / 10, abs=0.01)
    assert (
        two["month"]["expected_usd"]["value"]
        > cost(llm="openai-gpt-5.6-luna", llm_fallback="gemini-3.6-flash")["month"]["expected_usd"]["value"]
    )
    assert [line["name"] for line in cost(llm="openai-compatible", llm_fallback="none", llm_hedging="p90")["unknown"]] == ["llm", "hedge"]
