"""Layer 3: what can be chosen, what cannot, and why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import choices, evaluate, possible, questionnaire

PUBLIC = [name for name, spec in questionnaire().specifications.items() if spec.get("when") is not False]
WITH_CHOICES = [name for name in PUBLIC if questionnaire().specifications[name].get("choices")]
PRESETS = ["web-assistant", "single-vm"]
PLANNED_PRESETS = ["front-desk", "reminders", "contact-centre", "regulated-eu"]
# Choices that nobody can take before other records are emitted, and the reason they show.
WAITS_FOR_OTHERS = {
    ("stt_fallback", "deepgram-nova-3"): "the same vendor",
    ("stt_fallback", "deepgram-flux"): "the same vendor",
    ("primary_language", "it"): "not among",
    ("primary_language", "nl"): "not among",
    ("primary_language", "pt"): "not among",
}
# What the choice of one question needs of the others.
NEEDS: dict[tuple[str, str], dict[str, Any]] = {
    ("turn_detection", "stt"): {"stt": "deepgram-flux"},
    ("tts_fallback", "elevenlabs-flash-v2.5"): {"tts": "deepgram-aura-2"},
    ("llm_fallback", "openai-gpt-5.6-luna"): {"llm": "groq-gpt-oss-120b"},
    ("llm_fallback", "openai-gpt-4.1"): {"llm": "groq-gpt-oss-120b"},
}


def test_the_names_of_the_questions_are_public() -> None:
    assert PUBLIC == [
        "preset", "customise", "project_name", "package_name", "project_summary", "organisation", "contact_email",
        "github_repository", "project_license", "use_case", "channels", "languages", "primary_language", "agents", "topology",
        "data_residency", "regions", "home_region", "stt", "stt_fallback", "llm", "llm_fallback", "tts", "tts_fallback",
        "turn_detection", "vad", "interruptions", "preemptive_generation", "noise_cancellation", "thinking_sound",
    ]  # fmt: skip


@pytest.mark.parametrize("name", WITH_CHOICES)
def test_every_choice_can_be_reached_or_says_why_not(name: str) -> None:
    many = questionnaire().specifications[name].get("multiselect")
    for value, reason in choices(name, {}):
        given = {name: [value] if many else value, **NEEDS.get((name, value), {})}
        if name == "primary_language":
            given["languages"] = [value]
        if name == "home_region":
            given["regions"] = [value]
        if not possible(given):
            expected = WAITS_FOR_OTHERS.get((name, value), "planned")
            assert reason.startswith(expected), f"{name}={value}: {reason or 'no reason'}"


@pytest.mark.parametrize("name", PUBLIC)
def test_every_question_says_when_one_would_choose_what(name: str) -> None:
    specification = questionnaire().specifications[name]
    assert len(str(specification["help"])) > 20
    assert specification["qmark"].endswith("›")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_answers_everything(preset: str) -> None:
    steps = evaluate({"preset": preset})
    assert sum(step.asked for step in steps.values()) <= 8
    assert all(steps[name].value is not None for name in PUBLIC)


@pytest.mark.parametrize("preset", PLANNED_PRESETS)
def test_a_planned_preset_is_visible_and_refused(preset: str) -> None:
    assert dict(choices("preset", {}))[preset] == "planned, not emitted yet"
    assert not possible({"preset": preset})


@pytest.mark.parametrize(
    "given",
    [
        {"topology": "vm", "noise_cancellation": "krisp-cloud"},
        {"topology": "vm", "turn_detection": "cloud-model"},
        {"topology": "vm", "interruptions": "adaptive"},
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
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(given: dict[str, Any]) -> None:
    assert not possible(given)


@pytest.mark.parametrize("given", [{"topology": "vm"}, {"preset": "single-vm", "data_residency": "eu"}, {"languages": ["de"]}], ids=str)
def test_defaults_follow_the_other_answers(given: dict[str, Any]) -> None:
    assert possible(given)


def test_a_model_is_refused_when_it_is_about_to_retire() -> None:
    reasons = dict(choices("tts", {}))
    assert reasons["openai-gpt-4o-mini-tts"]
