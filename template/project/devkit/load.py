"""`python -m devkit load`: many spoken calls at a time, and what one of them costs against the plan."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from . import project, script
from .call import DEFAULT_SCRIPT
from .crowd import CHEAP, Crowd, Visit
from .footprint import Footprint, cores, machine_busy, machine_time, most_memory_mib
from .prices import PLAN
from .processes import Trouble, WrongUse
from .stack import Options, Stack

DONE, CHECK_FAILED = 0, 5
FOLDER = project.ROOT / "build" / "load"
SETTLE_S = 8.0
TURNS = 4
# Beyond this the callers and the emulators starve the worker, and its latency is theirs.
SATURATED = 0.9


@dataclass(frozen=True)
class Planned:
    """What the plan assumes of one worker."""

    jobs_per_worker: int
    worker_cores: float
    full_at: float
    cores_a_call: float
    mib_a_call: float
    mib_idle: float
    idle_processes: int
    process_start_s: float


def main(argv: list[str]) -> int:
    """Run the command; the exit code is 0, or 5 when a call was lost or failed.

    Raises:
        WrongUse: no call at a time, or less than no time between two.
        Trouble: the machine or the plan lacks something, or a process ended.
    """
    parser = argparse.ArgumentParser(prog="python -m devkit load", description=__doc__)
    parser.add_argument("--calls", type=int, default=8, help="calls at a time")
    parser.add_argument("--apart", type=float, help="seconds between callers; by default what a warm process takes")
    options = parser.parse_args(argv)
    plan = planned()
    apart_s = plan.process_start_s if options.apart is None else options.apart
    if options.calls < 1:
        raise WrongUse(f"--calls {options.calls}: at least 1 call at a time")
    if apart_s < 0:
        raise WrongUse(f"--apart {apart_s:g}: 0 s or more between callers")
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of what arrives after the call
    print(f"starting LiveKit server, emulators and worker, then {options.calls} calls at a time ...", flush=True)
    setup = Options(
        scripts=[project.ROOT / DEFAULT_SCRIPT],
        product=True,
        folder=FOLDER,
        emulators=CHEAP,
        environment={"IDLE_PROCESSES": str(plan.idle_processes)},
    )
    with Stack(setup) as stack:
        made = asyncio.run(run(stack, options.calls, apart_s))
    made["planned"] = vars(plan)
    (FOLDER / "report.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    print("\n".join([*table(made, plan), "report: build/load/report.json"]))
    return CHECK_FAILED if made["lost"] or made["failed"] else DONE


def planned() -> Planned:
    """What `docs/architecture/plan.json` says.

    Raises:
        Trouble: it is not there or no plan.
    """
    try:
        document = json.loads((project.ROOT / PLAN).read_text(encoding="utf-8"))
        capacity, sources = document["capacity"], document["sources"]
        return Planned(
            jobs_per_worker=capacity["jobs_per_worker"]["value"],
            worker_cores=capacity["worker_cpu"]["value"],
            full_at=capacity["load_threshold"]["value"],
            cores_a_call=sources["catalogue.limits.core_per_call"]["value"],
            mib_a_call=capacity["memory_call_gib"]["value"] * 1024,
            mib_idle=capacity["memory_idle_gib"]["value"] * 1024,
            idle_processes=capacity["idle_processes"]["value"],
            process_start_s=sources["catalogue.limits.process_start_seconds"]["value"],
        )
    except (OSError, ValueError, KeyError):
        raise Trouble(f"{PLAN} is missing or no plan: `copier update` brings it back") from None


async def run(stack: Stack, calls: int, apart_s: float) -> dict[str, Any]:
    """Hold so many calls at a time over a running stack, and leave what was measured.

    They come `apart_s` from each other, and each stays until all of them have talked together for a while.

    Raises:
        Trouble: a process ended meanwhile.
    """
    worker = Footprint(stack.worker.pid)
    await asyncio.sleep(SETTLE_S)  # what the start takes is not what an idle worker takes
    idle = (await asyncio.to_thread(worker.sample)).memory_mib
    crowd = Crowd(stack, script.load(project.ROOT / DEFAULT_SCRIPT), TURNS)
    crowd.everybody_in.clear()
    watching = asyncio.create_task(worker.watch())
    tasks = []
    for _ in range(calls):
        tasks.append(asyncio.create_task(crowd.visit()))
        await asyncio.sleep(apart_s)
    await crowd.settled()
    await asyncio.sleep(SETTLE_S)  # the last warm process is replaced meanwhile
    together, before = time.time(), machine_time()
    crowd.everybody_in.set()
    await asyncio.gather(*tasks)
    busy = machine_busy(before, machine_time())
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    stack.watch()
    return report(crowd.visits, worker, idle, busy, together)


def report(visits: Sequence[Visit], worker: Footprint, idle_mib: float, busy: float, since: float) -> dict[str, Any]:
    """What was measured; a call costs what it adds while all of them run, which they do `since` then, a unix time."""
    calls, good = len(visits), [visit for visit in visits if not visit.wrong]
    together = worker.between(since, min((visit.over or time.time() for visit in good), default=0.0))
    return {
        "calls": calls,
        "lost": sum(visit.greeted is None for visit in visits),
        "failed": sum(visit.greeted is not None and visit.wrong != "" for visit in visits),
        "greeting_s": spread([visit.greeted - visit.began for visit in visits if visit.greeted]),
        "answer_s": spread([one for visit in visits for one in visit.answer_s]),
        "measured": {
            "seconds_together": round(together[-1].at - together[0].at, 1) if together else 0.0,
            "cores_a_call": round(cores(together) / calls, 3),
            "mib_a_call": round(max(0.0, most_memory_mib(together) - idle_mib) / calls),
            "mib_idle": round(idle_mib),
        },
        "machine_busy": round(busy, 2),
        "visits": [visit.as_dict() for visit in visits],
    }


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Least, median and most of `values`, in their unit; None when there are none."""
    if not values:
        return None
    return {
        "min": round(min(values), 2),
        "median": round(statistics.median(values), 2),
        "max": round(max(values), 2),
        "count": len(values),
    }


def table(made: dict[str, Any], plan: Planned) -> list[str]:
    """The report as a person reads it."""
    seen = made["measured"]
    lines = [f"{made['calls']} calls at a time: {made['lost']} lost, {made['failed']} failed"]
    for name, label in [("greeting_s", "greeted after"), ("answer_s", "answered after")]:
        if found := made[name]:
            times = f"{found['min']:.2f} / {found['median']:.2f} / {found['max']:.2f}"
            lines.append(f"  {label:16} {times} s (least, median, most of {found['count']})")
    if made["machine_busy"] > SATURATED:
        lines.append(f"  this machine was {made['machine_busy']:.0%} busy: latency is not the worker's alone")
    if not seen["cores_a_call"]:
        return [*lines, "  what a call costs was not measured: fewer than two looks while all calls ran"]
    fits = int(round(plan.worker_cores * plan.full_at / seen["cores_a_call"], 6))
    return [
        *lines,
        f"{'':26}{'measured':>12}{'planned':>12}",
        f"{'cores a call':26}{seen['cores_a_call']:>12.3f}{plan.cores_a_call:>12.3f}",
        f"{'memory a call, MiB':26}{seen['mib_a_call']:>12}{plan.mib_a_call:>12.0f}",
        f"{'memory of an idle worker':26}{seen['mib_idle']:>12}{plan.mib_idle:>12.0f}",
        f"{'calls on its ' + format(plan.worker_cores, 'g') + ' cores':26}{fits:>12}{plan.jobs_per_worker:>12}",
    ]
