"""The measurement of the machine: what is late is noticed, what keeps time is not."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import pytest

from devkit.machine import LIMITS, SAMPLE_S, Machine, Metronome, Microphone, Waiting, judged, told

IN_TIME = dict.fromkeys(LIMITS, 0)


async def test_an_event_loop_that_was_held_up_is_late() -> None:
    async with Metronome() as metronome:
        await asyncio.sleep(0.05)
        time.sleep(0.4)  # noqa: ASYNC251 (the delay that is measured)
        await asyncio.sleep(0.05)
    assert metronome.late_s > 0.35


def test_a_queue_that_runs_empty_is_a_hole() -> None:
    microphone = Microphone()
    microphone.sending()
    microphone.sent(0.02)
    microphone.sending()
    assert microphone.silent_s == 0
    microphone.sent(0.02)
    time.sleep(0.2)
    microphone.sending()
    assert microphone.silent_s > 0.15


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a thread waits")
async def test_two_processes_on_one_processor_wait_for_each_other() -> None:
    one = min(os.sched_getaffinity(0))
    code = f"import os\nos.sched_setaffinity(0, {{{one}}})\nwhile True: pass"
    busy = [await asyncio.create_subprocess_exec(sys.executable, "-c", code) for _ in range(2)]
    try:
        waiting = Waiting(busy[0].pid)
        await asyncio.sleep(0.3)
        waiting.look()
        assert waiting.most_ms is None
        await asyncio.sleep(1)
        waiting.look()
    finally:
        for process in busy:
            process.kill()
            await process.wait()
    assert waiting.most_ms is not None
    assert waiting.most_ms > 100


async def test_a_call_is_measured_to_its_end() -> None:
    microphone = Microphone()
    async with Machine({"worker": os.getpid(), "server": os.getpid()}) as machine:
        await asyncio.sleep(1.5 * SAMPLE_S)
    found = machine.judged(microphone, {"late_s": 0.001, "recogniser_s": 0.2})
    assert set(found["figures_ms"]) == set(LIMITS)
    assert (found["figures_ms"]["emulators_late"], found["figures_ms"]["recogniser"]) == (1, 200)


def test_figures_at_their_limits_are_judged() -> None:
    found = judged({name: limit.allowed_ms for name, limit in LIMITS.items()})
    assert (found["ok"], found["over"]) == (True, [])
    assert judged(dict.fromkeys(LIMITS))["ok"], "a system that tells nothing is not too busy"


@pytest.mark.parametrize("name", LIMITS)
def test_one_figure_above_its_limit_is_enough(name: str) -> None:
    found = judged(IN_TIME | {name: LIMITS[name].allowed_ms + 1})
    assert not found["ok"]
    (over,) = found["over"]
    assert f"{LIMITS[name].allowed_ms + 1} ms" in over
    text = "\n".join(told(found))
    assert "machine: too busy" in text
    assert over in text
