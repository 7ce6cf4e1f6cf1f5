"""The session of one call."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit.agents import AgentSession

from . import farewell
from .call import Call
from .outcomes import Outcome


class Session(AgentSession[Any]):
    """An `AgentSession` whose end the caller can take back.

    `EndCallTool` ends a call with `shutdown()`, and so may the app. The framework then closes the session, even when
    the caller has spoken again in the goodbye.
    """

    def __init__(self, call: Call, **options: Any) -> None:
        """The session of `call`; `options` are those of `AgentSession`."""
        super().__init__(userdata=call.state, **options)
        self._ended_call = call
        self._thoughts = farewell.SecondThoughts(self)
        self._hanging_up: asyncio.Task[bool] | None = None

    def shutdown(self, *, drain: bool = True) -> None:
        """Hang up once the agent has spoken, unless the caller goes on talking; at once without `drain`."""
        if not drain:
            super().shutdown(drain=False)
        elif self._hanging_up is None or self._hanging_up.done():
            self._hanging_up = asyncio.create_task(
                farewell.hang_up(self, self._ended_call, Outcome.COMPLETED, thoughts=self._thoughts)
            )
