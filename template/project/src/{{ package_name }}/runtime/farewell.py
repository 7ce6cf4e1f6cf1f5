"""How the agent ends a call: a sentence, time for the caller to take the ending back, then the line."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from livekit import rtc
from livekit.agents import (
    NOT_GIVEN,
    AgentSession,
    AgentStateChangedEvent,
    ConversationItemAddedEvent,
    UserInputTranscribedEvent,
    llm,
)

from . import hooks, records
from .call import Call
from .outcomes import Outcome, Side
from .phrases import CLOSING_WORDS

logger = logging.getLogger(__name__)

# Endings that the caller takes back by going on talking. The others are final: the time is up, or nothing works.
REVOCABLE: Final = (Outcome.COMPLETED, Outcome.CALLER_AWAY)
# How long a goodbye may take, in s.
SPEAK_S: Final = 10.0
# How long a caller has after the goodbye to begin to speak, how long their words may take after the last sound, and
# how long both may take together, in s.
LISTEN_S: Final = 2.0
WORDS_S: Final = 3.0
LONGEST_S: Final = 15.0
STEP_S: Final = 0.05
# How long the session may take to close, in s: the record of the call is due 12 s after the hang-up.
CLOSE_S: Final = 8.0


class SecondThoughts:
    """A listener for a caller who goes on talking although the agent is about to hang up."""

    def __init__(self, session: AgentSession[Any]) -> None:
        """Follow `session`; until `arm` is called each new answer of the agent makes earlier words old."""
        self._session = session
        self._armed = self._agreed = self._revoked = False
        self._since = time.time()
        session.on("agent_state_changed", self._on_agent)
        session.on("user_input_transcribed", self._on_words)
        session.on("conversation_item_added", self._on_item)

    def arm(self) -> None:
        """Keep all that is said from here on, and what was said since the agent's answer began."""
        self._armed = True

    def forget(self) -> None:
        """Begin anew: the ending was taken back."""
        self._armed = self._agreed = self._revoked = False

    def stop(self) -> None:
        """Hear no more."""
        self._session.off("agent_state_changed", self._on_agent)
        self._session.off("user_input_transcribed", self._on_words)
        self._session.off("conversation_item_added", self._on_item)

    async def come(self) -> bool:
        """Wait until the caller has gone on talking, has said goodbye too, or stays silent; True for the first.

        Sounds without words, as of a television, keep the line for `LONGEST_S` at most.
        """
        now = asyncio.get_running_loop().time
        latest, due = now() + LONGEST_S, now() + LISTEN_S
        while not (self._revoked or self._agreed) and now() < min(due, latest):
            await asyncio.sleep(STEP_S)
            if self._session.user_state == "speaking":
                due = now() + WORDS_S
        return self._revoked

    def _on_agent(self, event: AgentStateChangedEvent) -> None:
        if not self._armed and event.new_state in ("thinking", "speaking"):
            self.forget()
            self._since = event.created_at

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        if event.is_final:
            self._said(event.transcript)

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        """Typed text comes this way only. The words that the agent's answer is for are older than the answer."""
        item = event.item
        if isinstance(item, llm.ChatMessage) and item.role == "user" and item.created_at > self._since:
            self._said(item.text_content or "")

    def _said(self, text: str) -> None:
        words = re.findall(r"\w+", text.casefold())
        if words and CLOSING_WORDS.issuperset(words):
            self._agreed = True
        elif words:
            self._revoked = True


async def hang_up(
    session: AgentSession[Any],
    call: Call,
    ending: Outcome,
    *,
    phrase: str = "",
    sound: AsyncIterator[rtc.AudioFrame] | None = None,
    thoughts: SecondThoughts | None = None,
) -> bool:
    """Say `phrase` if one is named, with `sound` where the voice is dead; then close the session and the room.

    A caller who says more than goodbye, during the sentence or within `LISTEN_S` after it, takes an ending of
    `REVOCABLE` back: the call goes on, and what was said is answered as any turn. Without `phrase` the agent's current
    answer is the goodbye. `thoughts` has listened since that answer began.

    Returns:
        True when the call has ended, False when the caller took the ending back.
    """
    call.ends(ending)
    revocable = ending in REVOCABLE
    heard = thoughts or SecondThoughts(session)
    heard.arm()
    try:
        with suppress(TimeoutError, RuntimeError):  # a session that is closing says nothing more
            async with asyncio.timeout(SPEAK_S):
                if phrase:
                    await _say(session, phrase, sound, revocable=revocable)
                elif session.current_speech is not None:
                    await session.current_speech
        if revocable and call.ended_by is None and await heard.come():
            call.takes_back()
            logger.info("ending taken back", extra={"ending": ending.value})
            return False
    finally:
        heard.forget()
        if thoughts is None:
            heard.stop()
    await close(session, call, ending, Side.AGENT)
    return True


async def close(session: AgentSession[Any], call: Call, ending: Outcome, by: Side) -> None:
    """Close the session and the room; write the record without the session if it does not close."""
    call.ends(ending, by)
    closing = asyncio.create_task(session.aclose())
    if not (await asyncio.wait([closing], timeout=CLOSE_S))[0]:
        logger.error("session does not close", extra={"reason": ending.value})
        leave(call, ending, by)
        await records.after_call(call.ctx)
    else:
        call.ctx.shutdown(ending.value)


def leave(call: Call, ending: Outcome, by: Side) -> None:
    """End the job and the room without the session's help."""
    call.ends(ending, by)
    call.ctx.delete_room()
    call.ctx.shutdown(ending.value)


async def _say(
    session: AgentSession[Any], phrase: str, sound: AsyncIterator[rtc.AudioFrame] | None, *, revocable: bool
) -> None:
    session.interrupt(force=True)  # an answer that hangs would be waited for
    await session.say(
        hooks.phrase(phrase),
        audio=sound or NOT_GIVEN,
        allow_interruptions=NOT_GIVEN if revocable else False,
        add_to_chat_ctx=False,
    )
