"""What a process and everything below it take: memory and processor time, as Linux counts them."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from .processes import descendants

MEBI = 1024
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """At unix time `at`: proportional set size in MiB (shared pages count once), processor time so far in s."""

    at: float
    memory_mib: float
    cpu_s: float


class Footprint:
    """Samples of one process tree. Elsewhere than on Linux all of them are zero."""

    def __init__(self, pid: int) -> None:
        """The tree below process `pid`, itself included."""
        self._pid = pid
        self._cpu_s: dict[int, float] = {}
        self.samples: list[Sample] = []

    def sample(self) -> Sample:
        """Look now. The time of processes that have ended stays counted, up to the last look at them."""
        family = {self._pid} | descendants(self._pid)
        self._cpu_s |= {pid: cpu_s(pid) for pid in family}
        memory = sum(memory_mib(pid) for pid in family)
        self.samples.append(Sample(time.time(), memory, sum(self._cpu_s.values())))
        return self.samples[-1]

    async def watch(self, every_s: float = 3.0) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.to_thread(self.sample)
            await asyncio.sleep(every_s)

    def between(self, start: float, end: float) -> list[Sample]:
        """The samples of a time, unix, in s."""
        return [sample for sample in self.samples if start <= sample.at <= end]


def cores(samples: list[Sample]) -> float:
    """Processors in use on average from the first of `samples` to the last; 0 when there are fewer than two."""
    if len(samples) < 2:
        return 0.0
    return (samples[-1].cpu_s - samples[0].cpu_s) / (samples[-1].at - samples[0].at)


def most_memory_mib(samples: list[Sample]) -> float:
    """The most that was taken; 0 without a sample."""
    return max((sample.memory_mib for sample in samples), default=0.0)


def memory_mib(pid: int) -> float:
    """Proportional set size of one process in MiB; 0 when it is gone or not ours to see."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / MEBI for line in lines if line.startswith("Pss:")), 0.0)


def cpu_s(pid: int) -> float:
    """Processor time of one process so far, in s; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine_busy(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Share of this machine's processors that was in use between two readings of `machine_time`."""
    passed = end[1] - start[1]
    return (end[0] - start[0]) / passed if passed else 0.0


def machine_time() -> tuple[float, float]:
    """Processor time of all processes since the start of the machine, and that time itself, both in ticks."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return 0.0, 0.0
    return float(sum(fields) - fields[3] - fields[4]), float(sum(fields))
