"""Holds the conversation of a script and notes what happened in each turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from . import apologies, project, speech
from .acts import Acts
from .apologies import Apology
from .caller import FILLER_TRACK, FRAME_MS, RATE, VOICE_TRACK, Caller, Ear, loud_s
from .script import Fault, Script, Turn
from .speech.pcm import resample
from .stack import Stack

ANSWER_TIMEOUT_S = 20.0
SILENCE_TIMEOUT_S = 5.0  # for what is not to be answered
GREETING_TIMEOUT_S = 30.0
HANG_UP_TIMEOUT_S = 15.0
# An answer is over after so much silence, in s; one that a fault may have broken off is waited for longer.
ENDED_AFTER_S, MENDED_WITHIN_S = 1.8, 4.0
# What shows that a vendor did its stage's work.
DONE_BY = {"stt": "final", "llm": "first_token", "tts": "first_audio"}


@dataclass
class TurnRecord:
    """What one turn was: times are unix, in s; `agent` is what was heard in the agent's sound."""

    turn: Turn
    number: int
    start: float = 0.0
    end: float = 0.0
    answered: float | None = None
    over: float = 0.0
    heard: str = ""
    agent: str = ""
    spoken: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list)
    handoff: str | None = None
    answered_by: dict[str, str | None] = field(default_factory=dict)
    interrupted: bool = False
    silent_after_ms: int | None = None
    apology: Apology | None = None
    repeated: bool = False
    unasked: list[str] = field(default_factory=list)  # tracks of the agent that were heard and should not have been
    latency_ms: dict[str, int | None] = field(default_factory=dict)


