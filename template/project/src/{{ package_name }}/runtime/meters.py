"""What is counted of calls while they run. The names stand here alone; `observability/` reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from livekit.agents import AgentSession, AgentStateChangedEvent, UserStateChangedEvent
from opentelemetry import metrics, trace

from .agent_server import Server
from .breaker import Failure
from .call import Call
from .outcomes import Outcome
from .records import Ended, Record, Turn
from .worker_state import State

# Silence after the caller's words that counts as dead air, in s.
DEAD_AIR_S: Final = 4.0
OURS: Final = (Outcome.AGENT_FAILED, Outcome.CUT_OFF, Outcome.NEVER_STARTED)
# Whose time each of a turn's times is, if it is a model's.
STAGE: Final = {"stt": "stt", "llm_first_token": "llm", "tts_first_audio": "tts"}

_meter = metrics.get_meter("voice")
STARTED: Final = _meter.create_counter("voice.calls.started", description="Calls that a session was made for")
ENDED: Final = _meter.create_counter("voice.calls.ended", description="Calls by outcome")
LENGTH: Final = _meter.create_histogram("voice.call.duration", unit="s", description="Calls from dispatch to end")
COST: Final = _meter.create_counter("voice.call.cost_usd", description="What the models of ended calls cost")
TURNS: Final = _meter.create_counter("voice.turns", description="Turns whose answer was heard")
SLOW: Final = _meter.create_counter("voice.turns.slow", description="Those that took longer than the plan's P95")
LATENCY: Final = _meter.create_histogram("voice.turn.latency", unit="s", description="Times of a turn, by stage")
DEAD_AIR: Final = _meter.create_counter("voice.dead_air", description="Waits for an answer that were too long")
PROVIDER: Final = _meter.create_counter("voice.provider.failures", description="Requests that a provider failed")
STAGE_LOST: Final = _meter.create_counter("voice.stage.failures", description="Times that a whole stage failed")


class DeadAir:
    """Counts a wait while it goes on, not when it is over: it may never be."""

    def __init__(self, after_s: float = DEAD_AIR_S) -> None:
        """Nobody waits."""
        self._after_s = after_s
        self._timer: asyncio.TimerHandle | None = None

    def caller(self, event: UserStateChangedEvent) -> None:
        """A caller who stops speaking begins to wait."""
        self.over()
        if event.old_state == "speaking" and event.new_state == "listening":
            self._timer = asyncio.get_running_loop().call_later(self._after_s, DEAD_AIR.add, 1)

    def agent(self, event: AgentStateChangedEvent) -> None:
        """Who hears something waits no longer."""
        if event.new_state == "speaking":
            self.over()

    def over(self, *_: Any) -> None:
        """Nobody waits any more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None


def follow(session: AgentSession[Any], call: Call, record: Record, *, slow_ms: int) -> None:
    """Count what happens in `session`; a turn over `slow_ms` is slow."""
    root = trace.get_current_span()

    def turn_over(turn: Turn) -> None:
        for name, ms in turn.ms.items():
            model = turn.answered_by.get(STAGE.get(name, ""), "")
            LATENCY.record(ms / 1000, {"stage": name, **({"model": model} if model else {})})
        if "e2e" in turn.ms:
            TURNS.add(1)
            SLOW.add(int(turn.ms["e2e"] > slow_ms))

    def provider_failed(failure: Failure) -> None:
        PROVIDER.add(1, {"stage": failure.stage, "provider": failure.provider, "kind": failure.kind})

    def ended(whole: Ended) -> None:
        ENDED.add(1, {"outcome": whole.outcome.value})
        LENGTH.record(whole.duration_s)
        if whole.cost_usd is not None:
            COST.add(whole.cost_usd)
        finish(root, whole, slow_ms)

    STARTED.add(1)
    air = DeadAir()
    session.on("user_state_changed", air.caller)
    session.on("agent_state_changed", air.agent)
    session.on("close", air.over)
    call.board.on_failure.append(provider_failed)
    record.on_turn.append(turn_over)
    record.failures.on_stage.append(lambda failure: STAGE_LOST.add(1, {**vars(failure)}))
    record.on_end.append(ended)


def finish(root: trace.Span, whole: Ended, slow_ms: int) -> None:
    """Put the end of the call on its root span, where a sampler sees at once whether to keep it."""
    e2e_ms = whole.latency_ms.get("e2e", {}).get("p95", 0)
    facts: dict[str, str | int | float | bool] = {
        "voice.outcome": whole.outcome.value,
        "voice.turns": whole.turns,
        "voice.duration_s": whole.duration_s,
        "voice.e2e_p95_ms": e2e_ms,
        "voice.slow": e2e_ms > slow_ms,
        "voice.failures": sum(whole.provider_failures.values()) + sum(whole.stage_failures.values()),
    }
    if whole.cost_usd is not None:
        facts["voice.cost_usd"] = whole.cost_usd
    root.set_attributes(facts)
    root.add_event("call ended", facts)
    if whole.outcome in OURS:
        root.set_status(trace.Status(trace.StatusCode.ERROR, whole.outcome.value))


def of_worker(meter: metrics.Meter, server: Server) -> None:
    """Tell the state of the worker itself, every time that its metrics are sent."""
    for name, (about, value) in State(server).numbers().items():
        meter.create_observable_gauge(f"voice.worker.{name}", [_observed(value)], description=about)


def _observed(value: Callable[[], float]) -> Callable[[metrics.CallbackOptions], list[metrics.Observation]]:
    return lambda _: [metrics.Observation(float(value()))]
