"""What each provider is promised to be sent, and that every switch of a record is part of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support import known, planned

STAGES = ("stt", "llm", "tts")
RECORDS = [(stage, key) for stage in STAGES for key in known(stage)]
# Arguments that keep a provider from keeping or learning from what it gets.
SWITCHES = ("mip_opt_out", "enable_logging", "store")


def wire(**given: Any) -> dict[str, dict[str, Any]]:
    """Promises by the key of their record."""
    return {entry["key"]: entry for entry in planned(**given)["document"]["wire"]}


def residency(stage: str, key: str) -> dict[str, str]:
    record = known(stage)[key]
    found: dict[str, str] = record.get("residency", known("vendors")[record["vendor"]]["residency"])
    return found


def beside(stage: str, key: str) -> dict[str, Any]:
    """Answers under which a record is the first of its stage, and fits to the others."""
    given = {"stt": "deepgram-nova-3", "llm": "openai-compatible", "tts": "elevenlabs-flash-v2.5"} | {stage: key}
    return given | {f"{name}_fallback": "none" for name in STAGES}


def switches(arguments: dict[str, str]) -> dict[str, str]:
    """Switches among the arguments of a record, also those that an `extra_body` holds; values as they are in Python."""
    inside = dict(re.findall(r'"(\w+)": (True|False)', arguments.get("extra_body", "")))
    return {name: value for name, value in (arguments | inside).items() if name in SWITCHES}


def test_there_is_a_promise_for_each_model_in_the_order_in_which_they_are_asked() -> None:
    told = planned(preset="front-desk")
    entries = told["document"]["wire"]
    assert [(entry["stage"], entry["key"]) for entry in entries] == [
        (stage, entry["key"]) for stage in STAGES for entry in told["pipeline"][stage]
    ]
    assert entries[0]["label"] == "Deepgram Nova-3"
    assert entries[0]["vendor"] == "deepgram"


@pytest.mark.parametrize(
    ("compliance", "logging"), [([], "true"), (["gdpr"], "false"), (["hipaa"], "false"), (["gdpr", "hipaa"], "false"), (["pci"], "true")]
)
def test_a_law_changes_what_is_sent(compliance: list[str], logging: str) -> None:
    fields = wire(compliance=compliance)["elevenlabs-flash-v2.5"]["fields"]
    assert fields["enable_logging"] == logging
    assert fields["model_id"] == "eleven_flash_v2_5"


def test_languages_and_voices_are_filled_in() -> None:
    german = wire(preset="single-vm", languages=["de"], stt_fallback="google-chirp-3")
    assert german["deepgram-nova-3"]["fields"]["language"] == "de"
    assert german["deepgram-aura-2"]["fields"]["model"] == "aura-2-viktoria-de"
    assert german["google-chirp-3"]["fields"]["streaming_config.config.language_codes"] == ["de-DE"]
    both = wire(languages=["en", "de"], primary_language="de")
    assert both["deepgram-nova-3"]["fields"]["language"] == "multi"
    assert both["elevenlabs-flash-v2.5"]["fields"]["language_code"] == "de"


def test_a_setting_is_filled_in_or_named() -> None:
    recogniser = wire(stt="google-chirp-3", data_residency="eu", tts="google-chirp-3-hd")["google-chirp-3"]["fields"]["recognizer"]
    assert recogniser == "projects/$GOOGLE_CLOUD_PROJECT/locations/eu/recognizers/_"
    assert wire(llm="openai-compatible")["openai-compatible"]["fields"]["model"] == "$COMPATIBLE_MODEL"
    assert "EXAVITQu4vr4xnSDxMaL" in wire()["elevenlabs-flash-v2.5"]["endpoint"]


@pytest.mark.parametrize(("stage", "key"), RECORDS)
def test_a_promise_is_whole_under_every_residency(stage: str, key: str) -> None:
    record = known(stage)[key]
    if record["retires"]:  # may be planned no more; its promise stands all the same
        assert set(record["wire"]) == {"endpoint", "fields", "content"}
        return
    for place, address in residency(stage, key).items():
        entry = wire(data_residency=place, **beside(stage, key))[key]
        told = json.dumps([entry["endpoint"], *entry["fields"].values()])
        assert "{" not in told.replace("{}", "")
        assert f"{entry['host']}{entry['endpoint']}".startswith(address.removeprefix("https://") + "/")
        assert entry["fields"]
        assert not set(entry["fields"]) & set(entry["content"])


@pytest.mark.parametrize(("stage", "key"), RECORDS)
def test_every_switch_is_promised(stage: str, key: str) -> None:
    record = known(stage)[key]
    fields = {name: json.dumps(value).strip('"') for name, value in record["wire"]["fields"].items()}
    for name, value in switches(record["arguments"]).items():
        assert fields[name] == value.lower()
    laws = record.get("compliance_arguments", {})
    assert set(record.get("compliance_wire", {})) == set(laws)
    for law, arguments in laws.items():
        promised = {name: json.dumps(value).strip('"') for name, value in record["compliance_wire"][law].items()}
        assert promised == {name: value.lower() for name, value in switches(arguments).items()}
        assert set(promised) <= set(fields), "what a law changes is sent without it, too"


def test_every_switch_is_met() -> None:
    """Or the test above would prove nothing."""
    arguments = [known(stage)[key]["arguments"] for stage, key in RECORDS]
    laws = [more for stage, key in RECORDS for more in known(stage)[key].get("compliance_arguments", {}).values()]
    assert set(SWITCHES) == {name for found in arguments + laws for name in switches(found)}
