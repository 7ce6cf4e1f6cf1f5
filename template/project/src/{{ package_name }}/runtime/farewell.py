"""How the agent ends a call: a sentence, then the line, whatever hangs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from livekit import rtc
from livekit.agents import NOT_GIVEN, AgentSession

from . import hooks
from .call import Call
from .outcomes import Outcome

logger = logging.getLogger(__name__)

# How long a goodbye may take, and then the closing of the session, in s.
SPEAK_S: Final = 10.0
CLOSE_S: Final = 10.0


async def hang_up(
    session: AgentSession[Any],
    call: Call,
    ending: Outcome,
    *,
    phrase: str = "",
    sound: AsyncIterator[rtc.AudioFrame] | None = None,
) -> bool:
    """Say `phrase` if one is named, with `sound` where the voice is dead; then close the session and the room.

    Returns whether the call ended.
    """
    call.ends(ending)
    if phrase:
        with suppress(TimeoutError, RuntimeError):  # a session that is closing says nothing more
            async with asyncio.timeout(SPEAK_S):
                await _say(session, phrase, sound)
    closing = asyncio.create_task(session.aclose())
    if not (await asyncio.wait([closing], timeout=CLOSE_S))[0]:
        logger.error("session does not close", extra={"reason": ending.value})
        leave(call, ending)
    return True


def leave(call: Call, ending: Outcome) -> None:
    """End the job and the room without the session's help."""
    call.ends(ending)
    call.ctx.delete_room()
    call.ctx.shutdown(ending.value)


async def _say(session: AgentSession[Any], phrase: str, sound: AsyncIterator[rtc.AudioFrame] | None) -> None:
    session.interrupt(force=True)  # an answer that hangs would be waited for
    await session.say(hooks.phrase(phrase), audio=sound or NOT_GIVEN, allow_interruptions=False, add_to_chat_ctx=False)
