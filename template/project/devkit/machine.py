"""Whether this machine kept real time during a call: the devkit measures itself before it judges the agent.

Sound cannot wait. When other work takes the processors, the emulated recogniser answers late or never, the caller's
line gets holes, and a healthy agent looks broken. Each figure is a process that was late, never the agent's own work:
an agent that blocks its event loop is busy on a processor and does not wait for one.

Seen on 2 processors, each a call of `front-desk.yaml` beside busy loops in sessions of their own, in ms:

| figure         | idle | 6 loops, nice 15 | 3 loops | 6 loops, three calls   | limit |
|----------------|------|------------------|---------|------------------------|-------|
| caller_silent  | 0    | 0                | 0       | 0                      | 300   |
| caller_late    | 38   | 39               | 137     | 109 to 182             | 400   |
| emulators_late | 100  | 60               | 117     | 221 to 358             | 500   |
| recogniser     | 351  | 436              | 1820    | 2872 to 5413           | 1500  |
| worker_waited  | 321  | 330              | 586     | 541 to 619             | 800   |
| server_waited  | 206  | 223              | 133     | 147 to 200             | 500   |
| heard wrongly  | 0 %  | 0 %              | 12 %    | 75 to 84 %             |       |

The emulated recogniser is the heaviest of them and falls behind first; the others tell of a machine that stood still.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .processes import descendants

TICK_S: Final = 0.02
SAMPLE_S: Final = 1.0
NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True)
class Limit:
    """A figure of one call: its meaning, and above how many ms no verdict is given."""

    meaning: str
    allowed_ms: int


LIMITS: Final = {
    "caller_silent": Limit("the caller's microphone had holes of", 300),
    "caller_late": Limit("the caller's event loop was late by", 400),
    "emulators_late": Limit("the emulators' event loop was late by", 500),
    "recogniser": Limit("the emulated recogniser needed for one line", 1500),
    "worker_waited": Limit("in one second a thread of the worker waited for a processor for", 800),
    "server_waited": Limit("in one second a thread of the LiveKit server waited for a processor for", 500),
}
ADVICE: Final = "end other work on this machine or give it more processors, then repeat the command"


class Metronome:
    """How late the timers of this event loop were at most: `async with Metronome() as it`, then `it.late_s`."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.late_s = 0.0
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Metronome:
        """Begin to tick."""
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        if self._ticking is not None:
            self._ticking.cancel()

    async def _tick(self) -> None:
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late_s = max(self.late_s, time.monotonic() - due)


class Microphone:
    """Holes in a caller's line: how long the queue of its sound was empty before the next frame, together, in s."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.silent_s = 0.0
        self._empty_at: float | None = None

    def sending(self) -> None:
        """Note that the next frame is there."""
        if self._empty_at is not None:
            self.silent_s += max(0.0, time.monotonic() - self._empty_at)

    def sent(self, queued_s: float) -> None:
        """Note that a frame was taken, and that the queue now lasts for `queued_s`."""
        self._empty_at = time.monotonic() + queued_s


class Waiting:
    """The longest that a thread of a process, or of one below it, waited for a processor in one second, in ms."""

    def __init__(self, pid: int) -> None:
        """Count from the first `look` on."""
        self._pid = pid
        self._before: dict[str, int] = {}
        self.most_ms: int | None = None

    def look(self) -> None:
        """Count what was waited since the last look; nothing where the system does not tell."""
        now = waited_ns(self._pid)
        new = [now[thread] - self._before[thread] for thread in now.keys() & self._before.keys()]
        if new:
            self.most_ms = max(self.most_ms or 0, max(new) // NS_PER_MS)
        self._before = now


class Machine:
    """The measurement of one call: `async with Machine({name: process id}) as machine`, then `judged`."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        """Watch these processes, and the event loop that this is entered in."""
        self._waiting = {name: Waiting(pid) for name, pid in processes.items()}
        self._loop = Metronome()
        self._sampling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Machine:
        """Begin to measure."""
        await self._loop.__aenter__()
        self._sampling = asyncio.create_task(self._sample())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop measuring."""
        await self._loop.__aexit__()
        if self._sampling is not None:
            self._sampling.cancel()

    async def _sample(self) -> None:
        while True:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(SAMPLE_S)

    def _look(self) -> None:
        for waiting in self._waiting.values():
            waiting.look()

    def judged(self, microphone: Microphone, emulators: Mapping[str, float]) -> dict[str, Any]:
        """The report's `machine`. `emulators`: their `late_s` and `recogniser_s`."""
        return judged(
            {
                "caller_silent": _ms(microphone.silent_s),
                "caller_late": _ms(self._loop.late_s),
                "emulators_late": _ms(emulators["late_s"]),
                "recogniser": _ms(emulators["recogniser_s"]),
                **{f"{name}_waited": waiting.most_ms for name, waiting in self._waiting.items()},
            }
        )


def judged(figures_ms: Mapping[str, int | None]) -> dict[str, Any]:
    """Whether all figures keep their limits; one that this system does not tell is None."""
    over = [
        f"{limit.meaning} {figures_ms[name]} ms, {limit.allowed_ms} ms are allowed"
        for name, limit in LIMITS.items()
        if (figures_ms[name] or 0) > limit.allowed_ms
    ]
    return {
        "ok": not over,
        "over": over,
        "figures_ms": dict(figures_ms),
        "load": round(os.getloadavg()[0], 1),
        "processors": os.cpu_count(),
    }


def told(machine: Mapping[str, Any]) -> list[str]:
    """What a person is told of a machine that was too busy, line by line."""
    return [
        "machine: too busy, nothing was judged",
        *(f"  {line}" for line in machine["over"]),
        f"  load {machine['load']} on {machine['processors']} processors: {ADVICE}",
    ]


def waited_ns(pid: int) -> dict[str, int]:
    """How long each thread of `pid` and of the processes below it has waited for a processor so far (Linux), in ns."""
    found: dict[str, int] = {}
    for process in {pid} | descendants(pid):
        for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
            try:
                found[thread.parent.name] = int(thread.read_text().split()[1])
            except (OSError, IndexError):
                continue  # it has ended, or this kernel does not count
    return found


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
