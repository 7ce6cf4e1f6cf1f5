"""How much of a month a call finds everything it needs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support import PRESETS, planned, possible


def availability(**given: Any) -> dict[str, Any]:
    found: dict[str, Any] = planned(**given)["document"]["availability"]
    return found


def test_a_chain_by_hand() -> None:
    """single-vm: Deepgram hears and speaks and fails once (0.997), Groq (0.997), one machine (0.999).

    0.997 * 0.997 * 0.999 = 0.99301; what is missing of 43,200 minutes: 301.9.
    """
    found = availability(preset="single-vm")
    assert found["chain"]["value"] == found["chain_without_fallback"]["value"] == 0.99301
    assert found["error_budget_minutes"]["value"] == 302
    assert found["single_points"] == ["Deepgram", "Groq", "the machine"]


def test_a_fallback_by_hand() -> None:
    """single-vm with gpt-4.1 behind Groq: 0.997 + 0.003 * 0.9961 * 0.98 = 0.999929 for the model; 0.997 * 0.999929 * 0.999 = 0.99593."""
    found = availability(preset="single-vm", llm_fallback="openai-gpt-4.1")
    assert [link["share"]["value"] for link in found["links"]] == [0.997, 0.999929, 0.997, 0.999]
    assert found["chain"]["value"] == 0.99593
    assert found["single_points"] == ["Deepgram", "the machine"]


def test_a_fallback_of_a_vendor_that_fails_with_the_other_stage() -> None:
    """Two vendors crosswise, as front-desk has them: a vendor that is down takes its fallback's place with it, so links do not multiply."""
    found = availability(preset="front-desk")
    product = 1.0
    for link in found["links"]:
        product *= link["share"]["value"]
    assert found["chain"]["value"] == pytest.approx(product, abs=1e-3)
    assert found["chain_without_fallback"]["value"] < found["chain"]["value"] < 1


@settings(max_examples=20, deadline=None)
@given(
    preset=st.sampled_from(PRESETS),
    stage=st.sampled_from(["stt", "llm", "tts"]),
    choice=st.sampled_from(
        [
            "deepgram-nova-3",
            "google-chirp-3",
            "openai-gpt-4.1",
            "groq-gpt-oss-120b",
            "gemini-3.6-flash",
            "deepgram-aura-2",
            "google-chirp-3-hd",
            "elevenlabs-flash-v2.5",
        ]
    ),
)
def test_a_fallback_never_makes_it_worse(preset: str, stage: str, choice: str) -> None:
    with_one = {"preset": preset, f"{stage}_fallback": choice}
    assume(possible(with_one, planning=True))
    before, after = availability(preset=preset, **{f"{stage}_fallback": "none"}), availability(**with_one)
    assert after["chain"]["value"] >= before["chain"]["value"]
    assert after["error_budget_minutes"]["value"] <= before["error_budget_minutes"]["value"]
    assert 0.9 < after["chain_without_fallback"]["value"] <= after["chain"]["value"] < 1


@pytest.mark.parametrize("preset", PRESETS)
def test_every_link_is_named_and_graded(preset: str) -> None:
    found = availability(preset=preset)
    assert len({link["link"] for link in found["links"]}) == len(found["links"])
    assert all(0.99 < link["share"]["value"] < 1 and link["share"]["confidence"] for link in found["links"])
    assert all(link["lost_minutes"]["value"] >= 0 for link in found["links"])
    without = [link["link"] for link in found["links"][3:]]
    assert found["single_points"][-len(without) :] == without
