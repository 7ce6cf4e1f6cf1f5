"""What a call was: judged against its script, written to `build/call`, printed."""

from __future__ import annotations

import importlib.metadata
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from functools import reduce
from pathlib import Path
from typing import Any

from . import offline, project
from .caller import RATE, Caller
from .conversation import Conversation, TurnRecord
from .script import Fault, Script, ToolCall
from .speech.pcm import mixed, write_wav
from .words import contains, error_rate

SCHEMA_VERSION = 4
WER_LIMIT = 0.10
SILENT_WITHIN_MS = 800
GOES_ON_WITHIN_MS = 2000
STAGES = (
    *("end_of_turn", "stt_final", "llm_first_token", "tts_first_audio"),
    *("filler", "audible", "voice_to_voice", "answer_gap"),
)


def judge(script: Script, talk: Conversation, fired: list[dict[str, Any]], faults: Sequence[Fault]) -> list[str]:
    """Everything that did not come as the script expects; empty when the call is good.

    What a real provider says is its own: of it only that it is heard, turn by turn, is expected.
    """
    if talk.greeted_after_ms is None:
        return ["the agent never said a word"]
    missed = [] if len(_last(talk)) == len(script.turns) else ["the call ended before the script did"]
    if talk.real:
        return missed + [f"turn {one.number}: no answer was heard" for one in _last(talk) if one.answered is None]
    for record in _last(talk):
        missed += [f"turn {record.number}: {what}" for what in _judge_turn(record)]
    missed += [
        f"turn {record.number}: the {record.apology.phrase} was not heard whole: {record.agent!r}"
        for record in talk.records
        if record.apology and not record.apology.whole
    ]
    if script.ends and not talk.ended_by_agent:
        missed.append("the agent did not hang up at the end")
    struck = {(one["stage"], one["kind"]) for one in fired}
    missed += [
        f"the fault {fault.stage}:{fault.kind} never struck"
        for fault in faults
        if (fault.stage, fault.kind) not in struck
    ]
    wrong = wer(talk)
    if wrong is not None and not faults and wrong > WER_LIMIT:
        missed.append(f"{wrong:.0%} of the caller's words were heard wrongly, {WER_LIMIT:.0%} are allowed")
    return missed


def _last(talk: Conversation) -> list[TurnRecord]:
    """The last try of each turn: a caller who hears an apology says it again."""
    return list({record.number: record for record in talk.records}.values())


def _judge_turn(record: TurnRecord) -> list[str]:
    expected, missed = record.turn.expect, []
    if record.turn.answered and record.answered is None:
        missed.append("no answer was heard")
    if record.unasked:
        missed.append(f"nothing was asked, and {', '.join(record.unasked)} was heard: {record.agent!r}")
    after_ms = record.latency_ms["voice_to_voice"]
    if record.turn.goes_on and (after_ms is None or after_ms > GOES_ON_WITHIN_MS):
        missed.append(f"the agent did not go on speaking within {GOES_ON_WITHIN_MS} ms")
    for tool in expected.tools:
        if not any(_same(tool, called) for called in record.tools):
            missed.append(f"expected {tool.name}{tool.arguments}, got {record.tools or 'no tool'}")
    missed += [
        f"{word!r} was not heard in {record.agent!r}" for word in expected.agent if not contains(record.agent, word)
    ]
    if expected.handoff != record.handoff:
        missed.append(f"expected handoff to {expected.handoff}, got {record.handoff}")
    if record.silent_after_ms is not None and record.silent_after_ms > SILENT_WITHIN_MS:
        missed.append(f"the agent spoke on for {record.silent_after_ms} ms, {SILENT_WITHIN_MS} are allowed")
    return missed


def _same(expected: ToolCall, called: dict[str, Any]) -> bool:
    if expected.name != called["name"] or not called["ok"]:
        return False
    return all(
        str(called["arguments"].get(key)).casefold() == str(value).casefold()
        for key, value in expected.arguments.items()
    )


def wer(talk: Conversation) -> float | None:
    """Word error rate of the caller's lines over the call; tries that hit the fault and words cut off are left out.

    None where words come from the script or go to a provider of `.env`, and before the first turn is over.
    """
    if talk.real or talk.words_from == "script" or not talk.records:
        return None
    good = [record for record in _last(talk) if not record.apology and not record.turn.hangs_up]
    return error_rate([record.turn.words for record in good], [record.heard for record in good])


