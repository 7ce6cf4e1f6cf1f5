"""What people do in a call, and what owners' tools do to them: each whole call is spoken through a real server."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from devkit.call import judged
from devkit.project import ROOT
from devkit.script import Rule, Script, ToolCall, load, usual
from devkit.stack import Options, Stack

USUAL = load(usual())
QUESTION, GOODBYE = USUAL.turns[0], USUAL.turns[-1]
WEEK, WAIT = load(ROOT / "devkit" / "calls" / "barge-in.yaml").turns[:2]
ANSWERS = load(ROOT / "devkit" / "calls" / "barge-in.yaml").answers
WORKER = str(Path(__file__).with_name("hanging_tool.py").relative_to(ROOT))
TOOL = "never_returns"
# In s: until a caller whose tool hangs hears a sentence, and from a hang-up to the record of the call.
SENTENCE_S, RECORD_S = 15.0, 12.0
# How long the line stays open after an ending was taken back, in s.
OPEN_S = 10.0


def rule_for(words: str, rules: list[Rule]) -> Rule:
    return next(rule for rule in rules if rule.when and re.search(rule.when, words, re.IGNORECASE))


def script(*turns: dict[str, Any], ends: bool, answers: list[Rule] | None = None) -> Script:
    head = {"name": "callers", "summary": "What people do.", "language": USUAL.language, "metadata": USUAL.metadata}
    return Script.model_validate({**head, "ends": ends, "answers": answers or [], "turns": turns})


def lines(stack: Stack, message: str, room: str) -> list[dict[str, Any]]:
    return [line for line in stack.worker_lines() if line["message"] == message and line.get("room") == room]


async def record(stack: Stack) -> dict[str, Any]:
    """The record of the last call, which is over for the caller."""
    room = [line["room"] for line in stack.worker_lines() if line["message"] == "call started"][-1]
    limit = time.monotonic() + RECORD_S
    while not (found := lines(stack, "call ended", room)):
        assert time.monotonic() < limit, stack.worker.tail()
        await asyncio.sleep(0.1)
    return found[0]


async def test_a_caller_whose_tool_hangs_hears_of_it_and_may_hang_up(tmp_path: Path) -> None:
    told = rule_for(WAIT.caller, ANSWERS).say
    hangs = script(
        {"caller": QUESTION.caller, "expect": {"tools": [{"name": TOOL}], "agent": WAIT.expect.agent}},
        # Nothing is said into the tool's work: the caller draws a breath and is gone.
        {"acts": [{"say": QUESTION.caller}, {"pause_ms": 3000}, {"say": QUESTION.caller, "hang_up_after_ms": 100}]},
        ends=False,
        answers=[
            Rule(when=rule_for(QUESTION.caller, USUAL.answers).when, tool=ToolCall(name=TOOL)),
            Rule(when_tool=TOOL, result="did not answer in time", say=told),
        ],
    )
    file = tmp_path / "hangs.yaml"
    file.write_text(hangs.model_dump_json(exclude_defaults=True), encoding="utf-8")  # JSON is YAML too
    with Stack(Options(scripts=[file], folder=tmp_path, worker=WORKER)) as stack:
        report = await judged(stack, hangs)
        ended = await record(stack)
    assert report["missed"] == []
    assert report["turns"][0]["latency_ms"]["voice_to_voice"] <= SENTENCE_S * 1000
    hung_up_at = report["turns"][-1]["ended_at"]
    assert datetime.fromisoformat(ended["timestamp"]).timestamp() - hung_up_at <= RECORD_S
    assert (ended["outcome"], ended["ended_by"], ended["tool_failures"]) == ("caller left", "caller", 2)


async def test_a_goodbye_that_is_taken_back_leaves_the_line_open(stack: Stack) -> None:
    farewell = GOODBYE.model_dump(exclude_defaults=True)
    again = script(
        {"caller": GOODBYE.caller, "expect": {"tools": farewell["expect"]["tools"]}},
        # A goodbye is short: words that begin later come after it.
        {**WAIT.model_dump(exclude_defaults=True), "barge_in_after_s": 0.1},
        {
            "acts": [{"pause_ms": OPEN_S * 1000}, {"say": QUESTION.caller}],
            "expect": QUESTION.expect.model_dump(exclude_defaults=True),
        },
        farewell,
        ends=True,
    )
    report = await judged(stack, again)
    assert report["missed"] == []
    ended = await record(stack)
    assert len(lines(stack, "ending taken back", ended["room"])) == 1
    assert (ended["outcome"], ended["ended_by"]) == ("completed", "agent")


async def test_a_television_is_neither_asked_nor_answered(stack: Stack) -> None:
    television = script(
        {"acts": [{"noise": {"kind": "babble", "ms": 6000}}]},
        {"caller": WEEK.caller},
        {"acts": [{"noise": {"kind": "babble", "ms": 4000}}], "barge_in_after_s": 2.0},
        {**WAIT.model_dump(exclude_defaults=True), "barge_in_after_s": 2.5},
        {"caller": QUESTION.caller, "expect": QUESTION.expect.model_dump(exclude_defaults=True)},
        ends=False,
    )
    report = await judged(stack, television)
    assert report["missed"] == []
    assert [turn["apology"] for turn in report["turns"]] == [None] * len(television.turns)
    ended = await record(stack)
    assert ended["stage_failures"] == ended["provider_failures"] == {}
    assert ended["interruptions"] >= 1, "words over the answer, unlike the voices before"
    assert (ended["outcome"], ended["ended_by"]) == ("caller left", "caller")
