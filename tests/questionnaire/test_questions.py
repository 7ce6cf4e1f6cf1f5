"""Layer 3: what can be chosen, what cannot, and why."""

from __future__ import annotations

from typing import Any

import pytest

from livekit_planner import answers as merge
from livekit_planner.errors import Refused
from tests.support import PRESETS, beside, choices, evaluate, models, possible, questionnaire

PUBLIC = [name for name, spec in questionnaire().specifications.items() if spec.get("when") is not False]
WITH_CHOICES = [name for name in PUBLIC if questionnaire().specifications[name].get("choices")]
EMITTED_PRESETS = ["web-assistant", "single-vm"]
PLANNED = "planned, not emitted yet"
PHONE = {"channels": ["web", "inbound_phone", "outbound_phone"]}
# What the choice of one question needs of the others.
NEEDS: dict[tuple[str, str], dict[str, Any]] = {
    ("turn_detection", "stt"): {"stt": "deepgram-flux"},
    **{(f"{stage}_fallback", key): {stage: beside(stage, key)} for stage in ("stt", "llm", "tts") for key in models(stage)},
    ("compliance", "tcpa"): PHONE,
    ("call_routing", "by-number"): {"phone_numbers": "+12025550143\n+12025550144"},
    ("call_routing", "spoken"): {"agents": "team"},
    ("environments", "staging"): {"environments": ["staging", "production"]},
}
# Not to be had at all today, and why.
RETIRING = {("tts", "openai-gpt-4o-mini-tts"), ("tts_fallback", "openai-gpt-4o-mini-tts")}


def refused(given: dict[str, Any], *, planning: bool = False) -> dict[str, str]:
    """Reasons by field; empty when the answers stand."""
    try:
        merge.judge(questionnaire(), given, planning=planning)
    except Refused as error:
        return {problem.field: f"{problem.reason} ({problem.fix})" for problem in error.problems}
    return {}


def test_the_names_of_the_questions_are_public() -> None:
    assert PUBLIC == [
        "preset", "customise", "project_name", "package_name", "project_summary", "organisation", "contact_email",
        "github_repository", "project_license", "use_case", "channels", "languages", "primary_language", "agents", "topology",
        "data_residency", "regions", "home_region", "time_zone", "stt", "stt_fallback", "llm", "llm_fallback", "tts", "tts_fallback",
        "turn_detection", "vad", "interruptions", "preemptive_generation", "noise_cancellation", "thinking_sound",
        "sip_carrier", "phone_numbers", "allowed_caller_ranges", "sip_security", "call_routing", "human_transfer",
        "transfer_targets", "answering_machine_detection", "calling_hours", "peak_calls_per_hour", "monthly_calls", "mean_call_minutes",
        "longest_call_minutes", "blocking_target", "growth_factor", "environments", "telemetry", "recording",
        "delivery", "web_client", "compliance", "retention_days", "jobs_per_worker", "worker_cpu", "worker_memory_gib",
        "drain_minutes", "token_ttl_minutes", "max_unrecoverable_errors", "llm_first_token_deadline_ms", "llm_hedging",
        "livekit_plan", "stt_concurrency", "tts_concurrency", "llm_tokens_per_minute",
    ]  # fmt: skip


def given_for(name: str, value: str) -> dict[str, Any]:
    """Answers under which one choice can be taken."""
    many = questionnaire().specifications[name].get("multiselect")
    about_phone = PHONE if "telephony" in str(questionnaire().specifications[name].get("ask", "")) else {}
    follows: dict[str, Any] = {"languages": [value]} if name == "primary_language" else {}
    follows |= {"regions": [value]} if name == "home_region" else {}
    return {name: [value] if many else value, **about_phone, **follows, **NEEDS.get((name, value), {})}