def compose(
    script: Script, talk: Conversation, missed: list[str], fired: list[dict[str, Any]], machine: dict[str, Any]
) -> dict[str, Any]:
    """The report as `report.schema.json` describes it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "ok": machine["ok"] and not missed,
        "machine": machine,
        "missed": missed,
        "project": project.PROJECT_NAME,
        "script": script.name,
        "versions": _versions(),
        "replaced_offline": offline.replaced_by(talk.product, talk.words_from),
        "not_as_in_production": offline.told(talk.product, talk.words_from),
        "voice": talk.voice_name,
        "greeting_ms": talk.greeted_after_ms,
        "turns": [_turn(record) for record in talk.records],
        "wer": wer(talk),
        "hung_up_by_agent": talk.ended_by_agent,
        "dead_air_ms_max": talk.longest_silence_ms(),
        "errors": [{"stage": one["stage"], "kind": one["kind"], "spoken": _spoken_after(one, talk)} for one in fired],
        "faults_fired": [{**one, "turn": record.number if (record := _turn_of(one, talk)) else None} for one in fired],
        "cost_usd_estimate": None,
    }


def _versions() -> dict[str, str]:
    found = {"livekit-server": project.LIVEKIT_SERVER_VERSION}
    for package in importlib.metadata.distributions():
        if (name := package.metadata["Name"]) in ("livekit", "livekit-agents") or name.startswith("livekit-plugins-"):
            found[name] = package.version
    return dict(sorted(found.items()))


def _turn(record: TurnRecord) -> dict[str, Any]:
    return {
        "number": record.number,
        "repeated": record.repeated,
        "caller": record.turn.shown,
        "ended_at": record.end,
        "heard": record.heard,
        "agent": record.agent,
        "apology": asdict(record.apology) if record.apology else None,
        "tools": record.tools,
        "handoff": record.handoff,
        "answered_by": record.answered_by,
        "interrupted": record.interrupted,
        "silent_after_ms": record.silent_after_ms,
        "latency_ms": record.latency_ms,
    }


def _turn_of(fired: dict[str, Any], talk: Conversation) -> TurnRecord | None:
    return next((record for record in talk.records if record.start - 1 <= fired["t"] <= record.over), None)


def _spoken_after(fired: dict[str, Any], talk: Conversation) -> str | None:
    """What was heard in the turn of a fault; None if nothing was."""
    record = _turn_of(fired, talk)
    return (record.agent or "(a sound without words)") if record and record.answered else None


def write(folder: Path, report: dict[str, Any], caller: Caller) -> None:
    """`report.json`, `transcript.md` and `call.wav` (left caller, right agent)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "transcript.md").write_text("\n".join(transcript(report)) + "\n", encoding="utf-8")
    heard = reduce(mixed, (bytes(ear.pcm) for ear in caller.ears.values()))
    write_wav(folder / "call.wav", [bytes(caller.spoken), heard], RATE)


def transcript(report: dict[str, Any]) -> list[str]:
    """The call as it was heard, line by line."""
    lines = [f"# {report['project']}: {report['script']}", ""]
    for turn in report["turns"]:
        lines.append(f"- **caller**{' (again)' if turn['repeated'] else ''}: {turn['caller']}")
        if turn["heard"] and turn["heard"] != turn["caller"]:
            lines.append(f"  - heard as: {turn['heard']}")
        lines += [
            f"  - tool: {tool['name']} {json.dumps(tool['arguments'], ensure_ascii=False)}" for tool in turn["tools"]
        ]
        if turn["handoff"]:
            lines.append(f"  - handoff to {turn['handoff']}")
        lines.append(f"- **agent**: {turn['agent'] or '(nothing)'}")
    return lines


def table(report: dict[str, Any]) -> list[str]:
    """Latency of each stage, in ms."""
    lines = [f"{'stage':18}{'median ms':>10}{'max ms':>8}"]
    for stage in STAGES:
        values = [turn["latency_ms"][stage] for turn in report["turns"] if turn["latency_ms"].get(stage) is not None]
        if values:
            lines.append(f"{stage:18}{statistics.median(values):>10.0f}{max(values):>8}")
    return lines
