"""What a call is judged by: sounds of the agent in turns that ask for none, and words that were heard wrongly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from devkit import report
from devkit.caller import FILLER_TRACK, VOICE_TRACK, Ear
from devkit.conversation import TurnRecord, unasked
from devkit.script import Script

BEGAN, ENDED = 10.0, 16.0
TELEVISION = {"acts": [{"noise": {"kind": "babble", "ms": 6000}}]}
OVER_AN_ANSWER = {**TELEVISION, "barge_in_after_s": 2.0}


def missed(turn: dict[str, Any], **heard_at: float) -> list[str]:
    """What a call misses whose only turn is `turn`, when these tracks were heard at these times, in s."""
    script = Script.model_validate({"name": "n", "summary": "s", "language": "en", "turns": [turn]})
    ears = {
        name: Ear(loud=[5.0, *([heard_at[name]] if name in heard_at else [])]) for name in (VOICE_TRACK, FILLER_TRACK)
    }
    record = TurnRecord(script.turns[0], 1, BEGAN, ENDED, interrupted="barge_in_after_s" in turn)
    record.answered = ears[VOICE_TRACK].first_sound(ENDED)
    record.latency_ms = {"voice_to_voice": None if record.answered is None else 500}
    record.unasked = unasked(record, ears)
    talk = SimpleNamespace(greeted_after_ms=900, real=False, words_from="script", records=[record])
    return report.judge(script, cast("Any", talk), [], [])


@pytest.mark.parametrize("at", [BEGAN + 2, ENDED + 2], ids=["in the noise", "after it"])
@pytest.mark.parametrize("track", [VOICE_TRACK, FILLER_TRACK])
def test_nothing_is_heard_for_a_noise(track: str, at: float) -> None:
    assert missed(TELEVISION) == []
    assert [track in one for one in missed(TELEVISION, **{track: at})] == [True]


def test_an_answer_goes_on_in_a_noise_without_a_filler() -> None:
    going_on = {VOICE_TRACK: ENDED + 0.5}
    assert missed(OVER_AN_ANSWER, **going_on) == []
    assert "go on" in missed(OVER_AN_ANSWER)[0]
    assert [FILLER_TRACK in one for one in missed(OVER_AN_ANSWER, **going_on, **{FILLER_TRACK: ENDED + 1})] == [True]


def test_a_caller_who_hangs_up_may_hear_anything_before() -> None:
    gone = {"acts": [{"say": "hi"}, {"pause_ms": 3000}, {"say": "hi", "hang_up_after_ms": 100}]}
    assert missed(gone, **{FILLER_TRACK: BEGAN + 2}) == []


def test_what_a_hang_up_cuts_off_counts_as_nothing_heard_wrongly() -> None:
    heard, gone = {"caller": "good morning"}, {"acts": [{"say": "I will tell you", "hang_up_after_ms": 300}]}
    turns = Script.model_validate({"name": "n", "summary": "s", "language": "en", "turns": [heard, gone]}).turns
    records = [TurnRecord(turns[0], 1, heard="good morning"), TurnRecord(turns[1], 2, heard="I")]
    talk = SimpleNamespace(real=False, words_from="a recogniser", records=records)
    assert report.wer(cast("Any", talk)) == 0.0
    records[0].heard = "good evening"
    assert report.wer(cast("Any", talk)) == 0.5