class Conversation:
    """One caller, one script, over a running stack."""

    def __init__(self, stack: Stack, caller: Caller, script: Script, faults: Sequence[Fault] = ()) -> None:
        """The caller's lines are turned into sound here, before the call."""
        self._stack, self._caller, self._script, self._faults = stack, caller, script, faults
        voice = speech.voice("auto", project.ESPEAK_VOICE)
        self._recogniser = speech.recogniser("auto", project.LANGUAGE, voice.name)
        self.voice_name, self.real, self.product = voice.name, stack.options.real, stack.options.product
        self.words_from = stack.words_from
        self._acts = Acts(caller, voice, script, lambda line: self._control("POST", "expect", line))
        self._phrases = apologies.texts()
        self._phrase_s: dict[str, float] = {}
        if self._recogniser is None:
            sounds = {name: resample(voice.synthesize(text), voice.rate, RATE) for name, text in self._phrases.items()}
            self._phrase_s = {name: loud_s(sound) for name, sound in sounds.items()}
        self.records: list[TurnRecord] = []
        self.greeted_after_ms: int | None = None
        self.ended_by_agent = False

    async def hold(self) -> None:
        """From the greeting to the end of the script."""
        first = await self._caller.wait_for_sound(self._caller.joined_at, GREETING_TIMEOUT_S)
        if first is None:
            return
        self.greeted_after_ms = _ms(first - self._caller.joined_at)
        for number, turn in enumerate(self._script.turns, 1):
            if self._caller.hung_up.is_set():
                return
            record = await self._take_turn(turn, number)
            if record.apology and turn.answered and not self._caller.hung_up.is_set():
                await self._take_turn(turn, number, repeated=True)
        if self._script.ends:
            await self._caller.wait_until(self._caller.hung_up.is_set, HANG_UP_TIMEOUT_S)
            self.ended_by_agent = self._caller.hung_up.is_set()

    async def _take_turn(self, turn: Turn, number: int, *, repeated: bool = False) -> TurnRecord:
        record = TurnRecord(
            turn, number, repeated=repeated, interrupted=turn.barge_in_after_s is not None and not repeated
        )
        if record.interrupted:
            await self._wait_for_the_moment(turn)
            if self.records:  # what was heard of the answer until now
                await self._gather(self.records[-1])
        else:
            await self._caller.wait_for_quiet()
        faults = [fault for fault in self._faults if fault.turn == number and not repeated]
        if faults:
            await asyncio.to_thread(self._stack.forgive)
        for fault in faults:
            await self._control("POST", "faults", fault.model_dump(exclude={"turn"}))
        line = await self._acts.perform(turn)
        record.start, record.end = line.start, line.end
        if record.interrupted and turn.answered:
            record.silent_after_ms = self._silence_after(record)
        patience_s = ANSWER_TIMEOUT_S if turn.answered else SILENCE_TIMEOUT_S
        record.answered = await self._caller.wait_for_sound(line.end, patience_s)
        await self._wait_for_the_rest(record, ENDED_AFTER_S if not faults else MENDED_WITHIN_S)
        await self._gather(record)
        record.unasked = unasked(record, self._caller.ears)
        if faults:
            await self._control("DELETE", "faults")
        self.records.append(record)
        return record

    async def _wait_for_the_moment(self, turn: Turn) -> None:
        """Until the agent has spoken for the time that the script allows it."""
        previous = self.records[-1].end if self.records else self._caller.joined_at
        first = await self._caller.wait_for_sound(previous, ANSWER_TIMEOUT_S)
        if first is not None:
            await asyncio.sleep(max(0.0, first + (turn.barge_in_after_s or 0.0) - time.time()))

    def _silence_after(self, record: TurnRecord) -> int:
        """How long the agent was still heard after the caller's first sound, in ms."""
        until = record.end + 0.2
        loud = [at for at in self._caller.ear.loud if record.start <= at <= until]
        return _ms(max(loud) - record.start) if loud else 0

    async def _wait_for_the_rest(self, record: TurnRecord, quiet_s: float) -> None:
        """Until the agent has been quiet for `quiet_s`, unless the next line interrupts it."""
        following = self._script.turns[record.number : record.number + 1]
        if following and following[0].barge_in_after_s is not None:
            return
        await self._caller.wait_for_quiet(quiet_s=quiet_s)

    async def _gather(self, record: TurnRecord) -> None:
        record.over = time.time()
        journal: list[dict[str, Any]] = await self._control("GET", "journal")
        lines = [line for line in journal if record.start <= line["t"] <= record.over]
        record.answered_by = {stage: _who(lines, stage, event) for stage, event in DONE_BY.items()}
        record.heard = " ".join(
            line["text"]
            for line in lines
            if _is(line, "stt", "final") and line["vendor"] == record.answered_by["stt"] and line["text"]
        )
        record.spoken = " ".join(line["text"] for line in lines if _is(line, "tts", "request"))
        record.tools = [_tool(line, journal) for line in lines if _is(line, "llm", "answer") and "tool" in line]
        record.handoff = _handoff(record.tools, journal)
        if self._recogniser and record.answered:
            sound = self._caller.heard_between(record.end, record.over)
            record.agent = await asyncio.to_thread(self._recogniser.transcribe, sound, RATE) if sound else ""
        else:
            record.agent = record.spoken if record.answered else ""
        record.apology = self._apology(record)
        record.latency_ms = self._latency(record, lines)

    def _apology(self, record: TurnRecord) -> Apology | None:
        """The apology that was heard in this turn, whole or in part."""
        if self._recogniser:
            return apologies.in_words(record.agent, self._phrases)
        struck = any(fault.turn == record.number for fault in self._faults)
        if record.answered is None or not (record.spoken or struck):
            return None
        heard_s = sum(record.end < at <= record.over for at in self._caller.ear.loud) * FRAME_MS / 1000
        return apologies.in_sound(heard_s, record.spoken, self._phrase_s, self._phrases)

    def longest_silence_ms(self) -> int | None:
        """The longest silence of the call in which the caller waited: before the greeting, before and in answers.

        A filler ends a silence, and another one begins after it. None if the agent never said a word.
        """
        if self.greeted_after_ms is None:
            return None
        heard = sorted(at for ear in self._caller.ears.values() for at in ear.loud)
        waits = [(self._caller.joined_at, self._caller.joined_at + self.greeted_after_ms / 1000)]
        for record in self.records:
            own = [at for at in self._caller.ear.loud if record.end < at <= record.over]
            waits.append((record.end, own[-1] if own else record.over))
        return max(_longest_gap([start, *(at for at in heard if start < at < end), end]) or 0 for start, end in waits)

    def _latency(self, record: TurnRecord, lines: list[dict[str, Any]]) -> dict[str, int | None]:
        """Each stage in ms, from the caller's last sample or from the stage's own request."""
        lines = [line for line in lines if line["t"] >= record.end - 0.5]
        final = next((line["t"] for line in lines if _is(line, "stt", "final")), None)
        thinking = next((at for at, state in self._caller.states if state == "thinking" and at > record.end), None)
        return {
            "end_of_turn": _since(record.end, thinking),
            "stt_final": _since(record.end, final),
            "llm_first_token": _between(lines, ("llm", "request"), ("llm", "first_token")),
            "tts_first_audio": _between(lines, ("tts", "request"), ("tts", "first_audio")),
            "filler": _since(record.end, self._caller.ears[FILLER_TRACK].first_sound(record.end)),
            "audible": _since(record.end, self._caller.first_audible(record.end)),
            "voice_to_voice": _since(record.end, record.answered),
            "answer_gap": _longest_gap([at for at in self._caller.ear.loud if at > record.end]),
        }

    async def _control(self, method: str, path: str, body: object = None) -> Any:
        return await asyncio.to_thread(self._stack.control, method, path, body)


