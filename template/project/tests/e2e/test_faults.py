"""Providers that fail during a call: the caller hears a sentence, and is answered on asking again."""

from __future__ import annotations

from devkit.call import run
from devkit.script import load, parse_faults, usual
from devkit.stack import Stack

WHOLE = load(usual())
# A fallback fails with the first choice: what is heard when nobody is left. One call meets them one after the other.
DEAD = ("llm-all:hang", "llm-all:http-401", "stt-all:http-401", "stt-all:silent", "tts-all:http-500", "tts-all:hang")


async def test_a_dead_provider_is_heard_as_a_sentence(stack: Stack) -> None:
    turns = len(DEAD) + 1
    script = WHOLE.model_copy(update={"turns": WHOLE.turns[:1] * turns, "ends": False})
    faults = parse_faults(",".join(f"{fault}@{turn}" for turn, fault in enumerate(DEAD, 2)), turns)
    report = await run(stack, script, faults)
    assert report["missed"] == []
    assert {(error["stage"], error["kind"]) for error in report["errors"]} == {(one.stage, one.kind) for one in faults}
    assert all(error["spoken"] for error in report["errors"])
    assert [turn["number"] for turn in report["turns"] if turn["repeated"]] == list(range(2, turns + 1))
