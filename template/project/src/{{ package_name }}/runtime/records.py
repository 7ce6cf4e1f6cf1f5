"""What each turn took and what became of the call: numbers and names, never a word that was said."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    CloseEvent,
    CloseReason,
    ConversationItemAddedEvent,
    FunctionToolsExecutedEvent,
    JobContext,
    SessionUsageUpdatedEvent,
)
from livekit.agents.llm import ChatMessage, MetricsReport
from livekit.agents.metrics import ModelUsage

from .breaker import Failure
from .call import Call
from .failures import FILLER, Failures, StageFailure, Told
from .outcomes import Outcome, Side, outcome, side
from .tariff import cost_usd

logger = logging.getLogger(__name__)

# Where the record of a job's call lies, for `after_call`, which the framework gives the job alone.
KEPT: Final = "call_record"
STAGE_OF: Final = {"stt_usage": "stt", "llm_usage": "llm", "tts_usage": "tts"}
# Name of a time in a record: what the framework calls it. In s there, in ms here.
TIMES: Final = {
    "end_of_turn": "end_of_turn_delay",
    "stt": "transcription_delay",
    "llm_first_token": "llm_node_ttft",
    "tts_first_audio": "tts_node_ttfb",
    "e2e": "e2e_latency",
}
# Until the caller heard anything: the answer, or a filler or an apology before it. `e2e` is the answer's alone.
AUDIBLE: Final = "audible"


@dataclass
class Turn:
    """One turn: what the caller said and all that answered it. `number` 0 is the greeting; times in ms.

    `told` is what the caller heard in place of an answer or before it.
    """

    number: int
    ms: dict[str, int] = field(default_factory=dict)
    llm_tokens_per_s: float | None = None
    interrupted: bool = False
    tools: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    answered_by: dict[str, str] = field(default_factory=dict)


@dataclass
class Ended:
    """The whole call, once it is over."""

    outcome: Outcome
    ended_by: Side
    reason: str
    duration_s: float
    turns: int
    interruptions: int
    latency_ms: dict[str, dict[str, int]]
    provider_failures: dict[str, int]
    stage_failures: dict[str, int]
    tool_failures: int
    usage: dict[str, float]
    cost_usd: float | None


@dataclass
class Record:
    """Follows one call, and tells its subscribers of each turn and of the end."""

    call: Call
    failures: Failures = field(default_factory=Failures)
    on_turn: list[Callable[[Turn], None]] = field(default_factory=list)
    on_end: list[Callable[[Ended], None]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    provider_failures: Counter[str] = field(default_factory=Counter)
    stage_failures: Counter[str] = field(default_factory=Counter)
    usage: list[ModelUsage] = field(default_factory=list)
    reason: CloseReason | None = None
    answered: bool = False
    written: bool = False
    _open: Turn = field(default_factory=lambda: Turn(0))
    _said_last: dict[str, str] = field(default_factory=dict)
    _asked_until: float | None = None  # unix time of the caller's last sound in the open turn
    _apology_due: bool = False
    _all_said: bool = False  # the framework adds an answer when it is over; one that a voice pauses is not
    _used: dict[tuple[str, str], float] = field(default_factory=dict)

    def provider_failed(self, failure: Failure) -> None:
        """A provider failed; another one of its stage may have answered."""
        self.provider_failures[failure.stage] += 1

    def stage_failed(self, failure: StageFailure) -> None:
        """A turn got no answer, or half of one. It is over when the caller was told so."""
        self.stage_failures[failure.stage] += 1
        self._apology_due = True
        if "e2e" in self._open.ms:
            self._open.ms[AUDIBLE] = self._open.ms.pop("e2e")

    def told(self, told: Told) -> None:
        """The caller heard something in place of an answer, or before it."""
        entry: dict[str, Any] = {"phrase": told.phrase, "heard": told.heard}
        if self._asked_until and told.began_at:
            entry["ms"] = round((told.began_at - self._asked_until) * 1000)
        self._open.told.append(entry)
        if told.phrase != FILLER and told.heard == "whole":
            self._apology_due = False
            self._close_turn()

    def used(self, event: SessionUsageUpdatedEvent) -> None:
        """Who works is whose usage grew: each stage passes on what its members report."""
        self.usage = list(event.usage.model_usage)
        for one in self.usage:
            stage = STAGE_OF.get(one.type)
            if stage is None:
                continue
            amount = sum(value for value in one.model_dump(exclude={"type"}).values() if isinstance(value, int | float))
            if amount > self._used.get((stage, one.model), 0.0):
                self._used[stage, one.model] = amount
                self._said_last[stage] = one.model
                self._open.answered_by[stage] = one.model

    def added(self, event: ConversationItemAddedEvent) -> None:
        """A message of the caller begins a turn; those of the agent belong to it."""
        message = event.item
        if not isinstance(message, ChatMessage) or message.role not in ("user", "assistant"):
            return
        if message.role == "user":
            self._close_turn()
            self._open.number = max(self._open.number, 1)
        turn = self._open
        turn.ms |= _ms(message.metrics)
        if message.role == "user":
            self._asked_until = message.metrics.get("stopped_speaking_at")
        else:
            self._all_said = True
            self._answered_from(message.metrics.get("started_speaking_at"))
            turn.interrupted = turn.interrupted or message.interrupted
            turn.llm_tokens_per_s = _rounded(message.metrics.get("llm_node_tps")) or turn.llm_tokens_per_s
            whole = not message.interrupted and not self.failures.breaking
            self.answered = self.answered or (turn.number > 0 and whole)

    def _answered_from(self, began: float | None) -> None:
        """The framework does not time the answer of an agent who has just taken over."""
        if self._asked_until and began and "e2e" not in self._open.ms:
            self._open.ms["e2e"] = round((began - self._asked_until) * 1000)

    def tools_ran(self, event: FunctionToolsExecutedEvent) -> None:
        """The tools of a turn, each with its name and time; not what they were given."""
        for asked, result in event.zipped():
            took = max(0.0, result.created_at - asked.created_at)
            self._open.tools.append({"name": asked.name, "ms": round(took * 1000), "ok": not result.is_error})

    def state_changed(self, event: AgentStateChangedEvent) -> None:
        """A turn is over when the agent listens again after its whole answer."""
        if event.new_state == "speaking":
            self._all_said = False
        apologises = self._apology_due or self.failures.breaking
        listens_again = event.new_state == "listening" and event.old_state == "speaking"
        if listens_again and self._all_said and not apologises:
            self._close_turn()

    def closed(self, event: CloseEvent) -> None:
        """The session is over."""
        self._close_turn()
        self.reason = event.reason

    def _close_turn(self) -> None:
        turn = self._open
        self._apology_due = False
        if not turn.ms and not turn.tools and not turn.told:  # nothing happened since the last one
            return
        self._open = Turn(turn.number + 1)
        self._asked_until = None
        heard = [turn.ms.get("e2e"), turn.ms.get(AUDIBLE), *(one.get("ms") for one in turn.told)]
        if began := [ms for ms in heard if ms is not None]:
            turn.ms[AUDIBLE] = min(began)
        turn.answered_by = {**self._said_last, **turn.answered_by}
        self.turns.append(turn)
        logger.info("turn", extra={key: value for key, value in asdict(turn).items() if value not in (None, [], {})})
        for tell in self.on_turn:
            tell(turn)

    def end(self) -> None:
        """Say what became of the call, in one line and to the subscribers."""
        self.written = True
        ended = self.summary()
        logger.info("call ended", extra=asdict(ended))
        for tell in self.on_end:
            tell(ended)

    def summary(self) -> Ended:
        """The call in numbers."""
        names = [name for name in (*TIMES, AUDIBLE) if any(name in turn.ms for turn in self.turns)]
        return Ended(
            outcome=outcome(self.reason, ending=self.call.ending, answered=self.answered),
            ended_by=self.call.ended_by or side(self.reason),
            reason=self.reason.value if self.reason else "",
            duration_s=round(time.monotonic() - self.call.started_at, 3),
            turns=sum(turn.number > 0 for turn in self.turns),
            interruptions=sum(turn.interrupted for turn in self.turns),
            latency_ms={name: percentiles(turn.ms[name] for turn in self.turns if name in turn.ms) for name in names},
            provider_failures=dict(self.provider_failures),
            stage_failures=dict(self.stage_failures),
            tool_failures=sum(not tool["ok"] for turn in self.turns for tool in turn.tools),
            usage=total(self.usage),
            cost_usd=cost_usd(self.usage),
        )


def follow(session: AgentSession[Any], call: Call, failures: Failures) -> Record:
    """Follow `session` from its start; `after_call` tells the end."""
    record = Record(call, failures)
    call.ctx.proc.userdata[KEPT] = record
    call.board.on_failure.append(record.provider_failed)
    failures.on_stage.append(record.stage_failed)
    failures.on_told.append(record.told)
    session.on("session_usage_updated", record.used)
    session.on("conversation_item_added", record.added)
    session.on("function_tools_executed", record.tools_ran)
    session.on("agent_state_changed", record.state_changed)
    session.on("close", record.closed)
    return record


async def after_call(ctx: JobContext) -> None:
    """Tell once, in one line, of the call that is over, without a word of it."""
    record = ctx.proc.userdata.get(KEPT)
    if record is None:
        logger.warning("call ended", extra={"outcome": Outcome.NEVER_STARTED.value})
    elif not record.written:
        record.end()


def percentiles(values: Iterable[int]) -> dict[str, int]:
    """The 50th and 95th percentile, each a value that occurred."""
    ranked = sorted(values)
    return {f"p{share}": ranked[math.ceil(len(ranked) * share / 100) - 1] for share in (50, 95)}


def total(usage: Iterable[ModelUsage]) -> dict[str, float]:
    """What the models of a call did, over all of them."""
    sums: Counter[str] = Counter()
    wanted = ("input_tokens", "input_cached_tokens", "output_tokens", "characters_count", "audio_duration")
    for one in usage:
        stage = STAGE_OF.get(one.type)
        for name, value in one.model_dump(include=set(wanted)).items():
            if stage and value:
                sums[f"{stage}_{name}{'_s' if name == 'audio_duration' else ''}"] += value
    return {name: round(value, 3) for name, value in sorted(sums.items())}


def _ms(metrics: MetricsReport) -> dict[str, int]:
    found = {name: metrics.get(theirs) for name, theirs in TIMES.items()}
    return {name: round(value * 1000) for name, value in found.items() if isinstance(value, int | float)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
