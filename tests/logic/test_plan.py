"""Layer 1: what is decided, as data."""

from __future__ import annotations

import keyword
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import evaluate, plan, questionnaire


@pytest.mark.parametrize(
    ("project_name", "package"),
    [
        ("Front desk", "front_desk"),
        ("Café Zürich", "cafe_zuerich"),
        ("JSON", "json_agent"),
        ("class", "class_agent"),
        ("42", "voice_agent"),
        ("LiveKit demo", "voice_agent"),
        ("日本 1a", "voice_agent"),
    ],
)
def test_a_package_name_comes_from_the_project_s(project_name: str, package: str) -> None:
    assert evaluate({"project_name": project_name})["package_name"].value == package


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters='"\\{}'), min_size=1, max_size=40))
def test_any_name_gives_an_importable_package(project_name: str) -> None:
    steps = {step.name: step for step in questionnaire().evaluate({"project_name": f"a {project_name}"})}
    package = steps["package_name"].value
    assert package.isidentifier()
    assert not keyword.iskeyword(package)
    assert package not in sys.stdlib_module_names


def test_only_what_is_used_is_installed() -> None:
    requirements = plan()["requirements"]
    names = [requirement.split("==")[0] for requirement in requirements]
    assert requirements == sorted(requirements)
    assert "livekit-plugins-deepgram" in names
    assert "livekit-plugins-silero" not in names
    assert "livekit-plugins-silero" in str(plan(vad="silero-plugin")["requirements"])
    assert "livekit-plugins-turn-detector" in str(plan(turn_detection="text-model")["requirements"])
    assert "livekit-plugins-elevenlabs" not in str(plan(preset="single-vm")["requirements"])
    assert all("==" in requirement for requirement in plan()["requirements"])


@pytest.mark.parametrize(("residency", "expected"), [("none", "https://api.deepgram.com"), ("eu", "https://api.eu.deepgram.com")])
def test_residency_picks_the_endpoints(residency: str, expected: str) -> None:
    found = {row["env"]: row["value"] for row in plan(data_residency=residency)["settings"]}
    assert found["DEEPGRAM_BASE_URL"] == expected


def test_each_variable_is_named_once() -> None:
    names = [row["env"] for row in plan(preset="single-vm", stt="deepgram-nova-3", tts="deepgram-aura-2")["settings"]]
    assert len(names) == len(set(names))
    assert names.count("DEEPGRAM_API_KEY") == 1


def test_each_model_has_the_deadline_of_its_own_speed() -> None:
    found = plan(llm="openai-gpt-5.6-luna", llm_fallback="gemini-3.6-flash")["pipeline"]["llm"]
    assert [entry["deadline_ms"] for entry in found] == [3900, 1100]
    found = plan(llm="gemini-3.6-flash", llm_fallback="openai-gpt-5.6-luna", llm_first_token_deadline_ms=2200)["pipeline"]["llm"]
    assert [entry["deadline_ms"] for entry in found] == [2200, 3900]


def test_more_languages_are_listened_to_at_once() -> None:
    assert ["language", '"multi"'] in plan(languages=["en", "de"])["pipeline"]["stt"][0]["arguments"]
    assert ["language", '"de"'] in plan(languages=["de"])["pipeline"]["stt"][0]["arguments"]


def test_privacy_switches_are_set() -> None:
    arguments = {
        entry["key"]: dict(entry["arguments"]) for stage in plan()["pipeline"].values() if isinstance(stage, list) for entry in stage
    }
    assert arguments["deepgram-nova-3"]["mip_opt_out"] == "True"
    assert arguments["openai-gpt-5.6-luna"]["extra_body"] == '{"store": False}'


def test_a_team_has_its_own_files_and_one_agent_has_not() -> None:
    assert "devkit/calls/team.yaml" in plan()["omit"]
    assert "devkit/calls/team.yaml" not in plan(agents="team")["omit"]


def test_only_the_chosen_noise_cancellation_is_emitted() -> None:
    omitted = [path for path in plan(noise_cancellation="webrtc-apm")["omit"] if "noise_" in path]
    assert len(omitted) == 2
    assert not any("webrtc" in path for path in omitted)
