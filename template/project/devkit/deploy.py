"""`python -m devkit deploy`: new workers replace old ones while calls run and come. None may be dropped or lost."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from . import project, script
from .call import DEFAULT_SCRIPT
from .chances import CONFIDENCE, at_most
from .crowd import CHEAP, Crowd, Visit
from .processes import Child, Trouble, WrongUse, free_port
from .stack import WORKER_START_S, Options, Stack

DONE, CHECK_FAILED = 0, 5
FOLDER = project.ROOT / "build" / "deploy"
MOST_AT_ONCE = 8
# A call takes about so long: its callers come at even distances.
CALL_S = 14.0
DRAIN_S = 90
# What a deploy may get wrong, planted: it does not wait for the new worker, or the old one has no time.
PLANTS = {"cold": "the new worker is not waited for", "short-drain": "the old worker gets one second"}


@dataclass(frozen=True)
class Stop:
    """An old worker's end: when it was told, how many calls ran, how long it took, and its exit code."""

    told: float
    calls: int
    seconds: float
    code: int


def main(argv: list[str]) -> int:
    """Run the command; the exit code is 0, or 5 when a call was dropped or lost or a worker did not end well.

    Raises:
        WrongUse: fewer or more calls at once than a drill holds.
        Trouble: the machine lacks something, or a process ended.
    """
    parser = argparse.ArgumentParser(prog="python -m devkit deploy", description=__doc__)
    parser.add_argument("--calls", type=int, default=100, help="calls that come, at least")
    parser.add_argument("--at-once", type=int, default=4, help=f"calls at a time, at most {MOST_AT_ONCE}")
    parser.add_argument("--plant", choices=PLANTS, help="a fault of the deploy, to see the drill fail")
    options = parser.parse_args(argv)
    if not 2 <= options.at_once <= MOST_AT_ONCE:
        raise WrongUse(f"--at-once {options.at_once}: 2 to {MOST_AT_ONCE} calls at a time")
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of what arrives after the call
    print(f"deploys under {options.calls} calls, {options.at_once} at a time ...", flush=True)
    environment = {"DRAIN_SECONDS": str(1 if options.plant == "short-drain" else DRAIN_S)}
    setup = Options(scripts=[project.ROOT / DEFAULT_SCRIPT], folder=FOLDER, emulators=CHEAP, environment=environment)
    with Stack(setup) as stack:
        drill = Drill(stack, options.calls, options.at_once, options.plant or "")
        asyncio.run(drill.run())
    made = report(drill.crowd.visits, drill.stops, options.plant)
    (FOLDER / "report.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    print("\n".join([*told(made), "report: build/deploy/report.json"]))
    return DONE if made["ok"] else CHECK_FAILED


class Drill:
    """Calls come at even distances, and one deploy follows the other until all of them have come."""

    def __init__(self, stack: Stack, calls: int, at_once: int, plant: str) -> None:
        """The worker of `stack` is stopped by the first deploy."""
        self.crowd = Crowd(stack, script.load(project.ROOT / DEFAULT_SCRIPT))
        self.stops: list[Stop] = []
        self._stack, self._calls, self._plant, self._at_once = stack, calls, plant, at_once
        self._held: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """The whole drill.

        Raises:
            Trouble: a new worker does not become ready, or no call is held.
        """
        arriving = asyncio.create_task(self._arrive())
        try:
            while not (self.stops and len(self.crowd.visits) >= self._calls):
                await self._deploy()
        finally:
            arriving.cancel()
        await asyncio.gather(*self._held)

    async def _arrive(self) -> None:
        """One place stays free for the caller who comes just when a worker is told to stop."""
        while True:
            if len(self._held) < self._at_once - 1:
                self._begin()
            await asyncio.sleep(CALL_S / (self._at_once - 1))

    def _begin(self) -> None:
        task = asyncio.create_task(self._hold())
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    async def _hold(self) -> None:
        await self.crowd.visit()

    async def _deploy(self) -> None:
        """Start a new worker, wait until it is ready, stop the old one, and let a caller come in that very moment."""
        old, port = self._stack.worker, free_port()
        new = self._stack.launch_worker(f"worker-{len(self.stops) + 2}", {"READY_PORT": str(port)})
        if self._plant != "cold":
            await ready(new, port)
        await self._somebody_to_drop()
        self._stack.worker = new
        told, calls = time.time(), len(self.crowd.running)
        os.kill(old.pid, signal.SIGTERM)
        self._begin()
        code = await asyncio.to_thread(_end_of, old)
        self.stops.append(Stop(told, calls, round(time.time() - told, 1), code))

    async def _somebody_to_drop(self) -> None:
        for _ in range(600):
            if self.crowd.running:
                return
            await asyncio.sleep(0.05)
        raise Trouble(f"no call is held\n{self._stack.worker.tail()}")


async def ready(worker: Child, port: int) -> None:
    """Wait until a worker says that it may get calls.

    Raises:
        Trouble: it ended, or does not say so in time.
    """
    until = time.monotonic() + WORKER_START_S
    while not await asyncio.to_thread(_is_ready, port):
        if not worker.alive() or time.monotonic() > until:
            raise Trouble(f"{worker.name} did not become ready\n{worker.tail()}")
        await asyncio.sleep(0.2)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end_of(worker: Child) -> int:
    """Its exit code, once it has one.

    Raises:
        Trouble: it does not end.
    """
    try:
        return worker.wait(DRAIN_S + 60)
    except TimeoutError:
        raise Trouble(f"{worker.name} does not end\n{worker.tail()}") from None


def report(visits: list[Visit], stops: list[Stop], plant: str | None) -> dict[str, Any]:
    """What was seen: of the calls that ran when a worker was told to stop, and of all that came."""
    running = [visit for visit in visits if any(visit.ran_at(stop.told) for stop in stops)]
    dropped = [visit for visit in running if visit.wrong]
    lost = [visit for visit in visits if visit.wrong and visit not in running]
    ended_badly = [stop for stop in stops if stop.code != 0]
    return {
        "ok": not (dropped or lost or ended_badly),
        "plant": plant,
        "deploys": [vars(stop) for stop in stops],
        "running": _counted(len(dropped), len(running)),
        "new": _counted(len(lost), len(visits)),
        "greeting_s_max": max((round(one.greeted - one.began, 2) for one in visits if one.greeted), default=None),
        "visits": [visit.as_dict() for visit in visits],
    }


def _counted(failed: int, of: int) -> dict[str, float]:
    return {"failed": failed, "of": of, "at_most": round(at_most(failed, of), 4) if of else 1.0}


def told(made: dict[str, Any]) -> list[str]:
    """The report as a person reads it."""
    drains = ", ".join(f"{stop['seconds']} s ({stop['calls']} calls)" for stop in made["deploys"])
    lines = [f"{len(made['deploys'])} deploys; the old workers ended after {drains}"]
    for key, what in [("running", "running calls dropped"), ("new", "new calls lost")]:
        seen = made[key]
        share = f"with {CONFIDENCE:.0%} confidence at most {seen['at_most']:.1%}"
        lines.append(f"  {what + ':':24}{seen['failed']} of {seen['of']} ({share})")
    lines += [f"  call {one['number']}: {one['wrong']}" for one in made["visits"] if one["wrong"]]
    lines += [f"  a worker ended with code {stop['code']}" for stop in made["deploys"] if stop["code"] != 0]
    return lines
