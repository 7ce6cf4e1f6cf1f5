"""Many callers at once, each with a short call: join, hear the greeting, say a line, hear an answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from . import project, speech
from .caller import RATE, VOICE_TRACK, Caller
from .script import Script
from .speech.pcm import resample
from .stack import Stack

# A caller who hears nothing for so long has been lost, whatever comes later.
GREETED_WITHIN_S = 15.0
ANSWERED_WITHIN_S = 15.0
QUIET_S = 0.8

# Beeps and given words instead of speech models: what is measured is the worker, not its emulated providers.
CHEAP = ("--voice", "tone", "--recogniser", "script")


@dataclass
class Visit:
    """One call: unix times in s, and what went wrong, if anything did; `settled` when it was greeted or is lost."""

    number: int
    began: float
    greeted: float | None = None
    answer_s: list[float] = field(default_factory=list)
    over: float | None = None
    wrong: str = ""
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def ran_at(self, moment: float) -> bool:
        """Whether the caller had been greeted and had not hung up then."""
        return self.greeted is not None and self.greeted <= moment <= (self.over or moment)

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        greeting = None if self.greeted is None else round(self.greeted - self.began, 3)
        answers = [round(one, 3) for one in self.answer_s]
        return {"number": self.number, "greeting_s": greeting, "answer_s": answers, "wrong": self.wrong}


class Crowd:
    """Callers of one stack who all say the same line, the first of `script`."""

    def __init__(self, stack: Stack, script: Script, turns: int = 1) -> None:
        """Each call has so many `turns`, counted from `everybody_in` on. The line is turned into sound here, once."""
        self._stack, self._turns, self._text = stack, turns, script.turns[0].words
        self._metadata = script.dispatch()
        self.everybody_in = asyncio.Event()
        self.everybody_in.set()
        voice = speech.voice("auto", project.ESPEAK_VOICE)
        self._line = resample(voice.synthesize(self._text), voice.rate, RATE)
        self.visits: list[Visit] = []

    async def visit(self) -> Visit:
        """Hold one call from beginning to end."""
        visit = Visit(len(self.visits) + 1, time.time())
        self.visits.append(visit)
        try:
            room = f"crowd-{visit.number}-{time.time_ns()}"
            async with Caller(self._stack.url, room, metadata=self._metadata, tracks=[VOICE_TRACK]) as caller:
                visit.wrong = await self._talk(caller, visit)
        except Exception as error:
            visit.wrong = f"{type(error).__name__}: {error}"
        visit.over = time.time()
        visit.settled.set()
        return visit

    async def _talk(self, caller: Caller, visit: Visit) -> str:
        """What went wrong; empty when nothing did."""
        visit.greeted = await caller.wait_for_sound(visit.began, GREETED_WITHIN_S)
        visit.settled.set()
        if visit.greeted is None:
            return "never greeted"
        left = self._turns
        while left:
            if self.everybody_in.is_set():
                left -= 1
            await caller.wait_for_quiet(quiet_s=QUIET_S)
            await asyncio.to_thread(self._stack.control, "POST", "expect", {"text": self._text})
            line = await caller.say(self._line)
            answered = await caller.wait_for_sound(line.end, ANSWERED_WITHIN_S)
            if answered is None:
                return "the agent left" if caller.alone else "never answered"
            visit.answer_s.append(answered - line.end)
        await caller.wait_for_quiet(quiet_s=QUIET_S)
        return "the agent left" if caller.alone else ""

    async def settled(self) -> None:
        """Return when each caller has been greeted or lost."""
        await asyncio.gather(*(visit.settled.wait() for visit in self.visits))

    @property
    def running(self) -> list[Visit]:
        """Those who have been greeted and have not hung up."""
        return [visit for visit in self.visits if visit.greeted is not None and visit.over is None]
