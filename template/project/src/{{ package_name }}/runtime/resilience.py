"""When a provider fails the caller hears a sentence, never silence."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    APIConnectOptions,
    CloseEvent,
    ErrorEvent,
    UserTranscriptionTimeoutEvent,
)
from livekit.agents.voice.agent_session import SessionConnectOptions

from . import hooks, pipeline
from .call import Call
from .outcomes import Outcome
from .spare import SpareVoice

logger = logging.getLogger(__name__)

# The session counts too, without a word, and closes: it never gets that far.
NEVER: Final = 1_000_000
STAGES: Final = {"stt_error": "stt", "llm_error": "llm", "tts_error": "tts"}


def options() -> dict[str, Any]:
    """Arguments of `AgentSession`: how long each stage may take before it counts as failed.

    Recognition is tried again for a long time: `transcription_timeout` tells the caller meanwhile. The model and the
    voice keep their own deadlines.
    """
    return {
        "conn_options": SessionConnectOptions(
            stt_conn_options=APIConnectOptions(max_retry=20, retry_interval=0.5, timeout=3.0),
            llm_conn_options=APIConnectOptions(max_retry=0, timeout=10.0),
            max_unrecoverable_errors=NEVER,
        ),
        "transcription_timeout": 2.0,
    }


class Apologies:
    """Says what went wrong, once a failure; says goodbye and hangs up when it goes on."""

    def __init__(self, session: AgentSession[Any], call: Call, spare: SpareVoice) -> None:
        """Watch the errors of `session`; `spare` speaks when the voice itself is dead."""
        self._session, self._call, self._spare = session, call, spare
        self._in_a_row = 0
        self._last: asyncio.Task[None] | None = None

    def on_error(self, event: ErrorEvent) -> None:
        """An error that the plugin will not recover from."""
        stage = STAGES.get(getattr(event.error, "type", ""))
        recoverable = bool(getattr(event.error, "recoverable", True))
        if stage is None or recoverable:
            return
        kind = type(getattr(event.error, "error", event.error)).__name__
        if stage == "stt":  # said every second while it is down; the caller is told on having spoken in vain
            logger.warning("provider failed", extra={"stage": stage, "kind": kind})
            return
        self._failed(stage, kind)

    def on_deafness(self, event: UserTranscriptionTimeoutEvent) -> None:
        """The caller spoke, and no word of it arrived."""
        del event  # how long the caller spoke changes nothing
        self._failed("stt", "silent")

    def on_answer(self) -> None:
        """The agent answered: what failed before is forgiven."""
        self._in_a_row = 0

    def _failed(self, stage: str, kind: str) -> None:
        self._in_a_row += 1
        over = self._in_a_row > self._call.settings.max_unrecoverable_errors
        phrase = "giving_up" if over else "not_heard" if stage == "stt" else "apology"
        logger.warning("provider failed", extra={"stage": stage, "kind": kind, "in_a_row": self._in_a_row})
        # A dead voice cannot have said the other apology either.
        if stage == "tts" or self._last is None or self._last.done():
            self._last = asyncio.create_task(self._say(stage, phrase, hang_up=over))

    async def _say(self, stage: str, phrase: str, *, hang_up: bool) -> None:
        if stage == "tts":
            handle = self._session.say(hooks.phrase(phrase), audio=self._spare.frames(phrase), add_to_chat_ctx=False)
        else:
            handle = self._session.say(hooks.phrase(phrase), add_to_chat_ctx=False)
        await handle
        logger.info("apology spoken", extra={"stage": stage, "phrase": phrase})
        if hang_up:
            self._call.ends(Outcome.AGENT_FAILED)
            self._session.shutdown(drain=False)


def guard(session: AgentSession[Any], call: Call) -> None:
    """Watch `session` from its start to its end."""
    spare = call.spare
    apologies = Apologies(session, call, spare)
    preparing: list[asyncio.Task[None]] = []

    def prepare(event: AgentStateChangedEvent) -> None:
        # After the greeting, and by a voice of its own: neither its load nor its failure is the caller's.
        if not preparing and spare.missing() and event.new_state == "listening":
            preparing.append(asyncio.create_task(spare.prepare(pipeline.build_tts(call))))

    def answered(event: Any) -> None:
        if event.item.type == "message" and event.item.role == "assistant":
            apologies.on_answer()

    def closed(event: CloseEvent) -> None:
        for task in preparing:
            task.cancel()
        logger.info("session closed", extra={"reason": event.reason.value})

    session.on("error", apologies.on_error)
    session.on("user_transcription_timeout", apologies.on_deafness)
    session.on("conversation_item_added", answered)
    session.on("agent_state_changed", prepare)
    session.on("close", closed)
