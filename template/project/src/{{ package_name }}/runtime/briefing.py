"""What every agent is told besides its own instructions: the rules of this project and the clock.

`DeadlineLLM` adds it to each request, so it stands in no history. Agents that the owner writes and agents that take
over have it without a line of their own. An agent with a model of its own (`Agent(llm=...)`) must call `brief` itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from livekit.agents import llm
from livekit.agents.llm.chat_context import DYNAMIC_INSTRUCTIONS_MESSAGE_ID

from .phrases import RULES

DAYS_AHEAD: Final = 7


def brief(context: llm.ChatContext, zone: ZoneInfo, now: datetime | None = None) -> llm.ChatContext:
    """Return a copy of `context` with rules and clock behind its instructions; `now` is for tests.

    The instructions stay the first message and do not change, so providers find them in their cache. The clock is the
    last line and changes once a minute: a call may last hours, and the time of its start would be wrong by then.
    """
    briefed = context.copy()
    told = ["## Rules above all others", *RULES, clock(now or datetime.now(zone))]
    own = briefed.get_by_id(DYNAMIC_INSTRUCTIONS_MESSAGE_ID)
    if own and own.type == "message":  # what the agent itself is told anew for each call
        briefed.items.remove(own)
        told.insert(0, own.text_content or "")
    first = briefed.items[0] if briefed.items else None
    behind = 1 if first and first.type == "message" and first.role == "system" else 0
    # Under this name providers that take one system message get it as part of the instructions.
    message = llm.ChatMessage(id=DYNAMIC_INSTRUCTIONS_MESSAGE_ID, role="system", content=["\n".join(told)])
    briefed.items.insert(behind, message)
    return briefed


def clock(now: datetime) -> str:
    """Say date, weekday, time and zone, and the dates of the days to come, because models count days badly."""
    days = [now.date() + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1)]
    return (
        f"It is {now:%A, %d %B %Y, %H:%M} in {now.tzinfo} ({now.isoformat(timespec='minutes')}). "
        f"The next days: {', '.join(f'{day:%A %Y-%m-%d}' for day in days)}."
    )
