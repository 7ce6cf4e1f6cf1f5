"""The drills' arithmetic: which faults are met, what a report says of one, what the page counts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from devkit import call, drill, drill_page, script
from devkit.drill import Drill, Setting
from devkit.emulators.faults import check
from devkit.processes import Trouble
from devkit.project import STRINGS
from devkit.script import Fault
from devkit.stack import Options, Stack

SETTING = Setting("a model", 100)
FAULT = Fault(stage="llm", kind="hang", turn=2)


def report(
    *,
    answered: int | None,
    heard: str = "We are open on Monday.",
    repeated: bool = False,
    apology: dict[str, Any] | None = None,
) -> dict[str, Any]:
    audible = None if answered is None else answered - 500
    latency = {"voice_to_voice": answered, "audible": audible, "answer_gap": 700, "end_of_turn": 600}
    turn: dict[str, Any] = {"number": 2, "repeated": False, "ended_at": 100.0, "agent": heard, "apology": apology}
    turn["latency_ms"] = latency
    again = [{**turn, "repeated": True}] if repeated else []
    return {"turns": [turn, *again], "faults_fired": [{"turn": 2, "t": 100.4}]}


def made(**changes: Any) -> Drill:
    usual: dict[str, Any] = {
        "audible_ms": 900,
        "answer_ms": 1400,
        "settled_ms": 1400,
        "outcome": "answered",
        "joined_halves": False,
    }
    return Drill(**{"setting": "ours", "stage": "llm", "kind": "hang", **usual, **changes})


def test_each_stage_meets_as_many_faults_as_were_asked_for() -> None:
    calls = list(drill.plans(list(drill.KINDS), 20))
    assert Counter(fault.stage for faults in calls for fault in faults) == {"stt": 20, "llm": 20, "tts": 20}
    assert {fault.kind for faults in calls for fault in faults if fault.stage == "llm"} == set(drill.KINDS["llm"])
    assert all(faults[0].turn == 2 for faults in calls), "each call has a healthy turn first"


def test_no_stage_fails_twice_in_a_row() -> None:
    for faults in drill.plans(list(drill.KINDS), 20):
        stages = [fault.stage for fault in faults]
        assert all(stage != following for stage, following in pairwise(stages))
        assert [fault.turn for fault in faults] == list(range(2, 2 + len(faults)))


def test_the_emulators_know_every_kind() -> None:
    for stage, kinds in drill.KINDS.items():
        for kind in kinds:
            check(stage, kind)


def test_an_answer_counts_from_the_fault() -> None:
    found = drill._drill(SETTING, FAULT, report(answered=2000))
    assert (found.audible_ms, found.answer_ms, found.outcome) == (1500, 1600, "answered")


def test_in_production_s_turns_both_count_from_the_end_of_the_turn() -> None:
    found = drill._drill(Setting("a model", 100, product=True), FAULT, report(answered=2000))
    assert (found.audible_ms, found.answer_ms, found.settled_ms) == (900, 1400, 1400)


def test_one_stage_may_fail_alone() -> None:
    calls = list(drill.plans(["llm"], 24))
    assert Counter(fault.stage for faults in calls for fault in faults) == {"llm": 24}
    assert {fault.kind for faults in calls for fault in faults} == set(drill.KINDS["llm"])


def test_a_fault_in_the_answer_is_the_longest_silence_in_it() -> None:
    found = drill._drill(SETTING, FAULT, report(answered=300))
    assert (found.audible_ms, found.answer_ms, found.outcome) == (700, 700, "answered")


def test_the_caller_asks_what_no_tool_is_asked_for() -> None:
    asked = drill.one_question()
    assert len(asked.turns) == 1
    assert asked.answers[0].say
    assert asked.answers[0].tool is None


def test_an_apology_is_no_answer() -> None:
    whole = report(answered=2000, repeated=True, apology={"phrase": "apology", "whole": True})
    found = drill._drill(SETTING, FAULT, whole)
    assert (found.answer_ms, found.settled_ms, found.outcome) == (None, 1600, "apology")


def test_half_an_apology_is_silence() -> None:
    half = report(answered=2000, repeated=True, apology={"phrase": "apology", "whole": False})
    assert drill._drill(SETTING, FAULT, half).outcome == "silence"


def test_nothing_heard_is_silence() -> None:
    assert drill._drill(SETTING, FAULT, report(answered=None, heard="")).outcome == "silence"


@pytest.mark.parametrize(
    ("heard", "joined"),
    [
        ("We are open We are open from nine.", True),
        (f"We are open {STRINGS['again']} We are open from nine.", False),
        ("We are open from nine.", False),
        ("", False),
    ],
)
def test_two_halves_without_a_word_between_them_are_noticed(heard: str, joined: bool) -> None:
    assert drill._drill(SETTING, FAULT, report(answered=2000, heard=heard)).joined_halves is joined


async def test_a_call_that_nobody_took_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: Any) -> dict[str, Any]:
        return {"turns": [], "machine": {"ok": True}}

    question = drill.one_question()
    monkeypatch.setattr(call, "run", nobody)
    monkeypatch.setattr(script, "load", lambda _: question)
    with pytest.raises(Trouble, match="no agent answered"):
        await drill.held(Stack(Options(folder=Path("here"))), SETTING, [FAULT])


def test_the_page_shows_what_95_of_100_are_within() -> None:
    drills = [made(audible_ms=number) for number in range(1, 21)]
    assert "| 20 | 10 | 19 |" in drill_page.table(drills, 0)


def test_the_page_counts_what_was_within_the_goals() -> None:
    drills = [*[made()] * 18, made(audible_ms=1600, answer_ms=3100), made(answer_ms=None, outcome="apology")]
    assert "| ours | llm | 20 | 19 | 900 | 18 | 3100 | 20 | 1400 |" in drill_page.goals(drills)
    assert "| ours | llm | 2 | 2 | 900 | 0 | never | 2 | 1400 |" in drill_page.goals([drills[-1]] * 2)


@pytest.mark.parametrize(
    ("drills", "left_open"),
    [([made(outcome="silence", answer_ms=None)], 0), ([made(joined_halves=True)], 0), ([made()], 1)],
)
def test_silence_joined_halves_or_an_open_session_miss_the_goal(drills: list[Drill], left_open: int) -> None:
    assert not drill_page.reached(drills, left_open)


def test_what_the_bare_framework_does_is_not_our_goal() -> None:
    assert drill_page.reached([made(), made(setting=drill_page.BARE, outcome="silence")], 0)
