"""How full a worker is: by its calls or by its processors, whichever is more. A full worker refuses."""

from __future__ import annotations

import threading
from typing import Final

from livekit.agents.utils import MovingAverage
from livekit.agents.utils.hw import CPUMonitor, get_cpu_monitor

# A LiveKit server sends no call to a worker of this load (its agents.target_load), whatever the worker itself thinks.
FULL: Final = 0.7
# A little less: 0.7 * 15 / 15 need not be 0.7 to the last place.
REFUSES_FROM: Final = FULL * 0.999

SAMPLE_S: Final = 0.5
# A process that warms up is busy for a second or two. That is no reason to refuse; ten busy seconds are.
SAMPLES: Final = 20


def by_calls(calls: int, most: int) -> float:
    """The load of `calls`: such that `most` of them fill a worker, and one fewer does not."""
    return FULL * calls / most


def by_cpu(share: float, most: float) -> float:
    """The load of processors in use by `share`: full at `most`."""
    return FULL * share / most


class Cpu:
    """The share of the processors that is in use, 0 to 1, smoothed. In a container its own limit counts."""

    def __init__(self, monitor: CPUMonitor | None = None, sample_s: float = SAMPLE_S) -> None:
        """Nothing is measured yet: each process of a call makes one of these too."""
        self._monitor, self._sample_s = monitor, sample_s
        self._average = MovingAverage(SAMPLES)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def share(self) -> float:
        """The mean of the last samples. The first question starts the measuring, so that a start does not count."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._measure, name="cpu", daemon=True)
                self._thread.start()
            return self._average.get_avg()

    def _measure(self) -> None:
        monitor = self._monitor or get_cpu_monitor()
        while True:
            share = monitor.cpu_percent(interval=self._sample_s)  # waits that long
            with self._lock:
                self._average.add_sample(share)
