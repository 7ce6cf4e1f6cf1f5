"""What has to be signed, raised or bought, and how long it takes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import PRESETS, planned

STATES = {"fits", "too small", "to negotiate", "unknown"}


def contracts(**given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = planned(**given)["document"]["contracts"]
    return found


def row(what: str, **given: Any) -> dict[str, Any]:
    return next(row for row in contracts(**given) if row["what"].startswith(what))


def test_contracts_by_hand() -> None:
    """front-desk: 240 calls an hour of 4 minutes are 16 E, 25 lines at one in a hundred.

    Recognition: 25 streams into Deepgram's 50. Its voice, the fallback, holds a connection a call: 25 into 15 do not go, into the 45
    of another copy they would. ElevenLabs makes a sentence for about 20 calls: 2 generations, the plan Pro has 10. LiveKit Cloud carries
    two participants a call, 50, which Build's 100 would take; 96,000 minutes do not fit into its 1,000, so Ship.
    """
    assert [row("recognition: Deepgram", preset="front-desk")[key] for key in ("contract", "state")] == ["pay as you go", "fits"]
    assert row("recognition: Deepgram", preset="front-desk")["lead_time"] == "an account, 0 to 2 days"
    voice = row("voice, fallback", preset="front-desk")
    assert (voice["need"]["value"], voice["limit"]["value"], voice["fits"], voice["fits_at_best"]) == (25, 15, False, True)
    assert voice["contract"] == "a growth or enterprise agreement"
    assert voice["price"]["value"] is None
    assert voice["lead_time"] == "a contract, 10 to 60 days"
    generations = row("voice: ElevenLabs", preset="front-desk")
    assert (generations["need"]["value"], generations["contract"]) == (2, "Pro")
    media = row("media", preset="front-desk")
    assert (media["need"]["value"], media["contract"], media["price"]["value"]) == (50, "plan ship", 50)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_row_is_whole(preset: str) -> None:
    rows = contracts(preset=preset)
    for found in rows:
        assert found["party"]
        assert found["need"]["value"] >= 1
        assert found["state"] in STATES
        assert found["fits"] == (found["state"] == "fits")
        assert found["fits_at_best"] or not found["fits"]
        assert found["limit"]["value"] is None or found["fits"] == (found["limit"]["value"] >= found["need"]["value"])
        assert found["lead_time"].endswith("days") or found["state"] == "unknown"
        assert found["lead_days"]["low"] <= found["lead_days"]["value"] <= found["lead_days"]["high"]
        assert found["price"]["source"]
    stages = [found["what"].split(":")[0] for found in rows]
    answers = planned(preset=preset)["document"]["answers"]
    for stage, fallback in (("stt", "recognition, fallback"), ("llm", "model, fallback"), ("tts", "voice, fallback")):
        assert (fallback in stages) == (answers[f"{stage}_fallback"] != "none")
    assert ("trunk" in stages) == ("numbers" in stages) == (preset not in {"web-assistant", "single-vm"})


@pytest.mark.parametrize(
    ("answer", "small", "large", "what"),
    [("stt_concurrency", 5, 500, "recognition"), ("tts_concurrency", 1, 50, "voice"), ("llm_tokens_per_minute", 1000, 10_000_000, "model")],
)
def test_a_contract_that_one_has_decides(answer: str, small: int, large: int, what: str) -> None:
    tight = row(what, preset="front-desk", **{answer: small})
    assert (tight["state"], tight["fits"], tight["limit"]["inputs"]) == ("too small", False, [answer])
    wide = row(what, preset="front-desk", **{answer: large})
    assert (wide["state"], wide["contract"]) == ("fits", "yours")


def test_a_plan_that_one_has_decides() -> None:
    assert row("media", livekit_plan="build")["state"] == "too small"
    assert row("media", livekit_plan="scale")["state"] == "fits"


def test_what_only_a_larger_contract_opens() -> None:
    rows = {found["party"]: found for found in contracts(preset="regulated-eu")}
    assert rows["ElevenLabs"]["enterprise_only"] == [
        "workspace with residency in the EU and keys of its own",
        "nothing kept: enable_logging",
    ]
    assert rows["ElevenLabs"]["contract"] == "an enterprise agreement"
    assert rows["OpenAI"]["lead_days"]["value"] == 30
    assert rows["Deepgram"]["enterprise_only"] == []
    assert all(
        found["agreements"] == ["data processing agreement"] for name, found in rows.items() if name in {"Deepgram", "OpenAI", "ElevenLabs"}
    )
    assert row("model", llm="openai-gpt-5.6-luna", data_residency="eu")["surcharge"]["value"] == 1.1
    assert "surcharge" not in row("model", llm="openai-gpt-4.1", data_residency="eu")
    assert row("media", compliance=["hipaa"])["contract"] == "plan scale"


@pytest.mark.parametrize("law", ["gdpr", "hipaa"])
@pytest.mark.parametrize(
    ("answers", "what", "switch", "larger"),
    [
        ({"stt": "deepgram-nova-3"}, "recognition", "mip_opt_out", False),
        ({"stt": "google-chirp-3"}, "recognition", "data logging, off unless opted in (unconfirmed)", False),
        ({"llm": "openai-gpt-4.1"}, "model", "store (zero retention needs approval)", True),
        ({"llm": "groq-gpt-oss-120b"}, "model", "zero data retention (not retrieved)", True),
        ({"llm": "gemini-3.6-flash"}, "model", "a project with billing, whose prompts are not trained on (unconfirmed)", False),
        ({"tts": "elevenlabs-flash-v2.5"}, "voice", "enable_logging", True),
    ],
)
def test_what_is_honoured_only_by_contract_has_to_be_bought(
    law: str, answers: dict[str, str], what: str, switch: str, larger: bool
) -> None:
    """A switch on the wire is a wish: whether the provider keeps nothing stands in the contract, which procurement has to get."""
    told = planned(compliance=[law], **answers)
    found = next(contract for contract in told["document"]["contracts"] if contract["what"].startswith(f"{what}:"))
    said = f"nothing kept: {switch}"
    (asked,) = (order for order in told["platform"] if f", {found['what']}, " in order["what"])
    assert (asked["owner"], asked["area"]) == ("procurement", "contracts")
    assert said in asked["why"]
    assert said in found["conditions"]
    assert (said in found["enterprise_only"]) == larger
    assert found["agreements"]
    assert not larger or found["lead_time"].startswith("a contract")
    assert said not in row(f"{what}:", **answers)["conditions"]


def test_a_number_abroad_needs_papers() -> None:
    assert row("numbers", preset="front-desk")["lead_days"]["value"] == 1
    abroad = row("numbers", preset="front-desk", phone_numbers="+493023125001")
    assert abroad["contract"].startswith("a regulatory bundle")
    assert (abroad["lead_days"]["value"], abroad["price"]["value"]) == (10, None)
