"""A call without a server: the real session, in text; a room and a job that only note what is done to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, llm
from livekit.agents.voice import io


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until `condition` holds.

    Raises:
        TimeoutError: it does not come to hold.
    """
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Room(rtc.EventEmitter[str]):
    """Who is in it, as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.remote_participants: dict[str, Any] = {}

    def joins(self, name: str, kind: Any = rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD) -> None:
        person = SimpleNamespace(identity=name, kind=kind, disconnect_reason=None)
        self.remote_participants[name] = person
        self.emit("participant_connected", person)

    def leaves(self, name: str, reason: Any = None) -> None:
        person = self.remote_participants.pop(name)
        person.disconnect_reason = reason
        self.emit("participant_disconnected", person)


class Job:
    """A job that notes how it ends."""

    def __init__(self) -> None:
        self.room = Room()
        self.proc = SimpleNamespace(userdata={})
        self.done: list[str] = []

    def delete_room(self) -> None:
        self.done.append("room deleted")

    def shutdown(self, reason: str) -> None:
        self.done.append(f"job ended: {reason}")


class Paper(io.TextOutput):
    """What the agent says, line by line."""

    def __init__(self) -> None:
        super().__init__(label="paper", next_in_chain=None)
        self.lines: list[str] = []
        self._line = ""
        self._news = asyncio.Event()

    async def capture_text(self, text: str) -> None:
        self._line += text

    def flush(self) -> None:
        if self._line:
            self.lines.append(self._line.strip())
            self._news.set()
        self._line = ""

    async def says(self, count: int, within_s: float = 10.0) -> list[str]:
        """The first `count` lines, once they are there.

        Raises:
            TimeoutError: they did not come.
        """
        async with asyncio.timeout(within_s):
            while len(self.lines) < count:
                self._news.clear()
                await self._news.wait()
        return self.lines


@asynccontextmanager
async def session_of(model: llm.LLM[Any], **options: Any) -> AsyncIterator[tuple[AgentSession[Any], Paper]]:
    """A session that has not begun: `await begin(session)`."""
    paper = Paper()
    async with AgentSession[Any](llm=model, **options) as session:
        session.output.transcription = paper
        yield session, paper


async def begin(session: AgentSession[Any]) -> None:
    """Start it with an agent that has no tools."""
    await session.start(Agent(instructions="Answer."))
