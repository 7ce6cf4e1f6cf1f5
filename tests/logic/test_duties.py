"""What a chosen law asks, and that its switches are really in the code that is emitted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ROOT, plan, planned, render

LAWS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "template/catalogue/compliance.yml").read_text())
LANGUAGES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "template/catalogue/languages.yml").read_text())
SPOKEN = [name for name, record in LANGUAGES.items() if record["offered"]]
# What each language calls the machine in its greeting.
MACHINE = {
    "en": "automated assistant",
    "de": "automatischen Assistenten",
    "fr": "assistant automatique",
    "es": "asistente automático",
    "it": "assistente automatico",
    "nl": "automatische assistent",
    "pt": "assistente automático",
}


def duties(**given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = planned(**given)["document"]["duties"]
    return found


def arguments(stage: str, **given: Any) -> dict[str, dict[str, str]]:
    return {entry["key"]: dict(entry["arguments"]) for entry in plan(**given)["pipeline"][stage]}


def test_without_a_law_there_is_no_duty() -> None:
    assert duties() == []


@pytest.mark.parametrize("law", LAWS)
def test_a_law_brings_its_own_duties_and_no_other_s(law: str) -> None:
    given = {"preset": "reminders"} if law == "tcpa" else {"preset": "front-desk", "compliance": law}
    rows = duties(**given)
    assert len(rows) >= 2
    assert {row["law"] for row in rows} == {law}
    for row in rows:
        assert row["people"]
        assert row["repository"]["text"]
        assert "${" not in str(row)
        assert len(row["duty"].split()) <= 20
        assert len(row["repository"]["text"].split()) <= 25


@pytest.mark.parametrize("law", ["gdpr", "hipaa", "pci", "eu-ai-act"])
def test_what_the_repository_does_is_in_the_file_that_is_named(law: str, tmp_path: Path) -> None:
    given = {"preset": "web-assistant", "compliance": [law]}
    project = render(tmp_path / "agent", given)
    for row in duties(**given):
        if row["repository"]["file"]:
            assert (project / row["repository"]["file"]).is_file(), row
    code = (project / "src/my_agent/runtime/pipeline.py").read_text()
    flags = [flag for row in duties(**given) for flag in row["flags"] if ": " in flag]
    assert flags or law == "eu-ai-act"
    for flag in flags:
        assert f"{flag.split(': ', 1)[1]}," in code, flag


@pytest.mark.parametrize("law", ["gdpr", "hipaa"])
def test_elevenlabs_keeps_nothing_where_a_law_wants_it(law: str) -> None:
    assert arguments("tts", compliance=law)["elevenlabs-flash-v2.5"]["enable_logging"] == "False"
    assert "enable_logging" not in arguments("tts")["elevenlabs-flash-v2.5"]
    assert "enable_logging" not in arguments("tts", preset="single-vm", compliance=law)["deepgram-aura-2"]


def test_what_is_always_off_is_off_without_a_law() -> None:
    assert arguments("stt")["deepgram-nova-3"]["mip_opt_out"] == "True"
    assert arguments("llm")["openai-gpt-5.6-luna"]["extra_body"] == '{"store": False}'


@pytest.mark.parametrize("language", SPOKEN)
def test_the_greeting_tells_that_it_is_a_machine(language: str) -> None:
    given = {"languages": [language], "primary_language": language, "tts": "elevenlabs-flash-v2.5"}
    plain, disclosed = plan(**given)["strings"], plan(**given, compliance="eu-ai-act")["strings"]
    assert MACHINE[language] in disclosed["greeting"]
    assert MACHINE[language] not in plain["greeting"]
    assert set(plain) == set(disclosed)
    assert {name for name in plain if plain[name] != disclosed[name]} == {"greeting"}


def test_the_sentence_and_the_rule_are_emitted(tmp_path: Path) -> None:
    plain = render(tmp_path / "plain", {"preset": "web-assistant"})
    told = render(tmp_path / "told", {"preset": "web-assistant", "compliance": ["eu-ai-act"]})
    changed = subprocess.run(["diff", "-rq", plain, told], capture_output=True, text=True, check=False).stdout
    files = {line.split(" differ")[0].rsplit("/", 1)[-1] for line in changed.splitlines()}
    assert {"phrases.py", "project.py"} <= files
    assert "rules.md" not in files, "a rule in a file that no update touches would outlive the answer"
    assert "never claim to be a person" in (told / "src/my_agent/runtime/phrases.py").read_text()
    assert "automated assistant" in (told / "src/my_agent/runtime/phrases.py").read_text()
    assert "automated" not in (plain / "src/my_agent/runtime/phrases.py").read_text()
