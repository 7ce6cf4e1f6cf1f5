"""When a stage fails the caller hears a sentence, never silence."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final

from livekit.agents import (
    NOT_GIVEN,
    AgentSession,
    AgentStateChangedEvent,
    APIConnectOptions,
    CloseEvent,
    ConversationItemAddedEvent,
    UserStateChangedEvent,
    llm,
)
from livekit.agents.voice.agent_session import SessionConnectOptions

from . import farewell, hooks, pipeline
from .call import Call
from .failures import Failures, Heard, StageFailure, Told
from .listening import SILENT
from .outcomes import Outcome
from .spare import SpareVoice
from .speech import COUGH_S

logger = logging.getLogger(__name__)

# The session counts too, without a word, and closes: it never gets that far.
NEVER: Final = 1_000_000
# How often an apology that was cut off is begun.
TRIES: Final = 3
# What the caller says over an apology becomes a turn within this time after their last sound, or it was noise. In s:
# longer than the longest wait for the end of a turn.
SETTLE_S: Final = 3.0


def options() -> dict[str, Any]:
    """Arguments of `AgentSession`: the stages keep their own deadlines, the session adds none."""
    return {
        "conn_options": SessionConnectOptions(
            llm_conn_options=APIConnectOptions(max_retry=0, timeout=10.0),
            max_unrecoverable_errors=NEVER,
        ),
    }


class Apologies:
    """Says what went wrong until the caller has heard it; says goodbye and hangs up when it goes on."""

    def __init__(self, session: AgentSession[Any], call: Call, spare: SpareVoice, failures: Failures) -> None:
        """Speak in `session`, by `spare` when the voice itself is dead."""
        self._session, self._call, self._spare, self._failures = session, call, spare, failures
        self._in_a_row = 0
        self._cut_off = self._excused = False
        self._saying: asyncio.Task[None] | None = None
        self._forgetting: set[asyncio.Task[None]] = set()
        self._committed = asyncio.Event()  # a turn, since the last failure
        self._patience: asyncio.Timeout | None = None
        self._spoke_over = False
        self._spoke_at = self._began_at = 0.0

    def on_failure(self, failure: StageFailure) -> None:
        """Apologise, or give up after too many failures in a row.

        A caller who cut the last apology off was not told of that failure, and may only have gone on with a sentence:
        the next one is then not counted, but never twice in a row.
        """
        self._excused = self._cut_off and not self._excused
        self._in_a_row += not self._excused
        over = self._in_a_row > self._call.settings.max_unrecoverable_errors
        if self._call.ending is not None or (self._is_busy() and not over and not self._committed.is_set()):
            return
        if self._saying is not None:
            self._saying.cancel()
        self._committed.clear()
        if failure.stage == "stt":  # what the caller said is what was not heard
            self._spoke_over = False
        self._saying = asyncio.create_task(self._give_up(failure) if over else self._apologise(failure))

    def on_silence(self) -> None:
        """Ask a caller of whom no recogniser heard anything. Nothing is known to have failed, so nothing is counted."""
        if self._call.ending is None and not self._is_busy():
            self._committed.clear()
            self._spoke_over = False
            self._saying = asyncio.create_task(self._apologise(StageFailure("stt", SILENT, "")))

    def on_answer(self) -> None:
        """Forgive what failed before."""
        self._in_a_row, self._cut_off = 0, False

    def on_fragment(self, message: llm.ChatMessage) -> None:
        """Do not remember as said what was said of an answer that broke off."""
        task = asyncio.create_task(self._forget(message))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    def on_item(self, event: ConversationItemAddedEvent) -> None:
        """A turn was committed: its answer takes the place of an apology that is still owed."""
        if isinstance(event.item, llm.ChatMessage) and event.item.role == "user":
            self._spoke_over = False
            self._committed.set()

    def on_caller(self, event: UserStateChangedEvent) -> None:
        """Notice a caller who speaks over an apology, or before it can begin."""
        if event.new_state == "speaking":
            self._spoke_at = event.created_at
        elif event.old_state == "speaking":
            self._spoke_over = self._spoke_over or event.created_at - self._spoke_at >= COUGH_S
        if self._patience is not None:
            quiet = event.new_state != "speaking"
            self._patience.reschedule(asyncio.get_running_loop().time() + SETTLE_S if quiet else None)

    def on_agent(self, event: AgentStateChangedEvent) -> None:
        """Note when a speech begins to be heard."""
        if event.new_state == "speaking":
            self._began_at = event.created_at

    async def _forget(self, fragment: llm.ChatMessage) -> None:
        history = self._session.history.items
        history[:] = [item for item in history if item.id != fragment.id]
        agent = self._session.current_agent
        context = agent.chat_ctx.copy()
        context.items = [item for item in context.items if item.id != fragment.id]
        await agent.update_chat_ctx(context)

    async def _apologise(self, failure: StageFailure) -> None:
        """Say it until it was heard whole, or a new turn has its own answer."""
        phrase = "not_heard" if failure.stage == "stt" else "apology"
        voice_dead = failure.stage == "tts"
        with suppress(RuntimeError):  # a session that is closing says nothing more
            for _ in range(TRIES):
                if self._is_spoken_over() and not await self._still_owed():
                    return
                self._spoke_over, self._began_at = False, 0.0
                audio = self._spare.frames(phrase) if voice_dead else NOT_GIVEN
                speech = self._session.say(hooks.phrase(phrase), audio=audio, add_to_chat_ctx=False)
                await speech
                voice_dead = voice_dead or self._failures.voice_failed(speech)
                whole = not speech.interrupted and not self._failures.voice_failed(speech)
                self._cut_off = not whole
                heard: Heard = "whole" if whole else "part" if self._began_at else "nothing"
                _log(failure.stage, phrase, heard)
                self._failures.tell(Told(phrase, self._began_at, heard))
                if whole or self._committed.is_set() or self._call.ending is not None:
                    return

    def _is_busy(self) -> bool:
        return self._saying is not None and not self._saying.done()

    def _is_spoken_over(self) -> bool:
        return self._spoke_over or self._session.user_state == "speaking"

    async def _still_owed(self) -> bool:
        """Whether what the caller says, or just said, does not become a turn: it was noise."""
        quiet = self._session.user_state != "speaking"
        try:
            async with asyncio.timeout(SETTLE_S if quiet else None) as self._patience:
                await self._committed.wait()
        except TimeoutError:
            return True
        finally:
            self._patience = None
        return False

    async def _give_up(self, failure: StageFailure) -> None:
        sound = self._spare.frames("giving_up") if failure.stage == "tts" else None
        ended = await farewell.hang_up(self._session, self._call, Outcome.AGENT_FAILED, phrase="giving_up", sound=sound)
        _log(failure.stage, "giving_up", "whole" if ended else "part")
        if not ended:  # the caller took the goodbye back
            self.on_answer()


def guard(session: AgentSession[Any], call: Call, failures: Failures) -> None:
    """Watch `session` from its start to its end."""
    spare = call.spare
    apologies = Apologies(session, call, spare, failures)
    failures.on_stage.append(apologies.on_failure)
    failures.on_silence.append(apologies.on_silence)
    failures.on_answer.append(apologies.on_answer)
    failures.on_fragment.append(apologies.on_fragment)
    preparing: list[asyncio.Task[None]] = []

    def prepare(event: AgentStateChangedEvent) -> None:
        # After the greeting, and by a voice of its own: neither its load nor its failure is the caller's.
        if not preparing and spare.missing() and event.new_state == "listening":
            preparing.append(asyncio.create_task(spare.prepare(pipeline.build_tts(call))))

    def closed(event: CloseEvent) -> None:
        for task in preparing:
            task.cancel()
        logger.info("session closed", extra={"reason": event.reason.value})

    session.on("conversation_item_added", apologies.on_item)
    session.on("user_state_changed", apologies.on_caller)
    session.on("agent_state_changed", apologies.on_agent)
    session.on("agent_state_changed", prepare)
    session.on("close", closed)


def _log(stage: str, phrase: str, heard: Heard) -> None:
    logger.info("apology spoken", extra={"stage": stage, "phrase": phrase, "heard": heard})
