"""`python -m devkit call`: one spoken call, proved."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import project, report
from .caller import Caller
from .conversation import Conversation
from .processes import Trouble
from .script import Fault, Script, load, parse_faults, usual
from .stack import OFFLINE, Options, Stack

DONE, CHECK_FAILED = 0, 5
# A turn waits for quiet (30 s), its answer (20 s) and its end (30 s), and may be repeated; a call has its greeting too.
TURN_LIMIT_S, CALL_LIMIT_S = 180.0, 90.0
DEFAULT_SCRIPT = usual().relative_to(project.ROOT)


def main(argv: list[str]) -> int:
    """Run the command; the exit code is 0 or 5.

    Raises:
        WrongUse: the script or the fault does not exist.
        Trouble: the machine lacks something, or a process ended.
    """
    parser = argparse.ArgumentParser(prog="python -m devkit call")
    parser.add_argument("--script", type=Path, default=DEFAULT_SCRIPT)
    parser.add_argument("--fault", help="<stt|llm|tts>[-all]:<kind>[@turn], several by commas; -all: the fallback too")
    parser.add_argument("--json", action="store_true", help="print the report instead of the transcript")
    parser.add_argument("--real", action="store_true", help="the providers of .env instead of emulators")
    parser.add_argument(
        "--turn-model", action="store_true", help="the chosen end-of-turn model instead of plain silence"
    )
    parser.add_argument("--port", type=int, default=0, help="of the LiveKit server; 0 takes a free one")
    options = parser.parse_args(argv)
    script = load(project.ROOT / options.script)
    faults = parse_faults(options.fault, len(script.turns)) if options.fault else []
    setup = Options(
        scripts=[project.ROOT / options.script],
        real=options.real,
        chosen_turn_detection=options.turn_model,
        port=options.port,
    )
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of what arrives after the call
    _say("starting LiveKit server, emulators and worker ...")
    with Stack(setup) as stack:
        _say(f"calling, {len(script.turns)} turns in real time ...")
        made = asyncio.run(run(stack, script, faults))
    _print(made, options.json)
    return DONE if made["ok"] else CHECK_FAILED


async def run(stack: Stack, script: Script, faults: Sequence[Fault] = ()) -> dict[str, Any]:
    """Hold one call over a running stack and leave its report.

    Raises:
        Trouble: a process ended during the call, or the call does not come to its end.
    """
    until = time.monotonic() + CALL_LIMIT_S + TURN_LIMIT_S * len(script.turns)
    await asyncio.to_thread(stack.forget)
    caller = Caller(stack.url, f"call-{time.time_ns()}", metadata=script.dispatch())
    talk = Conversation(stack, caller, script, faults)
    async with caller:
        holding = asyncio.create_task(talk.hold())
        while not (await asyncio.wait([holding], timeout=1.0))[0]:
            try:
                stack.watch()
                if time.monotonic() > until:
                    raise Trouble("the call does not end, although each of its waits has a limit")
            except BaseException:
                holding.cancel()
                raise
        holding.result()
    fired = (await asyncio.to_thread(stack.control, "GET", "faults"))["fired"]
    missed = report.judge(script, talk, fired, faults)
    replaced = {
        name: value
        for name, value in OFFLINE.items()
        if not (name == "TURN_DETECTION" and stack.options.chosen_turn_detection)
    }
    if talk.scripted and not talk.real:
        replaced["RECOGNISER"] = "script"
    journal = await asyncio.to_thread(stack.control, "GET", "journal")
    (stack.options.folder / "journal.json").write_text(json.dumps(journal, indent=1, ensure_ascii=False))
    made = report.compose(script, talk, missed, fired, replaced)
    report.write(stack.options.folder, made, caller)
    return made


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _print(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(made, indent=2, ensure_ascii=False))
        return
    print("\n".join([*report.transcript(made), "", *report.table(made), ""]))
    for error in made["errors"]:
        print(f"fault {error['stage']}:{error['kind']}: heard {error['spoken']!r}")
    print(f"longest silence before an answer: {made['dead_air_ms_max']} ms")
    if made["wer"] is not None:
        print(f"caller's words heard wrongly: {made['wer']:.1%}")
    if "RECOGNISER" in made["replaced_offline"]:
        print(f"words came from the script: no recogniser here understands VOICE={made['voice']} in {project.LANGUAGE}")
    print("report: build/call/report.json, sound: build/call/call.wav")
    for missed in made["missed"]:
        print(f"NOT AS EXPECTED: {missed}")
