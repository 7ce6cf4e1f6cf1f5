"""Layer 1: what the plan says about latency, against turns drawn one by one and by hand."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logic import modules, simulate
from tests.support import PRESETS, planned

KNOWN = modules.catalogue()
LIMITS, DETECTORS = KNOWN["limits"][0], KNOWN["turns"][0]["turn_detection"]
ALL_SETS = list(itertools.product(KNOWN["stt"][0], KNOWN["llm"][0], KNOWN["tts"][0], ["local-model", "vad"], [True, False]))
SETS = random.Random(4).sample(ALL_SETS, 16)  # noqa: S311 (a sample)
CALM = {"p50": 250, "p95": 250, "unit": "ms", "source": "test", "date": "2026-01-01", "confidence": "measured"}


def drawn(answers: dict[str, Any], channel: str, *, with_tool: bool = False) -> list[float]:
    """The same turns, drawn."""
    return simulate.turns(
        {
            "stt": KNOWN["stt"][0][answers["stt"]]["final_ms"],
            "llm": KNOWN["llm"][0][answers["llm"]]["first_token_ms"],
            "tts": KNOWN["tts"][0][answers["tts"]]["first_audio_ms"],
            "tool": {"p50": LIMITS["tool_ms"]["value"], "p95": LIMITS["tool_p95_ms"]["value"]},
        },
        end_of_turn=DETECTORS[answers["turn_detection"]]["min_delay_s"] * 1000,
        fixed=LIMITS[f"transport_{channel}_ms"]["value"] + LIMITS["first_clause_ms"]["value"],
        early=answers["preemptive_generation"],
        with_tool=with_tool,
    )


def agrees(found: dict[str, Any], turns: list[float], with_tool: list[float]) -> None:
    value = {name: figure["value"] for name, figure in found.items()}
    assert value["p50_ms"] == pytest.approx(simulate.quantile(turns, 0.5), rel=0.05)
    assert value["p95_ms"] == pytest.approx(simulate.quantile(turns, 0.95), rel=0.05)
    assert value["share_over_1500_ms"] == pytest.approx(simulate.share_over(turns, 1500), abs=0.02)
    assert value["share_over_2500_ms"] == pytest.approx(simulate.share_over(turns, 2500), abs=0.02)
    assert value["tool_turn_p50_ms"] == pytest.approx(simulate.quantile(with_tool, 0.5), rel=0.05)
    assert value["tool_turn_p95_ms"] == pytest.approx(simulate.quantile(with_tool, 0.95), rel=0.05)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_agrees_with_turns_drawn_one_by_one(preset: str) -> None:
    document = planned(preset=preset)["document"]
    answers = document["answers"]
    channels = [name for name in ("web", "phone") if name in document["latency"]]
    assert channels == (["web"] if "web" in answers["channels"] else []) + (["phone"] if {*answers["channels"]} - {"web"} else [])
    for channel in channels:
        agrees(document["latency"][channel], drawn(answers, channel), drawn(answers, channel, with_tool=True))


@pytest.mark.parametrize("chosen", SETS, ids=lambda chosen: "-".join(map(str, chosen)))
def test_any_components_agree_with_turns_drawn_one_by_one(chosen: tuple[Any, ...]) -> None:
    answers = dict(zip(("stt", "llm", "tts", "turn_detection", "preemptive_generation"), chosen, strict=True))
    agrees(modules.latency(KNOWN, **answers)["web"], drawn(answers, "web"), drawn(answers, "web", with_tool=True))


@pytest.mark.parametrize(
    ("preset", "answers", "p50", "p95", "over"),
    [
        ("front-desk", {"llm": "openai-gpt-4.1", "llm_fallback": "none"}, 1345, 2587, 0.37),
        ("front-desk", {"llm": "gemini-3.6-flash", "llm_fallback": "none"}, 1605, 1799, 0.85),
        ("web-assistant", {"llm": "openai-gpt-4.1"}, 1235, 2477, None),
        ("web-assistant", {"llm": "gemini-3.6-flash"}, 1495, 1689, None),
    ],
)
def test_it_agrees_with_an_older_simulation_of_others(preset: str, answers: dict[str, Any], p50: int, p95: int, over: float | None) -> None:
    """Nova-3 and Flash v2.5, end of turn after 300 ms, preemptive; drawn in another program from the same benchmarks."""
    latency = planned(preset=preset, **answers)["document"]["latency"]
    found = latency[latency["main"]]
    assert found["p50_ms"]["value"] == pytest.approx(p50, rel=0.02)
    assert found["p95_ms"]["value"] == pytest.approx(p95, rel=0.02)
    assert over is None or found["share_over_1500_ms"]["value"] == pytest.approx(over, abs=0.03)


def calm(**changes: float) -> dict[str, list[Any]]:
    """A catalogue in which no stage of the plain answers varies: 250 ms heard, 500 ms thought, 300 ms voiced, tools of 200 ms."""
    known = modules.catalogue()
    for file, key, field, value in [
        ("stt", "deepgram-nova-3", "final_ms", 250),
        ("llm", "groq-gpt-oss-120b", "first_token_ms", 500),
        ("tts", "elevenlabs-flash-v2.5", "first_audio_ms", 300),
    ]:
        known[file][0][key][field] = {**CALM, "p50": value, "p95": value}
    known["limits"][0]["tool_ms"]["value"] = known["limits"][0]["tool_p95_ms"]["value"] = 200
    known["limits"][0]["transport_web_ms"]["value"] = 120
    known["limits"][0]["first_clause_ms"]["value"] = 40
    return known


def test_a_hand_computed_turn() -> None:
    """Network 120 and first clause 40 always come on top: 160.

    Early: max(300 end of turn, 250 heard + 500 thought) = 750, + 300 voiced + 160 = 1,210.
    Late: max(300, 250) + 500 = 800, + 300 + 160 = 1,260. With vad (500): early the same 1,210; late 500 + 500 + 300 + 160 = 1,460.
    A tool turn, early: 1,210 + 200 for the tool + 500 for the second answer = 1,910.
    """
    early, late = modules.latency(calm()), modules.latency(calm(), preemptive_generation=False)
    assert early["web"]["p50_ms"]["value"] == early["web"]["p95_ms"]["value"] == 1210
    assert late["web"]["p50_ms"]["value"] == 1260
    assert early["web"]["tool_turn_p95_ms"]["value"] == 1910
    assert early["web"]["share_over_1500_ms"]["value"] == 0
    assert modules.latency(calm(), turn_detection="vad", preemptive_generation=False)["web"]["p50_ms"]["value"] == 1460
    assert modules.latency(calm(), turn_detection="vad")["web"]["p50_ms"]["value"] == 1210
    change = {row["key"]: row["p50_change_ms"]["value"] for row in late["alternatives"] if row["stage"] == "turn_detection"}
    assert change["vad"] == 200
    assert change["cloud-model"] == 0


def test_a_hand_computed_share_of_slow_calls() -> None:
    """20 turns, 9.4 % of them slow: 1 - 0.906 ** 20 = 1 - 0.139 = 0.861."""
    web = planned(preset="web-assistant")["document"]["latency"]["web"]
    assert web["slow_calls"]["value"] == pytest.approx(1 - (1 - web["share_over_2500_ms"]["value"]) ** 20, abs=0.01)
    assert web["slow_calls"]["inputs"][-1] == "catalogue.limits.slow_turn_calls"


@settings(max_examples=8, deadline=None)
@given(slower=st.floats(1, 4), early=st.booleans())
def test_a_slower_model_never_gives_a_faster_plan(slower: float, early: bool) -> None:
    known = modules.catalogue()
    before = modules.latency(known, preemptive_generation=early)["web"]
    stage = known["llm"][0]["groq-gpt-oss-120b"]["first_token_ms"]
    stage["p50"], stage["p95"] = stage["p50"] * slower, stage["p95"] * slower
    after = modules.latency(known, preemptive_generation=early)["web"]
    assert all(after[name]["value"] >= before[name]["value"] for name in before)


@pytest.mark.parametrize("preset", PRESETS)
def test_an_early_start_of_the_model_never_costs_time(preset: str) -> None:
    early, late = (planned(preset=preset, preemptive_generation=value)["document"]["latency"] for value in (True, False))
    main = early["main"]
    assert all(early[main][name]["value"] <= late[main][name]["value"] for name in early[main])


def test_an_alternative_changes_what_choosing_it_would_change() -> None:
    latency = planned(preset="front-desk")["document"]["latency"]
    rows = {(row["stage"], row["key"]): row for row in latency["alternatives"]}
    for given_ in ({"llm": "openai-gpt-4.1", "llm_fallback": "none"}, {"turn_detection": "vad"}, {"preemptive_generation": False}):
        stage, key = next(iter(given_.items()))
        chosen = planned(preset="front-desk", **given_)["document"]["latency"]["phone"]
        for name in ("p50_ms", "p95_ms"):
            assert rows[stage, key][name]["value"] == chosen[name]["value"]
            change = rows[stage, key][name.replace("_ms", "_change_ms")]["value"]
            assert change == pytest.approx(chosen[name]["value"] - latency["phone"][name]["value"], abs=1)


def test_only_what_could_be_chosen_is_an_alternative() -> None:
    rows = planned(preset="regulated-eu")["document"]["latency"]["alternatives"]
    keys = {row["key"] for row in rows}
    assert "groq-gpt-oss-120b" not in keys, "has no endpoint in the EU"
    assert "cloud-model" not in keys, "needs LiveKit Cloud"
    assert "openai-gpt-4o-mini-tts" not in keys, "retires within 90 days"
    assert "deepgram-flux" not in {row["key"] for row in planned(languages=["en", "de"])["document"]["latency"]["alternatives"]}
    assert not {row["key"]: row["planned"] for row in rows}["google-chirp-3"]


def test_an_end_of_turn_says_how_often_it_is_wrong() -> None:
    found = planned(preset="single-vm")["document"]["latency"]
    assert found["end_of_turn"]["wait_ms"]["value"] == 300
    assert found["end_of_turn"]["false_cutoffs_at_300_ms"]["value"] == 0.284
    vad = next(row for row in found["alternatives"] if row["key"] == "vad")
    assert vad["false_cutoffs_at_300_ms"]["value"] > found["end_of_turn"]["false_cutoffs_at_300_ms"]["value"]
