"""What the emulated providers share: journal, faults, voices, the model that is no model."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ..speech import Recogniser, Voice
from .brain import Brain
from .faults import AT_THE_DOOR, FaultBoard

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


class CutOff(Exception):
    """The emulator cut the connection on purpose: nothing more to say on it."""


@dataclass
class Hub:
    """State of one emulator process. `first_token_s` and `token_s` are the model's pace."""

    voice: Voice
    recogniser: Recogniser | None
    brain: Brain
    first_token_s: float = 0.15
    token_s: float = 0.02
    faults: FaultBoard = field(default_factory=FaultBoard)
    journal: list[dict[str, Any]] = field(default_factory=list)
    expected: deque[str] = field(default_factory=deque)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "speech"))
    _released: dict[str, asyncio.Event] = field(default_factory=dict)
    _open: dict[str, list[web.Request]] = field(default_factory=lambda: {"stt": [], "llm": [], "tts": []})

    def note(self, stage: str, event: str, **more: Any) -> None:
        """Add a line to the journal; times are unix, in s."""
        self.journal.append({"t": time.time(), "stage": stage, "event": event, **more})

    def arm(self, stage: str, kind: str) -> None:
        """Arm a fault, and cut open connections when it waits at the door.

        Raises:
            ValueError: there is no such fault.
        """
        self.faults.arm(stage, kind)
        self._released[stage] = asyncio.Event()
        if kind in AT_THE_DOOR:
            for request in list(self._open[stage]):
                cut(request)

    def clear(self) -> None:
        """End all faults and let go of what stands still."""
        self.faults.clear()
        for released in self._released.values():
            released.set()

    @contextmanager
    def open(self, stage: str, request: web.Request) -> Iterator[None]:
        """While inside, a fault at the door cuts this connection."""
        self._open[stage].append(request)
        try:
            yield
        finally:
            self._open[stage].remove(request)

    async def at_the_door(self, request: web.Request, stage: str, key: str) -> web.Response | None:
        """The refusal that a new request meets, or None to go on.

        Raises:
            CutOff: the connection is gone.
        """
        if not key or key.startswith("invalid"):
            self.note(stage, "unauthorized")
            return web.json_response({"error": {"message": "invalid key", "code": "invalid_api_key"}}, status=401)
        for status in (429, 500):
            if self.faults.strikes(stage, f"http-{status}"):
                self.note(stage, "fault", kind=f"http-{status}")
                return web.json_response({"error": {"message": "emulated failure"}}, status=status)
        if self.faults.strikes(stage, "refuse"):
            self.note(stage, "fault", kind="refuse")
            cut(request)
            raise CutOff
        if self.faults.strikes(stage, "hang"):
            self.note(stage, "fault", kind="hang")
            await self.stand_still(stage)
        return None

    async def converse(self, request: web.Request, stage: str, key: str, talk: Talk) -> web.StreamResponse:
        """Serve one websocket: past the door, then `talk` until it is over."""
        socket = web.WebSocketResponse()
        socket.headers["dg-request-id"] = uuid.uuid4().hex
        with suppress(CutOff, ConnectionError):
            if refusal := await self.at_the_door(request, stage, key):
                return refusal
            await socket.prepare(request)
            with self.open(stage, request):
                await talk(socket)
            await socket.close()
        return socket

    async def stand_still(self, stage: str) -> None:
        """Do nothing for as long as the fault is armed.

        Raises:
            CutOff: the fault was cleared; what waited has missed its time.
        """
        await self._released[stage].wait()
        raise CutOff

    async def in_thread(self, function: Any, *arguments: Any) -> Any:
        """Run a speech model beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, function, *arguments)


def cut(request: web.Request) -> None:
    """Cut the connection as a crashed provider would."""
    if request.transport is not None:
        request.transport.abort()
