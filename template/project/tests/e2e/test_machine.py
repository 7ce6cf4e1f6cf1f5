"""A machine that does not keep time is told from an agent that does not answer."""

from __future__ import annotations

import asyncio
import os
import signal

from devkit.call import judged, run
from devkit.script import Expectation, load, usual
from devkit.stack import Stack

SCRIPT = load(usual())
HELD_UP_S = 0.8


async def test_a_call_whose_machine_was_held_up_is_not_judged(stack: Stack) -> None:
    script = SCRIPT.model_copy(update={"turns": SCRIPT.turns[:1], "ends": False})
    calling = asyncio.create_task(run(stack, script))
    await asyncio.sleep(3)
    os.kill(stack.emulators.pid, signal.SIGSTOP)  # the rest of the machine has all processors now
    await asyncio.sleep(HELD_UP_S)
    os.kill(stack.emulators.pid, signal.SIGCONT)
    report = await calling
    assert not report["machine"]["ok"]
    assert any("emulators" in line for line in report["machine"]["over"])
    assert (report["ok"], report["missed"]) == (False, [])


async def test_a_wrong_answer_on_a_machine_that_keeps_time_is_missed(stack: Stack) -> None:
    wrong = SCRIPT.turns[0].model_copy(update={"expect": Expectation(agent=["elephants"])})
    report = await judged(stack, SCRIPT.model_copy(update={"turns": [wrong], "ends": False}))
    assert any("elephants" in missed for missed in report["missed"])
    assert (report["ok"], report["machine"]["ok"]) == (False, True)
