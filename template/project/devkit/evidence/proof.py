"""One spoken call through the whole stack, with the real providers."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from .. import project
from ..call import DEFAULT_SCRIPT, run
from ..script import Script, load
from ..stack import Options, Stack

FOLDER = project.ROOT / "build" / "evidence"


@dataclass(frozen=True)
class Call:
    """What came of the call: what was missed (nothing: it is good), and each answer's delay by sound, in ms."""

    missed: list[str]
    voice_to_voice_ms: list[int] = field(default_factory=list)
    minutes: float = 0.0


def usual() -> Script:
    """The call that the devkit holds when no other is named.

    Raises:
        WrongUse: it does not exist, or cannot be read.
    """
    return load(project.ROOT / DEFAULT_SCRIPT)


def hold(script: Script) -> Call:
    """Hold the call; it leaves sound, transcript and logs in `build/evidence`. Its failure is what came of it."""
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of what arrives after the call
    started = time.monotonic()
    try:
        with Stack(Options(real=True, folder=FOLDER)) as stack:
            report = asyncio.run(run(stack, script))
            failed = [line for line in stack.worker_lines() if line.get("message") == "provider failed"]
    except Exception as error:  # what was measured before must not be lost with the call
        return Call([f"{type(error).__name__}: {error}".splitlines()[0]], minutes=_minutes(started))
    delays = [turn["latency_ms"]["voice_to_voice"] for turn in report["turns"]]
    return Call(judge(script, report, failed), [delay for delay in delays if delay is not None], _minutes(started))


def _minutes(started: float) -> float:
    return (time.monotonic() - started) / 60


def judge(script: Script, report: dict[str, Any], failed: list[dict[str, Any]]) -> list[str]:
    """What a caller would complain of. Which words and tools a real model chooses is not foreseen, so not judged."""
    if not report["machine"]["ok"]:
        return [f"machine too busy to judge the call: {over}" for over in report["machine"]["over"]]
    if report["greeting_ms"] is None:
        return ["the agent never said a word"]
    missed = [
        f"turn {turn['number']}: no answer was heard"
        for turn in report["turns"]
        if turn["latency_ms"]["voice_to_voice"] is None
    ]
    if len({turn["number"] for turn in report["turns"]}) < len(script.turns):
        missed.append("the call ended before the script did")
    if script.ends and not report["hung_up_by_agent"]:
        missed.append("the agent did not hang up at the end")
    return missed + [f"a provider failed: {line.get('stage')}, {line.get('kind')}" for line in failed]
