"""`python -m devkit drill`: what the caller hears when a provider fails, over and over, beside the bare framework."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from . import call, drill_page, project, script, stack, words
from .emulators.faults import KINDS as EVERY_KIND
from .processes import Trouble

DONE, CHECK_FAILED = 0, 5
FOLDER: Final = project.ROOT / "build" / "drill"
SCRIPT: Final = FOLDER / "script.yaml"
# The first that are met differ in how they are noticed: at once, by a deadline, in the middle of the work.
FIRST_KINDS: Final = {
    "stt": ("silent", "hang", "disconnect"),
    "llm": ("http-500", "hang", "stall"),
    "tts": ("http-500", "hang", "disconnect"),
}
KINDS: Final = {
    stage: (*first, *(kind for kind in EVERY_KIND[stage] if kind not in first)) for stage, first in FIRST_KINDS.items()
}
# Models write about a hundred words a second. The emulators are slower by themselves, for callers who interrupt.
PACE: Final = ("--llm-token-interval", "0.01")
# A model that answers at once, with what the plan of a project says that has chosen such a one; the chosen model keeps
# the pace and the deadlines of its own plan.
FAST_MODEL_MS: Final = 100
FAST_MODEL: Final = (
    ("LLM_FIRST_TOKEN_DEADLINE_MS", str(project.LEAST_DEADLINE_MS)),
    ("FILLER_AFTER_MS", "1000"),
    ("FILLER_AFTER_TOOL_MS", "1400"),
)
# How often each stage fails in one call.
ROUNDS_PER_CALL: Final = 2
# Enough of the bare framework to show each kind once: it needs up to a minute for one.
BARE_TURNS: Final = 3
CALL_END_S: Final = 20.0


@dataclass(frozen=True)
class Setting:
    """Who is drilled: a name for the page, the model's time to its first token in ms, the worker and its variables.

    `product`: turns are taken as in production, and times count from the moment a turn was over for the agent.
    """

    name: str
    think_ms: int
    worker: str = project.WORKER
    environment: tuple[tuple[str, str], ...] = ()
    product: bool = False


@dataclass(frozen=True)
class Drill:
    """One fault and what was heard of it, in ms after the caller's last sample; None was not heard.

    `answer_ms` counts from the moment the fault struck, if that is later. `settled_ms` is the same for an answer or a
    whole apology. Of an answer that was heard already when the fault struck, all are the longest silence in it.
    `outcome`: answered, apology or silence, which half an apology is.
    """

    setting: str
    stage: str
    kind: str
    audible_ms: int | None
    answer_ms: int | None
    settled_ms: int | None
    outcome: str
    joined_halves: bool


def main(argv: list[str]) -> int:
    """Drill every stage and write `docs/architecture/resilience.md`; the exit code is 0, or 5 where the goal is missed.

    With `--product` or `--stage`, the figures are printed and the page stays as it is.

    Raises:
        Trouble: the machine lacks something, or a process ended.
    """
    parser = argparse.ArgumentParser(prog="python -m devkit drill")
    parser.add_argument("--turns", type=int, default=24, help="faults of each stage; from 14 on, each kind is met")
    parser.add_argument("--stage", choices=KINDS, help="the only one that fails")
    parser.add_argument("--product", action="store_true", help="turns as in production, times from the end of a turn")
    options = parser.parse_args(argv)
    stages = [options.stage] if options.stage else list(KINDS)
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of what arrives after the call
    FOLDER.mkdir(parents=True, exist_ok=True)
    SCRIPT.write_text(json.dumps(one_question().model_dump(exclude_defaults=True)), "utf-8")
    drills: list[Drill] = []
    left_open = 0
    for setting in settings(options.product):
        turns = options.turns if setting.worker == project.WORKER else min(options.turns, BARE_TURNS)
        made, still_open = drilled(setting, stages, turns)
        drills, left_open = drills + made, left_open + still_open
    (FOLDER / "drills.json").write_text(json.dumps([asdict(drill) for drill in drills], indent=1))
    if not (options.product or options.stage):
        drill_page.write(drills, left_open)
    print(f"{drill_page.goals(drills)}\n\n{drill_page.table(drills, left_open)}")
    return DONE if drill_page.reached(drills, left_open) else CHECK_FAILED


def one_question() -> script.Script:
    """A call with one question, which no tool is asked for, and an answer long enough to break off in it."""
    whole = script.load(project.ROOT / "devkit" / "calls" / "barge-in.yaml")
    rule = whole.answers[0]
    answer = f"{','.join((rule.say or '').split(',')[:2])}."
    return whole.model_copy(
        update={"answers": [rule.model_copy(update={"say": answer})], "turns": whole.turns[:1], "ends": False}
    )


def settings(product: bool) -> list[Setting]:
    """The agent with a fast and with the chosen model, and the bare framework with the chosen one.

    The turns of `product` are those of the agent with the chosen model.
    """
    if product:
        return [Setting("the chosen model, turns as in production", project.THINK_MS, product=True)]
    return [
        Setting("a model that answers at once", FAST_MODEL_MS, environment=FAST_MODEL),
        Setting("the chosen model", project.THINK_MS),
        Setting(drill_page.BARE, project.THINK_MS, worker="devkit/minimal.py"),
    ]


def drilled(setting: Setting, stages: Sequence[str], turns: int) -> tuple[list[Drill], int]:
    """All drills of one setting over one stack, and how many sessions were left open."""
    options = stack.Options(
        scripts=[SCRIPT],
        folder=FOLDER / setting.name.replace(" ", "-"),
        emulators=PACE,
        environment=dict(setting.environment),
        think_ms=setting.think_ms,
        worker=setting.worker,
        product=setting.product,
    )
    print(f"{setting.name}: starting LiveKit server, emulators and worker ...", file=sys.stderr, flush=True)
    made: list[Drill] = []
    with stack.Stack(options) as running:
        calls = list(plans(stages, turns))
        for number, faults in enumerate(calls, 1):
            print(f"{setting.name}: call {number} of {len(calls)}", file=sys.stderr, flush=True)
            made += asyncio.run(held(running, setting, faults))
        ours = setting.worker == project.WORKER  # the other one does not tell
        return made, still_open(running, len(calls)) if ours else 0


def plans(stages: Sequence[str], turns: int) -> Iterator[list[script.Fault]]:
    """The faults of each call: the stages take turns, so that each is well again before it fails in another way."""
    for first in range(0, turns, ROUNDS_PER_CALL):
        rounds = range(first, min(first + ROUNDS_PER_CALL, turns))
        wanted = [(stage, KINDS[stage][number % len(KINDS[stage])]) for number in rounds for stage in stages]
        yield [script.Fault(stage=stage, kind=kind, turn=turn) for turn, (stage, kind) in enumerate(wanted, 2)]


async def held(running: stack.Stack, setting: Setting, faults: list[script.Fault]) -> list[Drill]:
    """One call in which the caller asks the same thing again and again, each time with another fault.

    Raises:
        Trouble: nobody took the call, so that it proves nothing.
    """
    whole = script.load(SCRIPT)
    asked = whole.model_copy(update={"turns": whole.turns * (len(faults) + 1)})
    report = await call.judged(running, asked, faults)
    if not report["turns"]:
        raise Trouble(f"no agent answered a call of {setting.name!r}: see worker.log in {running.options.folder}")
    return [_drill(setting, fault, report) for fault in faults]


def _drill(setting: Setting, fault: script.Fault, report: dict[str, Any]) -> Drill:
    turn = next((one for one in report["turns"] if one["number"] == fault.turn and not one["repeated"]), None)
    struck = next((one["t"] for one in report["faults_fired"] if one["turn"] == fault.turn), None)
    if turn is None or struck is None:
        return Drill(setting.name, fault.stage, fault.kind, None, None, None, "silence", joined_halves=False)
    latency = turn["latency_ms"]
    answered = latency["voice_to_voice"]
    again = any(one["number"] == fault.turn and one["repeated"] for one in report["turns"])
    halved = turn["apology"] is not None and not turn["apology"]["whole"]
    outcome = "silence" if answered is None or halved else "apology" if again else "answered"
    begins = (latency["end_of_turn"] or 0) if setting.product else 0
    late = max(begins, round((struck - turn["ended_at"]) * 1000))
    within = answered is not None and late > answered
    heard = latency["answer_gap"] if within else _after(begins, latency["audible"])
    settled = None if outcome == "silence" else latency["answer_gap"] if within else _after(late, answered)
    return Drill(
        setting.name,
        fault.stage,
        fault.kind,
        audible_ms=heard,
        answer_ms=settled if outcome == "answered" else None,
        settled_ms=settled,
        outcome=outcome,
        joined_halves=_joined_halves(turn["agent"]),
    )


def _after(begins_ms: int, at_ms: int | None) -> int | None:
    return None if at_ms is None else max(0, at_ms - begins_ms)


def _joined_halves(heard: str) -> bool:
    """Whether an answer begins a second time without a word that it does."""
    said = words.normal(heard)
    beginning = " ".join(said.split()[:3])
    return bool(said) and said.count(beginning) > 1 and not words.contains(heard, project.STRINGS["again"])


def still_open(running: stack.Stack, calls: int) -> int:
    """How many of `calls` have not ended in the worker, after waiting for them."""
    until = time.monotonic() + CALL_END_S
    ended = 0
    while time.monotonic() < until:
        ended = sum(line.get("message") == "session closed" for line in running.worker_lines())
        if ended >= calls:
            break
        time.sleep(0.2)
    return calls - ended
