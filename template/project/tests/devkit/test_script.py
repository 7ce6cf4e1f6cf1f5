"""A script, a fault or a word that is wrong is told in one line."""

from __future__ import annotations

import json
import re
import socket
import textwrap
from pathlib import Path

import pytest
import yaml

from devkit import project
from devkit import script as scripts
from devkit.emulators.faults import KINDS
from devkit.processes import Trouble, WrongUse, claim_port, free_port
from devkit.project import ROOT
from devkit.script import Script, load, parse_fault, parse_faults, usual
from devkit.words import contains, error_rate

CALLS = sorted((ROOT / "devkit" / "calls").glob("*.yaml"))


@pytest.mark.parametrize("path", CALLS, ids=lambda path: str(path.name))
def test_every_script_is_valid(path: Path) -> None:
    assert load(path).turns


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: x\nsummary: x\nlanguage: en\nturns: []\n", "turns"),
        ("name: x\nsummary: x\nlanguage: en\nturns: [{caller: hi, expects: {}}]\n", "turns.0.expects"),
        ("name: x\nsummary: x\nlanguage: en\nanswers: [{when: hi}]\nturns: [{caller: hi}]\n", "answers.0"),
        ("name: [", "YAML"),
    ],
)
def test_a_wrong_script_names_the_field(text: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(WrongUse, match=named):
        load(path)


HEAD = {"name": "x", "summary": "x", "language": "en"}
HANG_UP: dict[str, object] = {"acts": [{"say": "Well,", "hang_up_after_ms": 500}]}


def read(folder: Path, *turns: dict[str, object], **more: object) -> Script:
    path = folder / "script.yaml"
    path.write_text(yaml.safe_dump({**HEAD, "turns": list(turns), **more}))
    return load(path)


@pytest.mark.parametrize(
    ("turn", "named"),
    [
        ({"caller": "hi", "acts": [{"say": "hi"}]}, "turns.0.*either caller"),
        ({"barge_in_after_s": 1.0}, "turns.0.*either caller"),
        ({"caller": "hi [700]"}, r"turns.0.*\[700 ms\]"),
        ({"caller": "hi [5 ms] there"}, "turns.0.*pause_ms"),
        ({"acts": [{"say": "hi", "keys": "1"}]}, "turns.0.acts.0.*keys and say"),
        ({"acts": [{}]}, "turns.0.acts.0.*nothing"),
        ({"acts": [{"whistle": True}]}, "turns.0.acts.0.whistle"),
        ({"acts": [{"keys": "12x"}]}, "turns.0.acts.0.keys"),
        ({"acts": [{"noise": {"kind": "thunder", "ms": 500}}]}, "turns.0.acts.0.noise.kind.*cough"),
        ({"acts": [{"noise": {"kind": "cough", "ms": 500, "level_dbfs": 3}}]}, "turns.0.acts.0.noise.level_dbfs"),
        ({"acts": [{"keys": "1", "hang_up_after_ms": 500}]}, "turns.0.acts.0.*give say"),
        ({"acts": [{"rejoin": {"how": "rebuilt", "after_ms": 500}}]}, "turns.0.acts.0.rejoin.*after_ms"),
        ({"acts": [{"mute": False}]}, "turns.0.acts.0.mute.*open"),
        ({"acts": [{"mute": True}, {"rejoin": {}}, {"mute": False}]}, "turns.0.acts.2.mute.*open"),
        ({"caller": "hi", "expect": {"answer": False, "agent": ["hello"]}}, "turns.0.*expect.answer"),
    ],
)
def test_an_act_that_cannot_be_done_is_refused(turn: dict[str, object], named: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=f"script.yaml: .*{named}"):
        read(tmp_path, turn)


def test_the_documented_script_is_one(tmp_path: Path) -> None:
    example = (scripts.__doc__ or "").split("can say:")[1]
    (tmp_path / "example.yaml").write_text(textwrap.dedent(example))
    made = load(tmp_path / "example.yaml")
    assert [turn.answered for turn in made.turns] == [True, True, False, True]
    documented = set(re.findall(r"\w+", example))
    fields = [model.model_fields for model in (Script, scripts.Rule, scripts.Turn, scripts.Act, scripts.Expectation)]
    assert {name for one in fields for name in one} <= documented


def test_only_the_end_of_a_call_hangs_up(tmp_path: Path) -> None:
    assert read(tmp_path, {"caller": "hi"}, HANG_UP).turns[1].hangs_up
    with pytest.raises(WrongUse, match=r"turns.0.acts.0.hang_up_after_ms"):
        read(tmp_path, HANG_UP, {"caller": "hi"})
    with pytest.raises(WrongUse, match=r"turns.0: .*leave out ends"):
        read(tmp_path, HANG_UP, ends=True)


def test_a_pause_is_no_word(tmp_path: Path) -> None:
    (turn,) = read(tmp_path, {"caller": "I am [700 ms] Anna."}).turns
    assert (turn.words, turn.shown) == ("I am Anna.", "I am Anna.")
    assert [act.pause_ms for act in turn.steps] == [None, 700, None]
    assert Script.model_validate(Script(**HEAD, turns=[turn]).model_dump()).turns[0].words == "I am Anna."


@pytest.mark.parametrize(
    ("acts", "answered", "words"),
    [
        ([{"say": "hi"}], True, "hi"),
        ([{"type": "hi"}], True, ""),
        ([{"noise": {"kind": "cough", "ms": 300}}], False, ""),
        ([{"keys": "1"}], False, ""),
        ([{"mute": True}, {"say": "hi"}], False, ""),
        ([{"mute": True}, {"say": "hi"}, {"mute": False}, {"say": "there"}], True, "there"),
    ],
)
def test_what_is_said_or_typed_is_answered(
    acts: list[dict[str, object]], answered: bool, words: str, tmp_path: Path
) -> None:
    (turn,) = read(tmp_path, {"acts": acts}).turns
    assert (turn.answered, turn.words) == (answered, words)


def test_noise_while_the_agent_speaks_lets_it_go_on(tmp_path: Path) -> None:
    noise = {"acts": [{"noise": {"kind": "babble", "ms": 900}}], "barge_in_after_s": 1.0}
    assert read(tmp_path, {"caller": "hi"}, noise).turns[1].goes_on


def test_two_tools_may_be_called_at_once(tmp_path: Path) -> None:
    both = {"when": "hi", "tools": [{"name": "one"}, {"name": "two"}]}
    assert len(read(tmp_path, {"caller": "hi"}, answers=[both]).answers[0].tools) == 2
    for wrong in ({**both, "say": "hello"}, {"when_tool": "one", "tools": both["tools"]}):
        with pytest.raises(WrongUse, match=r"answers.0"):
            read(tmp_path, {"caller": "hi"}, answers=[wrong])


def test_a_missing_script_lists_those_that_exist() -> None:
    with pytest.raises(WrongUse, match=re.escape(usual().name)):
        load(ROOT / "devkit" / "calls" / "nothing.yaml")


@pytest.mark.parametrize("stage", KINDS)
def test_every_fault_of_the_table_can_be_asked_for(stage: str) -> None:
    for kind in KINDS[stage]:
        assert parse_fault(f"{stage}:{kind}@1", 4).kind == kind
    assert parse_fault(f"{stage}:hang", 4).turn == 2


@pytest.mark.parametrize("text", ["llm", "llm:tired", "ear:hang", "llm:hang@9", "llm:silent"])
def test_an_unknown_fault_is_refused(text: str) -> None:
    with pytest.raises(WrongUse, match="FAULT="):
        parse_fault(text, 4)


def test_a_taken_port_is_named() -> None:
    port = free_port()
    assert claim_port(port, "test") == port
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        with pytest.raises(Trouble, match=str(port)):
            claim_port(port, "test")


def test_numbers_and_contractions_are_the_same_words() -> None:
    assert error_rate(["I'm Anna, at ten o'clock"], ["I am Anna at 10"]) == 0
    assert error_rate(["one two three four"], ["one two three five"]) == 0.25
    assert contains("open from 9 a.m. to 6 p.m.", "9 am")
    assert not contains("open from 19 to 6", "9")


def test_a_fault_is_the_first_one_s_or_everyone_s() -> None:
    first, everyone = parse_faults("stt:hang@2, llm-all:http-401@3", 4)
    assert (first.stage, first.everyone, first.turn) == ("stt", False, 2)
    assert (everyone.stage, everyone.everyone, everyone.turn) == ("llm", True, 3)


@pytest.mark.parametrize(
    "heard", ["from 9am to 6pm", "from 9 a.m. to 6 p.m.", "from nine a m to six P. M.", "from 9:00 to 6:00 p.m."]
)
def test_a_time_is_the_same_however_it_is_written(heard: str) -> None:
    assert contains(heard, "6 pm")


def test_a_number_is_the_same_said_digit_by_digit_and_heard_in_groups() -> None:
    assert error_rate(["my number is five five five zero one nine nine"], ["My number is 555-0199."]) == 0
    assert error_rate(["five five five zero one nine nine"], ["555-0198"]) == 1
    assert contains("on Tuesday the 7 at 10 30", "the seven")


def test_a_half_hour_is_no_full_one() -> None:
    assert not contains("until 6:30 p.m.", "6 pm")


def test_a_plain_call_is_that_of_the_use_case_or_the_first_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "CALLS", tmp_path)
    monkeypatch.setattr(project, "USE_CASE", "mine")
    assert usual() == tmp_path / "mine.yaml"
    for name in ("barge-in", "older"):
        (tmp_path / f"{name}.yaml").touch()
    assert usual().stem == "older"
    (tmp_path / "mine.yaml").touch()
    assert usual().stem == "mine"


def test_metadata_travels_as_json() -> None:
    given = {"name": "s", "summary": "s", "language": "en", "turns": [{"caller": "hi"}]}
    assert Script.model_validate(given).dispatch() == ""
    assert json.loads(Script.model_validate({**given, "metadata": {"name": "Zoë"}}).dispatch()) == {"name": "Zoë"}
