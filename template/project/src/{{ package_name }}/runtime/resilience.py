"""When a stage fails the caller hears a sentence, never silence."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    APIConnectOptions,
    CloseEvent,
    ConversationItemAddedEvent,
    ErrorEvent,
    SpeechCreatedEvent,
    UserInputTranscribedEvent,
    llm,
)
from livekit.agents.voice.agent_session import SessionConnectOptions

from . import farewell, hooks, pipeline
from .breaker import Failure
from .call import Call
from .ears import WatchedSTT
from .listening import SILENT, Unheard
from .outcomes import Outcome
from .spare import SpareVoice
from .speech import COUGH_S

logger = logging.getLogger(__name__)

# The session counts too, without a word, and closes: it never gets that far.
NEVER: Final = 1_000_000
STAGES: Final = {"llm_error": "llm", "tts_error": "tts"}


def options() -> dict[str, Any]:
    """Arguments of `AgentSession`: the stages keep their own deadlines, the session adds none."""
    return {
        "conn_options": SessionConnectOptions(
            llm_conn_options=APIConnectOptions(max_retry=0, timeout=10.0),
            max_unrecoverable_errors=NEVER,
        ),
    }


class Apologies:
    """Says what went wrong, once a failure; says goodbye and hangs up when it goes on."""

    def __init__(self, session: AgentSession[Any], call: Call, spare: SpareVoice) -> None:
        """Watch the errors of `session`; `spare` speaks when the voice itself is dead."""
        self._session, self._call, self._spare = session, call, spare
        self._in_a_row = 0
        self._last: asyncio.Task[None] | None = None
        self._forgetting: set[asyncio.Task[None]] = set()
        self._kinds: dict[str, str] = {}
        self._broke_off = False
        self._doubted = False  # the caller was told that nothing was heard, and no words have come since

    def on_failure(self, failure: Failure) -> None:
        """A provider failed: another one may still do the work of its stage."""
        self._kinds[failure.stage] = failure.kind

    def on_error(self, event: ErrorEvent) -> None:
        """A stage failed. Recognition never does: it is missed when the caller has spoken."""
        stage = STAGES.get(getattr(event.error, "type", ""))
        if stage is None or getattr(event.error, "recoverable", True):
            return
        self._broke_off = True
        self._failed(stage, self._kinds.pop(stage, "") or type(getattr(event.error, "error", event.error)).__name__)

    def on_unheard(self, unheard: Unheard) -> None:
        """The caller spoke, and no word of it arrived: counts as a failure if it is one and more than a cough.

        A caller whom the agent is answering waits for nothing: no question is asked, and no failure counts. Silence of
        all recognisers proves nothing: the caller is asked once until words come, and the call never ends by it.
        """
        if unheard.voice_s < COUGH_S or self._session.current_speech is not None:
            return
        if unheard.failure:
            self._failed("stt", unheard.kind)
        elif unheard.kind == SILENT and not self._doubted:
            self._doubted = True
            logger.warning("caller not heard", extra={"provider": unheard.provider})
            if self._call.ending is None:
                self._last = asyncio.create_task(self._apologise("stt"))

    def on_words(self, event: UserInputTranscribedEvent) -> None:
        """Recognition works: a caller who is not heard from here on is told so anew."""
        if event.transcript:
            self._doubted = False

    def on_speech(self, event: SpeechCreatedEvent) -> None:
        """A new answer begins: the one before is over."""
        if event.source != "say":
            self._broke_off = False

    def on_item(self, event: ConversationItemAddedEvent) -> None:
        """An answer forgives what failed before; what was said of one that broke off is not remembered as said."""
        item = event.item
        if not isinstance(item, llm.ChatMessage) or item.role != "assistant":
            return
        if self._broke_off:
            task = asyncio.create_task(self._forget(item))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)
        else:
            self._in_a_row = 0

    async def _forget(self, fragment: llm.ChatMessage) -> None:
        history = self._session.history.items
        history[:] = [item for item in history if item.id != fragment.id]
        agent = self._session.current_agent
        context = agent.chat_ctx.copy()
        context.items = [item for item in context.items if item.id != fragment.id]
        await agent.update_chat_ctx(context)

    def _failed(self, stage: str, kind: str) -> None:
        self._in_a_row += 1
        over = self._in_a_row > self._call.settings.max_unrecoverable_errors
        logger.warning("stage failed", extra={"stage": stage, "kind": kind, "in_a_row": self._in_a_row})
        # A dead voice cannot have said the other apology either; a goodbye is said once, and is the last word.
        if self._call.ending is None and (over or stage == "tts" or self._last is None or self._last.done()):
            self._last = asyncio.create_task(self._give_up(stage) if over else self._apologise(stage))

    async def _apologise(self, stage: str) -> None:
        phrase = "not_heard" if stage == "stt" else "apology"
        if stage == "tts":
            await self._session.say(hooks.phrase(phrase), audio=self._spare.frames(phrase), add_to_chat_ctx=False)
        else:
            await self._session.say(hooks.phrase(phrase), add_to_chat_ctx=False)
        logger.info("apology spoken", extra={"stage": stage, "phrase": phrase})

    async def _give_up(self, stage: str) -> None:
        sound = self._spare.frames("giving_up") if stage == "tts" else None
        logger.info("apology spoken", extra={"stage": stage, "phrase": "giving_up"})
        await farewell.hang_up(self._session, self._call, Outcome.AGENT_FAILED, phrase="giving_up", sound=sound)


def guard(session: AgentSession[Any], call: Call) -> None:
    """Watch `session` from its start to its end."""
    spare = call.spare
    apologies = Apologies(session, call, spare)
    call.board.on_failure.append(apologies.on_failure)
    preparing: list[asyncio.Task[None]] = []

    def prepare(event: AgentStateChangedEvent) -> None:
        # After the greeting, and by a voice of its own: neither its load nor its failure is the caller's.
        if not preparing and spare.missing() and event.new_state == "listening":
            preparing.append(asyncio.create_task(spare.prepare(pipeline.build_tts(call))))

    def closed(event: CloseEvent) -> None:
        for task in preparing:
            task.cancel()
        logger.info("session closed", extra={"reason": event.reason.value})

    session.on("error", apologies.on_error)
    if isinstance(session.stt, WatchedSTT):
        session.stt.on("unheard", apologies.on_unheard)
    session.on("user_input_transcribed", apologies.on_words)
    session.on("speech_created", apologies.on_speech)
    session.on("conversation_item_added", apologies.on_item)
    session.on("agent_state_changed", prepare)
    session.on("close", closed)
