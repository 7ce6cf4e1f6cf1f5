"""What the framework's server does not tell or gets wrong about its own state.

The only module that touches private names of `AgentServer`: `tests/unit/test_agent_server.py` notices when they change.
"""

from __future__ import annotations

from typing import Any

from livekit.agents import AgentServer

from . import load


class Server(AgentServer):
    """An `AgentServer` that counts the calls which are about to start, and says whether it may get more."""

    def __init__(self, *, max_jobs: int, max_cpu: float, cpu: load.Cpu | None = None, **options: Any) -> None:
        """Full at `max_jobs` calls, or when the processors are in use by `max_cpu`; `options` are the framework's."""
        super().__init__(load_fnc=self.current_load, load_threshold=load.REFUSES_FROM, **options)
        self._max_jobs, self._max_cpu = max_jobs, max_cpu
        self._cpu = cpu or load.Cpu()

    def current_load(self) -> float:
        """How full it is by the calls that run."""
        return self._load_of(len(self.active_jobs))

    def _load_of(self, calls: int) -> float:
        return max(load.by_calls(calls, self._max_jobs), load.by_cpu(self._cpu.share(), self._max_cpu))

    def _get_effective_load(self) -> float:
        """The load with the calls that are accepted and have not started.

        The framework takes each of them for as heavy as one that runs, or, in an empty worker, for a share of its idle
        processes: two at once filled an empty worker of twenty places that had two idle processes.
        """
        if self.worker_info.cloud_agents:  # hosted by LiveKit: it counts by its own rule
            return super()._get_effective_load()
        return self._load_of(len(self.active_jobs) + self._reserved_slots)

    @property
    def registered(self) -> bool:
        """Whether a LiveKit server knows it now."""
        return self.id != "unregistered" and not self._connecting and not self._closed

    @property
    def warm(self) -> bool:
        """Whether its idle processes have been ready once, or as many are ready as it keeps at this load."""
        pool = self._proc_pool
        return pool._idle_ready.is_set() or pool._warmed_proc_queue.qsize() >= max(1, pool.target_idle_processes)

    @property
    def accepting(self) -> bool:
        """Whether it would take a call: not full, not draining."""
        return self._is_available()
