"""A machine that does not keep time is told from an agent that does not answer."""

from __future__ import annotations

import asyncio
import os
import signal

from devkit.call import run
from devkit.project import ROOT
from devkit.script import load
from devkit.stack import Stack

SCRIPT = load(ROOT / "devkit" / "calls" / "front-desk.yaml")
# Of each second the emulators get no processor for so long, in s.
STARVED_S = 0.7


async def starve(stack: Stack) -> None:
    """Take the processors from the emulators again and again, as other work would."""
    try:
        while True:
            os.kill(stack.emulators.pid, signal.SIGSTOP)
            await asyncio.sleep(STARVED_S)
            os.kill(stack.emulators.pid, signal.SIGCONT)
            await asyncio.sleep(1 - STARVED_S)
    finally:
        os.kill(stack.emulators.pid, signal.SIGCONT)


async def test_a_call_without_processors_is_not_judged(stack: Stack) -> None:
    script = SCRIPT.model_copy(update={"turns": SCRIPT.turns[:1], "ends": False})
    starving = asyncio.create_task(starve(stack))
    try:
        report = await run(stack, script)
    finally:
        starving.cancel()
    assert not report["machine"]["ok"]
    assert any("emulators" in line for line in report["machine"]["over"])
    assert (report["ok"], report["missed"]) == (False, [])
