"""Spoken calls through a real server: what a caller would hear, measured by sound."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from devkit import speech
from devkit.call import judged
from devkit.caller import RATE, Caller
from devkit.project import ESPEAK_VOICE, ROOT
from devkit.script import Script, load
from devkit.speech.pcm import resample
from devkit.stack import Stack

CALLS = ROOT / "devkit" / "calls"
SCRIPTS = sorted(path.stem for path in CALLS.glob("*.yaml"))


def script(name: str) -> Script:
    return load(CALLS / f"{name}.yaml")


def sound(text: str) -> bytes:
    voice = speech.voice("auto", ESPEAK_VOICE)
    return resample(voice.synthesize(text), voice.rate, RATE)


async def calls_ended(stack: Stack, count: int) -> int:
    """How many calls the worker has seen end, after waiting for `count`."""
    until = time.monotonic() + 20
    ended = 0
    while ended < count and time.monotonic() < until:
        await asyncio.sleep(0.2)
        ended = sum(line.get("message") == "call ended" for line in stack.worker_lines())
    return ended


@pytest.mark.parametrize("name", SCRIPTS)
async def test_the_call_goes_as_its_script_says(stack: Stack, name: str) -> None:
    ended = await calls_ended(stack, 0)
    report = await judged(stack, script(name))
    assert report["missed"] == []
    assert report["greeting_ms"] is not None
    assert report["hung_up_by_agent"]
    assert report["replaced_offline"]["TURN_DETECTION"] == "vad"
    assert await calls_ended(stack, ended + 1) > ended, "the job outlives the call"
    schema = json.loads((ROOT / "devkit" / "report.schema.json").read_text())
    assert set(report) == set(schema["required"]) == set(schema["properties"])
    assert all(set(turn) >= set(schema["$defs"]["turn"]["required"]) for turn in report["turns"])
    if name == "barge-in":
        the_unheard_rest_is_not_remembered(stack)


def the_unheard_rest_is_not_remembered(stack: Stack) -> None:
    long_answer = next(rule.say for rule in script("barge-in").answers if rule.say)
    last = stack.journal("llm", "request")[-1]["messages"]
    remembered = " ".join(str(message.get("content")) for message in last if message["role"] == "assistant")
    assert long_answer is not None
    assert " ".join(long_answer.split()[1:4]) in remembered
    assert " ".join(long_answer.split()[-4:]) not in remembered


async def test_two_calls_at_once_know_nothing_of_each_other(stack: Stack) -> None:
    await asyncio.to_thread(stack.forget)

    async def say_who_i_am(name: str) -> None:
        async with Caller(stack.url, f"room-{name}-{time.time_ns()}", identity=name) as caller:
            await caller.wait_for_sound(caller.joined_at, 30)
            await caller.wait_for_quiet()
            line = await caller.say(lines[name])
            assert await caller.wait_for_sound(line.end, 20)
            await caller.wait_for_quiet()

    lines = {"anna": sound("Goodbye is not what I want to say."), "ben": sound("The weather is lovely today.")}
    await asyncio.gather(*(say_who_i_am(name) for name in lines))
    spoken_to: list[set[str]] = []
    for request in stack.journal("llm", "request"):
        said = [str(message["content"]) for message in request["messages"] if message["role"] == "user"]
        spoken_to.append(
            {word for word in ("weather", "goodbye", "good-bye") if any(word in one.casefold() for one in said)}
        )
    assert all(not ({"weather"} <= words and len(words) > 1) for words in spoken_to)
