"""Layer 1: a voice is held to its 99th percentile, and the filler to turns that are late."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.logic import modules, simulate
from tests.support import PRESETS, planned

KNOWN = modules.catalogue()
LIMITS, VOICES = KNOWN["limits"][0], KNOWN["tts"][0]


def deadline(**answers: Any) -> int:
    """The plan's, in ms; the settings have no other."""
    plan = planned(preset="single-vm", **answers)
    value = plan["document"]["capacity"]["first_audio_deadline_ms"]["value"]
    assert plan["pipeline"]["first_audio_deadline_ms"] == value
    return int(value)


def drawn(voice: str, count: int = 20_000) -> list[float]:
    """First sounds of a voice, in ms: lognormal through its median and its 95th percentile."""
    chance, stage = random.Random(7), VOICES[voice]["first_audio_ms"]  # noqa: S311 (a sample)
    return [stage["p50"] * (stage["p95"] / stage["p50"]) ** (chance.gauss(0, 1) / 1.645) for _ in range(count)]


PAIRS = [
    (voice, fallback)
    for voice, record in VOICES.items()
    for fallback in ("none", "elevenlabs-flash-v2.5", "google-chirp-3-hd")
    if record["status"] == "emitted" and voice != fallback
]


@pytest.mark.parametrize(("voice", "fallback"), PAIRS)
def test_a_healthy_voice_is_hardly_ever_given_up(voice: str, fallback: str) -> None:
    limit = deadline(tts=voice, tts_fallback=fallback)
    for one in (voice, fallback):
        if one != "none":
            sounds = drawn(one)
            assert sum(sound > limit for sound in sounds) / len(sounds) <= 0.012  # 1 %, and what a sample may add


def test_a_voice_alone_has_more_time_than_one_that_another_replaces() -> None:
    alone = deadline(tts="cartesia-sonic-3", tts_fallback="none")
    assert alone == LIMITS["voice_deadline_least_alone_ms"]["value"]
    covered = deadline(tts="cartesia-sonic-3", tts_fallback="deepgram-aura-2")
    assert covered == LIMITS["voice_deadline_least_ms"]["value"] < alone


@pytest.mark.parametrize("with_tool", [False, True], ids=["plain", "tool"])
@pytest.mark.parametrize("preset", PRESETS)
def test_the_filler_is_heard_in_a_late_turn_only(preset: str, with_tool: bool) -> None:
    latency = planned(preset=preset)["document"]["latency"]
    late = latency[latency["main"]]["tool_turn_p95_ms" if with_tool else "p95_ms"]["value"]
    after = latency["filler_after_tool_ms" if with_tool else "filler_after_ms"]["value"]
    assert late <= after < late + 100
    answers = planned(preset=preset)["document"]["answers"]
    turns = simulate.turns(
        {
            "stt": KNOWN["stt"][0][answers["stt"]]["final_ms"],
            "llm": KNOWN["llm"][0][answers["llm"]]["first_token_ms"],
            "tts": VOICES[answers["tts"]]["first_audio_ms"],
            "tool": {"p50": LIMITS["tool_ms"]["value"], "p95": LIMITS["tool_p95_ms"]["value"]},
        },
        end_of_turn=KNOWN["turns"][0]["turn_detection"][answers["turn_detection"]]["min_delay_s"] * 1000,
        fixed=LIMITS[f"transport_{latency['main']}_ms"]["value"] + LIMITS["first_clause_ms"]["value"],
        early=answers["preemptive_generation"],
        with_tool=with_tool,
    )
    assert simulate.share_over(turns, after) <= 0.055  # 5 %, and what a sample may add
