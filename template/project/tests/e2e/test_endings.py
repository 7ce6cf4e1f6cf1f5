"""How a call ends in a real room: a rebuilt connection ends none, and the record says which side ended."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from devkit import speech
from devkit.caller import RATE, Caller
from devkit.project import ESPEAK_VOICE, ROOT
from devkit.script import load
from devkit.speech.pcm import resample
from devkit.stack import Stack

SCRIPT = ROOT / "devkit" / "calls" / "front-desk.yaml"
# A record is due so long after the hang-up, in s.
RECORD_S = 12.0


async def greeted(stack: Stack, caller: Caller) -> None:
    assert await caller.wait_for_sound(caller.joined_at, 30), stack.worker.tail()
    await caller.wait_for_quiet()


async def says(stack: Stack, caller: Caller, turn: int) -> float:
    """Say a line of the script; the unix time of its last sound."""
    text = load(SCRIPT).turns[turn].caller
    voice = speech.voice("auto", ESPEAK_VOICE)
    await asyncio.to_thread(stack.control, "POST", "expect", {"text": text})
    line = await caller.say(resample(voice.synthesize(text), voice.rate, RATE))
    return line.end


def lines(stack: Stack, message: str, room: str) -> list[dict[str, Any]]:
    return [line for line in stack.worker_lines() if line["message"] == message and line.get("room") == room]


async def record(stack: Stack, room: str) -> dict[str, Any]:
    """The record of the call in `room`, which has just been hung up."""
    over = time.monotonic() + RECORD_S
    while not (found := lines(stack, "call ended", room)):
        assert time.monotonic() < over, stack.worker.tail()
        await asyncio.sleep(0.1)
    return found[0]


async def test_a_caller_whose_connection_is_rebuilt_finds_the_same_call(stack: Stack) -> None:
    room = f"rejoin-{time.time_ns()}"
    async with Caller(stack.url, room) as first:
        await greeted(stack, first)
        async with Caller(stack.url, room) as again:  # the server lets the newer connection of an identity replace it
            await asyncio.wait_for(first.hung_up.wait(), 10)
            end = await says(stack, again, 0)
            assert await again.wait_for_sound(end, 20), stack.worker.tail()
            await again.wait_for_quiet()
            await asyncio.sleep(11)  # longer than a lost connection is waited for
            assert not again.hung_up.is_set()
            assert lines(stack, "call ended", room) == []
            assert len(lines(stack, "connection lost", room)) == len(lines(stack, "caller is back", room)) == 1
    ended = await record(stack, room)
    assert (ended["outcome"], ended["ended_by"]) == ("caller left", "caller")
    assert len(lines(stack, "call started", room)) == 1


async def test_a_call_that_the_agent_ends_is_recorded_as_such(stack: Stack) -> None:
    room = f"goodbye-{time.time_ns()}"
    async with Caller(stack.url, room) as caller:
        await greeted(stack, caller)
        await says(stack, caller, -1)
        await asyncio.wait_for(caller.hung_up.wait(), 30)
        ended = await record(stack, room)
    assert (ended["outcome"], ended["ended_by"]) == ("completed", "agent")