@pytest.mark.parametrize("name", WITH_CHOICES)
def test_every_choice_can_be_reached_or_says_why_not(name: str) -> None:
    shown = evaluate(PHONE, planning=True)[name].choices()
    for value, reason in [(str(choice.value), choice.reason) for choice in shown]:
        given = given_for(name, value)
        if (name, value) in RETIRING:
            assert reason.startswith("retires on"), f"{name}={value}: {reason}"
        else:
            assert refused(given, planning=True) == {}, f"{name}={value}"
            against = refused(given)
            assert not against or PLANNED in str(against), f"{name}={value}: {against}"


@pytest.mark.parametrize("name", PUBLIC)
def test_every_question_says_when_one_would_choose_what(name: str) -> None:
    specification = questionnaire().specifications[name]
    assert len(str(specification["help"])) > 20
    assert len(str(specification["help"]).splitlines()) <= 3
    assert specification["qmark"].endswith("›")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_answers_everything_and_asks_little(preset: str) -> None:
    steps = evaluate({"preset": preset}, planning=True)
    assert sum(step.asked for step in steps.values()) <= 8
    derived = {name for name, spec in questionnaire().specifications.items() if spec.get("ask") is False}
    assert all(steps[name].value is not None for name in PUBLIC if name not in derived)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_complete(preset: str) -> None:
    seeds = questionnaire().specifications["presets"]["default"]
    assert set(seeds[preset][0]) == set(seeds["web-assistant"][0])
    steps = evaluate({"preset": preset}, planning=True)
    changed = {name: steps[name].value for name, value in seeds[preset][0].items() if steps[name].visible and steps[name].value != value}
    assert changed == {}, "an answer of the preset cannot stand together with the others"


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset not in EMITTED_PRESETS])
def test_a_planned_preset_is_visible_and_refused(preset: str) -> None:
    assert dict(choices("preset", {}))[preset] == PLANNED
    assert refused({"preset": preset})["preset"].startswith(PLANNED)


@pytest.mark.parametrize(
    "given",
    [
        {"topology": "vm", "noise_cancellation": "krisp-cloud"},
        {"topology": "gke", "noise_cancellation": "krisp-cloud"},
        {"topology": "vm", "turn_detection": "cloud-model"},
        {"topology": "gke", "interruptions": "adaptive"},
        {"topology": "vm", "regions": ["us-central1", "us-east4"]},
        {"data_residency": "eu", "llm": "groq-gpt-oss-120b"},
        {"data_residency": "eu", "regions": ["us-central1"]},
        {"languages": ["de"], "stt": "deepgram-flux"},
        {"languages": ["en", "de"], "primary_language": "fr"},
        {"turn_detection": "stt"},
        {"llm": "openai-gpt-4.1", "llm_fallback": "openai-gpt-5.6-luna"},
        {"tts": "deepgram-aura-2", "tts_fallback": "deepgram-aura-2"},
        {"package_name": "json"},
        {"package_name": "class"},
        {"package_name": "livekit_agent"},
        {"package_name": "9lives"},
        {"project_name": '"quoted"'},
        {"contact_email": "nobody"},
        {"languages": []},
        {"use_case": "reminders", "channels": []},
        {"sip_carrier": "twilio"},
        {"human_transfer": "warm", "channels": ["web"]},
        {"answering_machine_detection": True, "channels": ["inbound_phone"]},
        {**PHONE, "phone_numbers": "555"},
        {**PHONE, "phone_numbers": "+12025550143\n0049301234"},
        {**PHONE, "allowed_caller_ranges": "0.0.0.0/0"},
        {**PHONE, "allowed_caller_ranges": ""},
        {**PHONE, "call_routing": "by-number"},
        {**PHONE, "call_routing": "spoken", "agents": "single"},
        {**PHONE, "human_transfer": "cold", "transfer_targets": "sales: 12"},
        {**PHONE, "calling_hours": "21:00-09:00"},
        {"compliance": ["tcpa"], "channels": ["web"]},
        {"web_client": True, "channels": ["inbound_phone"]},
        {"environments": ["staging"]},
        {"peak_calls_per_hour": 0},
        {"peak_calls_per_hour": 100_000},
        {"peak_calls_per_hour": "many"},
        {"mean_call_minutes": "nan"},
        {"mean_call_minutes": "inf"},
        {"mean_call_minutes": 480},
        {"longest_call_minutes": 480},
        {"longest_call_minutes": 2},
        {"peak_calls_per_hour": 20_000, "mean_call_minutes": 60, "longest_call_minutes": 60},
        {"monthly_calls": 1},
        {"blocking_target": 0},
        {"blocking_target": 1},
        {"growth_factor": 0.5},
        {"retention_days": 0},
        {"jobs_per_worker": 0},
        {"worker_cpu": "lots"},
        {"livekit_plan": "gold"},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_even_in_a_plan(given: dict[str, Any]) -> None:
    against = refused(given, planning=True)
    assert set(against) & set(given)
    assert not any("Traceback" in reason or "Error" in reason for reason in against.values())


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"peak_calls_per_hour": 100_000}, "peak_calls_per_hour", "1 to 20000 calls an hour"),
        ({"time_zone": "Berlin"}, "time_zone", "Berlin is not a time zone of IANA's list: Europe/Berlin"),
        ({"time_zone": "America/New York"}, "time_zone", "America/New_York"),
        ({"time_zone": "CEST"}, "time_zone", "Europe/Berlin or America/New_York or UTC"),
        ({"longest_call_minutes": 2}, "longest_call_minutes", "4 or more"),
        ({**PHONE, "phone_numbers": "+12025550143\n555"}, "phone_numbers", "555 is not a number with plus and country code"),
        ({**PHONE, "allowed_caller_ranges": "any"}, "allowed_caller_ranges", "any is not a range like 54.172.60.0/30"),
        ({"jobs_per_worker": -1}, "jobs_per_worker", "1 to 500 calls"),
        ({"sip_carrier": "twilio"}, "sip_carrier", "is not asked for these answers"),
    ],
    ids=str,
)
def test_a_refusal_says_what_would_be_right(given: dict[str, Any], field: str, words: str) -> None:
    assert words in refused(given, planning=True)[field]


