"""The end of a worker: told to stop, it lets its call come to an end; dead, it is not waited for."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import aiohttp
import pytest

from devkit import deploy, speech
from devkit.call import run
from devkit.caller import RATE, Caller
from devkit.processes import Trouble
from devkit.project import ESPEAK_VOICE
from devkit.script import load, usual
from devkit.speech.pcm import resample
from devkit.stack import Options, Stack

SCRIPT = usual()


async def ready(port: int) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/ready") as answer:
        return answer.status, await answer.json()


async def test_a_worker_that_is_told_to_stop_finishes_its_call(tmp_path: Path) -> None:
    first = load(SCRIPT).turns[0].caller
    voice = speech.voice("auto", ESPEAK_VOICE)
    sound = resample(voice.synthesize(first), voice.rate, RATE)
    with Stack(Options(scripts=[SCRIPT], folder=tmp_path, chosen_turn_detection=True)) as stack:
        port = int(stack.wait_for_line("readiness is told", 10)["port"])
        await deploy.ready(stack.worker)
        status, told = await ready(port)
        assert (status, told["registered"], told["warm"], told["accepting"]) == (200, True, True, True)
        async with Caller(stack.url, f"drain-{time.time_ns()}") as caller:
            assert await caller.wait_for_sound(caller.joined_at, 30), stack.worker.tail()
            await caller.wait_for_quiet()
            assert not caller.alone, stack.worker.tail()
            os.kill(stack.worker.pid, signal.SIGTERM)
            await asyncio.sleep(1.0)
            status, told = await ready(port)
            assert (status, told["registered"], told["accepting"], told["draining"]) == (503, True, False, True)
            await asyncio.to_thread(stack.control, "POST", "expect", {"text": first})
            line = await caller.say(sound)
            assert await caller.wait_for_sound(line.end, 20), "the draining worker answers its running call"
            await caller.wait_for_quiet()
        assert await asyncio.to_thread(stack.worker.wait, 60) == 0
        said = [line["message"] for line in stack.worker_lines()]
    order = ["draining worker", "session closed", "call ended", "shutting down worker"]
    assert [message for message in said if message in order] == order
    assert "process did not exit in time, killing process" not in said
    with pytest.raises(aiohttp.ClientConnectionError):
        await ready(port)


async def test_a_worker_that_dies_is_told_and_not_waited_for(tmp_path: Path) -> None:
    with Stack(Options(scripts=[SCRIPT], folder=tmp_path)) as stack:

        async def kill_it() -> None:
            await asyncio.sleep(6)
            os.kill(stack.worker.pid, signal.SIGKILL)

        killing = asyncio.create_task(kill_it())
        with pytest.raises(Trouble, match="worker ended during the call"):
            await run(stack, load(SCRIPT))
        await killing
