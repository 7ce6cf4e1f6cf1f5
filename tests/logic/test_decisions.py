"""Layer 1: every decision has two real options, one choice, reasons with figures, and nothing of what does not hold."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import PRESETS, ROOT, plan, planned, possible, reasons

REASONS = reasons("decisions")
ASSUMPTIONS = reasons("assumptions")
CATALOGUE = {
    name: yaml.safe_load((ROOT / "template" / "catalogue" / f"{name}.yml").read_text()) for name in ("stt", "llm", "tts", "limits")
}
FIGURE = re.compile(r"\d")
MAKE = re.compile(r"`make ([a-z0-9-]+)")

# Answers that no preset has, each for a row or a text that only they bring out.
VARIANTS: dict[str, dict[str, Any]] = {
    "silence alone": {"turn_detection": "vad", "preemptive_generation": False, "noise_cancellation": "none"},
    "cloud model": {"turn_detection": "cloud-model", "interruptions": "disabled"},
    "text model": {"turn_detection": "text-model", "interruptions": "vad"},
    "flux": {"stt": "deepgram-flux", "turn_detection": "stt"},
    "team in the browser": {"agents": "team", "use_case": "support"},
    "two languages": {"languages": ["en", "de"]},
    "own model": {"llm": "openai-compatible", "llm_fallback": "openai-gpt-4.1"},
    "krisp licence": {"preset": "single-vm", "noise_cancellation": "krisp-licence", "tts_fallback": "elevenlabs-flash-v2.5"},
    "plain telephone": {"preset": "front-desk", "sip_security": "plain", "human_transfer": "none"},
    "by number": {
        "preset": "front-desk",
        "call_routing": "by-number",
        "phone_numbers": "+12025550143\n+12025550144",
        "noise_cancellation": "none",
    },
    "always recorded": {
        "preset": "contact-centre",
        "recording": "always",
        "regions": ["us-central1"],
        "telemetry": "none",
        "compliance": ["pci"],
    },
    "in the union": {"preset": "regulated-eu", "regions": ["europe-west3", "europe-west4"], "languages": ["de", "fr"]},
    "few calls": {"preset": "front-desk", "peak_calls_per_hour": 2, "monthly_calls": 100},
    "a small contact centre": {"preset": "contact-centre", "peak_calls_per_hour": 200, "monthly_calls": 20000},
    "a slower model": {"llm": "openai-gpt-5.6-luna", "llm_fallback": "none"},
    "long calls, hosted": {"longest_call_minutes": 61},
    "many calls": {"preset": "single-vm", "peak_calls_per_hour": 900, "monthly_calls": 200000},
}
CASES = {**{preset: {"preset": preset} for preset in PRESETS}, **VARIANTS}
# Decisions that every project has.
GENERAL = {"framework", "cascade", "topology", "stt", "llm", "tts", "turn-detection", "noise-cancellation", "telemetry", "deploy"}
# The choice that follows the answers: slug -> question; a stage and the rest are checked apart.
ANSWERED = {
    "topology": "topology",
    "turn-detection": "turn_detection",
    "interruptions": "interruptions",
    "noise-cancellation": "noise_cancellation",
    "agents": "agents",
    "call-routing": "call_routing",
    "sip-security": "sip_security",
    "human-transfer": "human_transfer",
    "telemetry": "telemetry",
    "recording": "recording",
}


@functools.cache
def document(case: str) -> dict[str, Any]:
    found: dict[str, Any] = planned(**CASES[case])["document"]
    return found


def by_slug(case: str) -> dict[str, dict[str, Any]]:
    return {decision["slug"]: decision for decision in document(case)["decisions"]}


def texts(decision: dict[str, Any]) -> list[str]:
    found = [decision[field] for field in ("title", "question", "chosen", "main_reason", "reversal", "trigger")]
    for option in decision["options"]:
        found += [option["label"], option["numbers"], *option["for"], *option["against"]]
    return [*found, *decision["reasons"], *decision["consequences"]]


@pytest.mark.parametrize("case", CASES)
def test_every_decision_is_a_choice_with_reasons(case: str) -> None:
    decisions = document(case)["decisions"]
    assert len(decisions) <= (16 if case in PRESETS else 17)
    for decision in decisions:
        chosen = [option for option in decision["options"] if option["chosen"]]
        assert len(decision["options"]) >= 2, decision["slug"]
        assert [option["label"] for option in chosen] == [decision["chosen"]], decision["slug"]
        assert FIGURE.search(decision["main_reason"]), decision["main_reason"]
        assert FIGURE.search(decision["trigger"]), decision["trigger"]
        assert any(FIGURE.search(reason) for reason in decision["reasons"]), decision["slug"]
        assert decision["consequences"], decision["slug"]
        assert all(option["against"] for option in decision["options"]), decision["slug"]
        assert len({option["key"] for option in decision["options"]}) == len(decision["options"])


@pytest.mark.parametrize("case", CASES)
def test_the_choice_is_the_answer(case: str) -> None:
    answers = document(case)["answers"]
    decisions = by_slug(case)
    for slug, question in ANSWERED.items():
        if slug in decisions:
            assert next(option["key"] for option in decisions[slug]["options"] if option["chosen"]) == answers[question], slug
    for stage in ("stt", "llm", "tts"):
        other = answers[f"{stage}_fallback"]
        label = CATALOGUE[stage][answers[stage]]["label"]
        assert decisions[stage]["chosen"] == (f"{label} alone" if other == "none" else f"{label}, then {CATALOGUE[stage][other]['label']}")


@pytest.mark.parametrize("case", CASES)
def test_texts_are_whole_and_short(case: str) -> None:
    for decision in document(case)["decisions"]:
        for text in texts(decision):
            assert not re.search(r"[{}]|\bunknown\b(?!$)|None|NaN|\binf\b|  ", text.replace("price unknown", "")), text
            assert len(text.split()) <= 36, text
        rejected = [option["against"][0] for option in decision["options"] if not option["chosen"]]
        assert all("\n" not in reason for reason in rejected)
        assert len(decision["main_reason"].split()) <= 26, decision["main_reason"]


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_said_of_what_was_not_chosen(case: str) -> None:
    """Outside the rejected options no other topology, telephone or carrier is named."""
    answers = document(case)["answers"]
    phone = any(channel != "web" for channel in answers["channels"])
    for decision in document(case)["decisions"]:
        said = [decision["chosen"], decision["main_reason"], *decision["reasons"], *decision["consequences"], decision["reversal"]]
        said += [text for option in decision["options"] if option["chosen"] for text in (*option["for"], *option["against"])]
        for text in said:
            if not phone:
                assert not re.search(r"\b(phone|telephone|trunk|SIP|SRTP|carrier|channels)\b", text), text
            if answers["topology"] in ("cloud", "vm"):
                assert "pod" not in text.split(), text
                assert "Kubernetes" not in text, text


@pytest.mark.parametrize("case", CASES)
def test_commands_exist_or_are_planned(case: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):.*##", (ROOT / "template" / "project" / "Makefile.jinja").read_text(), re.M))
    rows = [*document(case)["assumptions"], *document(case)["decisions"]]
    assert set(MAKE.findall(json.dumps(rows))) <= targets
    for decision in document(case)["decisions"]:
        proof = decision["confirmation"]
        if proof["test"].startswith("make "):
            assert proof["planned"], decision["slug"]


def holding(rows: list[Any], traits: set[str]) -> list[int]:
    return [number for number, row in enumerate(rows) if set(row.get("needs", [])) <= traits and not set(row.get("unless", [])) & traits]


@functools.cache
def traits_of(case: str) -> frozenset[str]:
    return frozenset(planned(**CASES[case])["traits"])


def test_every_row_is_there_for_some_answers_and_not_for_all_unless_it_is_general() -> None:
    slugs = [set(by_slug(case)) for case in CASES]
    for row in REASONS:
        times = sum(row["slug"] in found for found in slugs)
        assert times > 0, row["slug"]
        assert (times == len(slugs)) == (row["slug"] in GENERAL), row["slug"]


def conditional(value: Any) -> list[list[dict[str, Any]]]:
    """Every list of texts in which some stand under conditions."""
    if isinstance(value, dict):
        return [found for inner in value.values() for found in conditional(inner)]
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict) and ("needs" in row or "unless" in row)]
        return ([rows] if rows else []) + [found for inner in value for found in conditional(inner)]
    return []


def test_every_conditional_text_holds_for_some_answers() -> None:
    everything = [set(traits_of(case)) for case in CASES]
    for rows in [*conditional(REASONS), *conditional(ASSUMPTIONS)]:
        for row in rows:
            assert any(holding([row], traits) for traits in everything), row.get("text", row)


def test_the_figures_by_hand() -> None:
    """front-desk, worked by hand.

    24,000 calls a month of 4 minutes are 96,000 minutes. A hosted platform's fee of 0.05 USD a minute is 4,800 USD. Of calls with a mean of
    240 s, those that still run 30 s after the signal are e^(-30/240) = 88 %, after 10 s e^(-10/240) = 96 %. A provider that answers 99.7 % of
    43,200 minutes is away for 130; with another such behind it, 0.003 x 0.003 x 43,200 = 0.4.
    """
    weighed = document("front-desk")["weighed"]
    assert weighed["hosted_fee"]["value"] == 4800
    assert weighed["cut_kubernetes"]["value"] == 0.88
    assert weighed["cut_compose"]["value"] == 0.96
    assert weighed["lost"]["stt"] == {
        "alone": {**weighed["lost"]["stt"]["alone"], "value": 130},
        "covered": {**weighed["lost"]["stt"]["covered"], "value": 0.4},
    }
    own = weighed["hosting"]["gke-agents"]["value"] + 1000
    assert weighed["own_month"]["value"] == own
    assert weighed["hosted_below"]["value"] == pytest.approx(own / 0.05, abs=51)


def test_an_option_is_measured_against_the_choice() -> None:
    """The model is one that another one beats in speed and price: that is said, and what speaks against the other too."""
    document_ = document("a slower model")
    decision = by_slug("a slower model")["llm"]
    quicker = next(option for option in decision["options"] if option["key"] == "groq-gpt-oss-120b")
    gap = next(row for row in document_["latency"]["alternatives"] if row["key"] == "groq-gpt-oss-120b")["p50_change_ms"]["value"]
    assert f"A turn is {-gap} ms faster at the median." in quicker["for"]
    assert quicker["against"][0] == "Passes 86.3 % of turns, the chosen one 88.3 %."
    assert "behind gpt-oss-120b on Groq" in decision["main_reason"]


def test_a_refused_model_says_why() -> None:
    options = {option["key"]: option for option in by_slug("regulated-eu")["llm"]["options"]}
    assert options["groq-gpt-oss-120b"]["against"] == ["Refused here: Groq has no endpoint for the data residency you chose (eu)."]


@pytest.mark.parametrize("case", ["web-assistant", "single-vm"])
def test_what_is_emitted_is_argued_alike_in_both_modes(case: str) -> None:
    """`plan` and `new` write the same decisions."""
    assert plan(**CASES[case])["document"]["decisions"] == document(case)["decisions"]


def test_the_order_of_answers_changes_nothing() -> None:
    one = planned(preset="contact-centre", regions=["us-east4", "us-central1"], home_region="us-central1")["document"]["decisions"]
    other = planned(preset="contact-centre", regions=["us-central1", "us-east4"], home_region="us-central1")["document"]["decisions"]
    assert one == other


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3000), st.floats(0.5, 20), st.sampled_from(["web-assistant", "single-vm", "front-desk", "contact-centre"]))
def test_any_load_leaves_whole_decisions(peak: int, minutes: float, preset: str) -> None:
    given_ = {"preset": preset, "peak_calls_per_hour": peak, "mean_call_minutes": round(minutes, 1)}
    if possible(given_, planning=True):
        for decision in planned(**given_)["document"]["decisions"]:
            assert sum(option["chosen"] for option in decision["options"]) == 1
            assert FIGURE.search(decision["main_reason"])


@pytest.mark.parametrize("case", CASES)
def test_assumptions_name_what_the_plan_rests_on(case: str) -> None:
    rows = document(case)["assumptions"]
    assert 5 <= len(rows) <= 9
    for row in rows:
        assert FIGURE.search(row["assumption"])
        assert len(row["assumption"].split()) <= 35
        at: Any = document(case)
        for key in row["figure"].split("."):
            at = at[key]
        assert at["value"] is not None