@pytest.mark.parametrize(
    ("given", "zone"),
    [
        ({}, "America/Chicago"),
        ({"languages": ["de"]}, "Europe/Berlin"),
        ({"languages": ["en", "pt"], "primary_language": "pt"}, "America/Sao_Paulo"),
        ({"languages": ["de"], "regions": ["europe-west4"]}, "Europe/Amsterdam"),
        ({"regions": ["us-west1"]}, "America/Los_Angeles"),
        ({"data_residency": "eu"}, "Europe/Berlin"),
        ({"time_zone": "UTC"}, "UTC"),
    ],
    ids=str,
)
def test_the_clock_follows_language_and_region(given: dict[str, Any], zone: str) -> None:
    assert evaluate(given)["time_zone"].value == zone


@pytest.mark.parametrize("given", [{"topology": "vm"}, {"preset": "single-vm", "data_residency": "eu"}, {"languages": ["de"]}], ids=str)
def test_defaults_follow_the_other_answers(given: dict[str, Any]) -> None:
    assert possible(given)


@pytest.mark.parametrize("given", [{**PHONE, "agents": "single"}, {"preset": "reminders", "channels": ["web", "outbound_phone"]}], ids=str)
def test_defaults_of_a_planned_deployment_follow_too(given: dict[str, Any]) -> None:
    assert refused(given, planning=True) == {}


def test_lines_may_be_given_as_a_list() -> None:
    given = merge.split_lists({**PHONE, "phone_numbers": ["+12025550143", "+12025550144"]}, questionnaire().specifications)
    assert refused(given, planning=True) == {}
    assert evaluate(given, planning=True)["plan"].value["document"]["answers"]["phone_numbers"] == ["+12025550143", "+12025550144"]


def test_a_model_is_refused_when_it_is_about_to_retire() -> None:
    reasons = dict(choices("tts", {}))
    assert reasons["openai-gpt-4o-mini-tts"]
