"""What a caller does in a turn, act by act: speaks, pauses, coughs, mutes, comes back, types, presses keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from . import project
from .caller import RATE, Caller, Line
from .script import Act, Script, Turn
from .speech import Voice
from .speech.noise import burst
from .speech.pcm import resample

# Tells recognisers that do not hear what is said now: `text`, whether it is `more` of a line, whether it is `noise`.
Announce = Callable[[dict[str, object]], Awaitable[object]]


class Acts:
    """The acts of one script by one caller. Their sound is made at once, before the call."""

    def __init__(self, caller: Caller, voice: Voice, script: Script, announce: Announce) -> None:
        """Make the sound."""
        self._caller, self._voice, self._announce = caller, voice, announce
        self._muted = False
        self._sound = {id(act): self._made(act) for turn in script.turns for act in turn.steps if act.say or act.noise}

    def _made(self, act: Act) -> bytes:
        if act.noise:
            words = " ".join(project.STRINGS.values())
            return burst(act.noise.kind, act.noise.ms / 1000, act.noise.level_dbfs, self._voice, words)
        sound = resample(self._voice.synthesize(act.say or ""), self._voice.rate, RATE)
        return sound if act.hang_up_after_ms is None else sound[: 2 * (RATE * act.hang_up_after_ms // 1000)]

    async def perform(self, turn: Turn) -> Line:
        """Do what the turn says: unix times of its first and last sample, or of what is done without a sound."""
        await self._announce({"text": ""})  # the turn before is over
        start = 0.0
        line = Line(time.time(), time.time())
        for act in turn.steps:
            line = await self._do(act, line)
            start = start or line.start
        return Line(start, line.end)

    async def _do(self, act: Act, before: Line) -> Line:
        now = time.time()
        if act.pause_ms is not None:
            await asyncio.sleep(max(0.0, before.end + act.pause_ms / 1000 - now))
            return before
        if act.say or act.noise:
            if not self._muted:
                await self._announce({"text": act.say or "", "more": True, "noise": act.noise is not None})
            line = await self._caller.say(self._sound[id(act)])
            if act.hang_up_after_ms is not None:
                await self._caller.hang_up()
            return line
        if act.mute is not None:
            self._caller.mute(act.mute)
            self._muted = act.mute
        elif act.type:
            await self._caller.write(act.type)
        elif act.keys:
            await self._caller.press(act.keys)
        elif act.rejoin:
            await self._caller.rejoin(act.rejoin.how, act.rejoin.after_ms / 1000)
            self._muted = False
        return Line(now, time.time())
