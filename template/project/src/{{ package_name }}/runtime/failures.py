"""Failures as the caller meets them: each once a turn, and none of a turn that was never committed.

A request that is sent before the end of a turn may fail, and the commit then uses or drops it. Therefore a failure is
judged when the speech that it belongs to is over: by then it is known whether that speech was due, and whether a
tool's reply has answered after all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from livekit.agents import (
    AgentSession,
    ConversationItemAddedEvent,
    ErrorEvent,
    SpeechCreatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
)
from livekit.agents.voice import SpeechHandle

from .breaker import Failure
from .call import Call
from .ears import WatchedSTT
from .listening import SILENT, Unheard
from .refusals import kind_of
from .speech import COUGH_S

logger = logging.getLogger(__name__)

# Recognition is not among them: its stream outlives every failure, and is missed when the caller has spoken.
STAGES: Final = {"llm_error": "llm", "tts_error": "tts"}
# The phrase that is said while an answer takes long; the others are said instead of one.
FILLER: Final = "filler"

Heard = Literal["whole", "part", "nothing"]


@dataclass(frozen=True)
class StageFailure:
    """A stage that left the caller without an answer; `kind` and `provider` as in `breaker.Failure`."""

    stage: str
    kind: str
    provider: str


@dataclass(frozen=True)
class Told:
    """How much the caller `heard` of a `phrase` from `began_at` on: unix time in s, 0 if nothing was heard."""

    phrase: str
    began_at: float
    heard: Heard


@dataclass
class _Speech:
    """A speech of the agent that is not over, and the failure of its step number `step`."""

    by_model: bool
    failure: StageFailure | None = None
    step: int = 0


@dataclass
class Failures:
    """The classifier of one session. Its subscribers are called in the order in which they were added."""

    on_stage: list[Callable[[StageFailure], None]] = field(default_factory=list)
    on_answer: list[Callable[[], None]] = field(default_factory=list)
    on_fragment: list[Callable[[llm.ChatMessage], None]] = field(default_factory=list)
    on_told: list[Callable[[Told], None]] = field(default_factory=list)
    on_silence: list[Callable[[], None]] = field(default_factory=list)
    _speeches: dict[SpeechHandle, _Speech] = field(default_factory=dict)
    _mute: SpeechHandle | None = None  # the last speech that the voice did not say to its end
    _last: dict[str, Failure] = field(default_factory=dict)  # of each stage, since it last did its work
    _counted: bool = False  # in this turn
    _doubted: bool = False  # no recogniser gave a sign of what was said, and no words have come since

    @property
    def breaking(self) -> bool:
        """Whether the speech that is heard, or is about to be, has failed and was not healed."""
        return any(
            handle.scheduled and one.failure is not None and handle.num_steps == one.step
            for handle, one in self._speeches.items()
        )

    def voice_failed(self, speech: SpeechHandle) -> bool:
        """Whether the voice did not say `speech`, which is over, to its end."""
        return speech is self._mute

    def tell(self, told: Told) -> None:
        """Pass on what the caller heard in place of an answer."""
        for listener in self.on_told:
            listener(told)

    def provider_failed(self, failure: Failure) -> None:
        """Remember it: another provider may still do the work of its stage, and if none does, this one is named."""
        self._last[failure.stage] = failure

    def created(self, event: SpeechCreatedEvent) -> None:
        """Follow a speech to its end."""
        self._speeches[event.speech_handle] = _Speech(by_model=event.source != "say")
        event.speech_handle.add_done_callback(self._over)

    def errored(self, event: ErrorEvent) -> None:
        """Hold the failure of a stage until the speech that it belongs to is over."""
        stage = STAGES.get(getattr(event.error, "type", ""))
        if stage is None or getattr(event.error, "recoverable", True):
            return
        failure = self._named(stage, getattr(event.error, "error", None))
        for handle, speech in self._speeches.items():
            if speech.by_model if stage == "llm" else handle.scheduled:
                speech.failure, speech.step = failure, handle.num_steps

    def unheard(self, unheard: Unheard) -> None:
        """Count speech without a word of it as a turn of its own, unless it was a cough or a noise.

        Silence of all recognisers proves no failure: it is told once until words come, and counts for nothing.
        """
        if unheard.voice_s < COUGH_S:
            return
        if unheard.failure:
            self._counted = False
            self._last.pop("stt", None)
            self._emit(StageFailure("stt", unheard.kind, unheard.provider))
        elif unheard.kind == SILENT and not self._doubted:
            self._doubted = True
            logger.warning("caller not heard", extra={"provider": unheard.provider})
            for listener in self.on_silence:
                listener()

    def words(self, event: UserInputTranscribedEvent) -> None:
        """Take any words for a sign that recognition works."""
        if event.transcript:
            self._doubted = False

    def added(self, event: ConversationItemAddedEvent) -> None:
        """Begin a new turn with each message of the caller: it is added when the turn is committed."""
        if isinstance(event.item, llm.ChatMessage) and event.item.role == "user":
            self._counted = False
            self._last.pop("stt", None)

    def caller_changed(self, event: UserStateChangedEvent) -> None:
        """Take a long silence for the end of a turn: what the agent says next is not its answer."""
        if event.new_state == "away":
            self._counted = False

    def _named(self, stage: str, error: BaseException | None) -> StageFailure:
        last = self._last.pop(stage, None)
        if last is not None:
            return StageFailure(stage, last.kind, last.provider)
        return StageFailure(stage, "silent" if error is None else kind_of(error), "")

    def _over(self, handle: SpeechHandle) -> None:
        speech = self._speeches.pop(handle)
        if not handle.scheduled:
            return
        if failure := _failure_of(handle, speech):
            if failure.stage == "tts":
                self._mute = handle
            for message in _last_step(handle):
                for listener in self.on_fragment:
                    listener(message)
            self._emit(failure)
        elif speech.by_model and _last_step(handle):
            self._last.pop("llm", None)
            self._last.pop("tts", None)
            for answered in self.on_answer:
                answered()

    def _emit(self, failure: StageFailure) -> None:
        if self._counted:
            return
        self._counted = True
        logger.warning("stage failed", extra={**vars(failure)})
        for listener in self.on_stage:
            listener(failure)


def watch(session: AgentSession[Any], call: Call) -> Failures:
    """Classify what fails in `session`, from its start to its end."""
    failures = Failures()
    call.board.on_failure.append(failures.provider_failed)
    session.on("speech_created", failures.created)
    session.on("error", failures.errored)
    session.on("user_input_transcribed", failures.words)
    session.on("conversation_item_added", failures.added)
    session.on("user_state_changed", failures.caller_changed)

    def unheard(unheard: Unheard) -> None:
        if session.current_speech is None:  # a caller whom the agent answers waits for nothing
            failures.unheard(unheard)

    if isinstance(session.stt, WatchedSTT):
        session.stt.on("unheard", unheard)
    return failures


def _failure_of(handle: SpeechHandle, speech: _Speech) -> StageFailure | None:
    """The failure that `handle` ended in. The next step, a tool's reply, heals the one before."""
    error = handle.exception()
    if speech.failure is None:  # a node of the owner's agent may raise without an error event
        return StageFailure("llm", kind_of(error), "") if error is not None else None
    if handle.num_steps > speech.step or (speech.failure.stage == "llm" and error is None):
        return None
    return speech.failure


def _last_step(handle: SpeechHandle) -> list[llm.ChatMessage]:
    """What the agent said after the last tool."""
    said: list[llm.ChatMessage] = []
    for item in handle.chat_items:
        if item.type == "function_call_output":
            said = []
        elif isinstance(item, llm.ChatMessage) and item.role == "assistant":
            said.append(item)
    return said