def unasked(record: TurnRecord, ears: Mapping[str, Ear]) -> list[str]:
    """Tracks of the agent that were heard since the caller began, in a turn that is not to be answered.

    An answer that a noise came into may go on, without a filler. Before a hang-up the agent may say anything.
    """
    if record.turn.answered or record.turn.hangs_up:
        return []
    heard = [name for name, ear in ears.items() if ear.first_sound(record.start) is not None]
    return [name for name in heard if not (record.interrupted and name == VOICE_TRACK)]


def _between(lines: list[dict[str, Any]], one: tuple[str, str], other: tuple[str, str]) -> int | None:
    """From the first line that is `one` to the first after it that is `other`, in ms; None without both."""
    begun = next((line["t"] for line in lines if _is(line, *one)), None)
    done = next((line["t"] for line in lines if begun is not None and line["t"] >= begun and _is(line, *other)), None)
    return _since(begun, done)


def _longest_gap(loud: list[float]) -> int | None:
    """The longest silence between two of these unix times, in ms; None if there are no two."""
    return max((_ms(later - at) for at, later in pairwise(loud)), default=None)


def _who(lines: list[dict[str, Any]], stage: str, event: str) -> str | None:
    """Who did the work of a stage: the last one, for a failed one may have begun it."""
    return next((line["vendor"] for line in reversed(lines) if _is(line, stage, event)), None)


def _is(line: dict[str, Any], stage: str, event: str) -> bool:
    return bool(line["stage"] == stage and line["event"] == event)


def _tool(line: dict[str, Any], journal: list[dict[str, Any]]) -> dict[str, Any]:
    """A tool call of the model, and whether its result came back."""
    results = [
        str(message.get("content"))
        for request in journal
        if _is(request, "llm", "request")
        for message in request["messages"]
        if message.get("tool_call_id") == line["call_id"]
    ]
    ok = line["tool"].startswith("to_") or (bool(results) and "internal error" not in results[-1])
    return {"name": line["tool"], "arguments": line["arguments"], "ok": ok}


def _handoff(tools: list[dict[str, Any]], journal: list[dict[str, Any]]) -> str | None:
    """Who took over: the model asked for it, and the next request came from an agent with other tools."""
    called = next((tool["name"] for tool in tools if tool["name"].startswith("to_")), None)
    if called is None:
        return None
    requests = [line for line in journal if _is(line, "llm", "request")]
    offered = [index for index, line in enumerate(requests) if called in line["tools"]]
    taken_over = bool(offered) and any(called not in line["tools"] for line in requests[offered[-1] + 1 :])
    return called.removeprefix("to_") if taken_over else None


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _since(start: float | None, at: float | None) -> int | None:
    return None if start is None or at is None else _ms(at - start)
