"""What the emulated providers share: journal, faults, voices, the model that is no model."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from aiohttp import web

from ..speech import Recogniser, Voice
from .brain import Brain
from .faults import AT_THE_DOOR, REFUSALS, FaultBoard

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


class CutOff(Exception):
    """The emulator cut the connection on purpose: nothing more to say on it."""


@dataclass(frozen=True, eq=False)
class Peer:
    """Who is asked, and how to cut the connection as a crashed provider would: the emulators speak for several."""

    vendor: str
    cut: Callable[[], None]


def peer(request: web.Request) -> Peer:
    """The peer of a request over HTTP; the first part of its path names the vendor."""

    def abort() -> None:
        if request.transport is not None:
            request.transport.abort()

    return Peer(request.match_info["vendor"], abort)


@dataclass(frozen=True)
class Idle:
    """How a vendor ends a websocket whose client sends nothing for `after_s`: with `error`, if any, and a code."""

    after_s: float | None = None  # never
    code: int = 1000
    reason: str = "idle"
    error: dict[str, Any] | None = None


@dataclass
class Hub:
    """State of one emulator process. `first_token_s` and `token_s` are the model's pace.

    `retry_after_s` is what a 429 asks for; `idle_s` is the patience with a silent client, None for each vendor's own.
    """

    voice: Voice
    recogniser: Recogniser | None
    brain: Brain
    first_token_s: float = 0.15
    token_s: float = 0.02
    retry_after_s: float = 1.0
    idle_s: float | None = None
    faults: FaultBoard = field(default_factory=FaultBoard)
    journal: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)  # what a worker needs besides addresses
    expected: Expected = field(default_factory=lambda: Expected())
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "speech"))
    _released: dict[str, asyncio.Event] = field(default_factory=dict)
    _open: dict[str, list[Peer]] = field(default_factory=lambda: {"stt": [], "llm": [], "tts": []})

    def note(self, stage: str, event: str, vendor: str, **more: Any) -> None:
        """Add a line to the journal; times are unix, in s."""
        self.journal.append({"t": time.time(), "stage": stage, "event": event, "vendor": vendor, **more})

    def sent(self, stage: str, one: Peer, endpoint: str, **fields: Any) -> None:
        """Note what a client asks for: where, and by which options, as nested as it sent them. Never its key."""
        self.note(stage, "sent", one.vendor, endpoint=endpoint, fields=fields)

    def arm(self, stage: str, kind: str, *, everyone: bool = False) -> None:
        """Arm a fault for the first vendor of a stage, or for `everyone`; one at the door cuts open connections.

        Raises:
            ValueError: there is no such fault.
        """
        self.faults.arm(stage, kind, everyone=everyone)
        self._released[stage] = asyncio.Event()
        if kind in AT_THE_DOOR:
            for one in list(self._open[stage]):
                if self.strikes(stage, one, kind):  # who goes to another provider then never comes back to the door
                    one.cut()

    def clear(self) -> None:
        """End all faults and let go of what stands still."""
        self.faults.clear()
        for released in self._released.values():
            released.set()

    @contextmanager
    def open(self, stage: str, one: Peer) -> Iterator[None]:
        """While inside, a fault at the door cuts this connection."""
        self._open[stage].append(one)
        try:
            yield
        finally:
            self._open[stage].remove(one)

    async def refusal(self, one: Peer, stage: str, key: str) -> int | None:
        """The HTTP status by which a new request is refused, or None to go on.

        Raises:
            CutOff: the connection is gone.
        """
        if not key or key.startswith("invalid"):
            self.note(stage, "unauthorized", one.vendor)
            return 401
        for status in REFUSALS:
            if self.strikes(stage, one, f"http-{status}"):
                return status
        if self.strikes(stage, one, "refuse"):
            one.cut()
            raise CutOff
        if self.strikes(stage, one, "hang"):
            await self.stand_still(stage)
        return None

    def strikes(self, stage: str, one: Peer, *kinds: str) -> bool:
        """Whether one of `kinds` strikes this peer now; the first time that it does is noted."""
        before = len(self.faults.fired)
        kind = self.faults.strikes(stage, one.vendor, *kinds)
        if len(self.faults.fired) > before:
            self.note(stage, "fault", one.vendor, kind=kind)
        return bool(kind)

    def muted(self, one: Peer, what: str) -> bool:
        """Whether a fault keeps a recogniser from telling `what` it heard.

        Raises:
            CutOff: the fault cut the connection.
        """
        if self.strikes("stt", one, "disconnect"):
            one.cut()
            raise CutOff
        return self.strikes("stt", one, "silent") or (what == "final" and self.strikes("stt", one, "stall"))

    def written(self, one: Peer, what: str, text: str) -> str:
        """What a recogniser writes of the words that it heard."""
        kinds = ("empty", "empty-final") if what == "final" else ("empty",)
        return "" if self.strikes("stt", one, *kinds) else text

    def wordless(self, one: Peer, text: str) -> bool:
        """Whether a recogniser that writes only where there are words has nothing to write."""
        return not text and not self.strikes("stt", one, "empty-final")

    async def at_the_door(self, request: web.Request, stage: str, key: str) -> web.Response | None:
        """The response that refuses a new request over HTTP, or None to go on.

        Raises:
            CutOff: the connection is gone.
        """
        status = await self.refusal(peer(request), stage, key)
        if status is None:
            return None
        body = {"error": {"message": REFUSALS[status], "code": status}}
        return web.json_response(body, status=status, headers=self.headers_of(status))

    def headers_of(self, status: int) -> dict[str, str]:
        """What a refusal carries: a 429 says when to come again, in whole seconds and, as OpenAI does, in ms."""
        if status != 429:
            return {}
        return {"Retry-After": str(ceil(self.retry_after_s)), "Retry-After-Ms": str(round(self.retry_after_s * 1000))}

    async def converse(
        self, request: web.Request, stage: str, key: str, talk: Talk, idle: Idle = Idle()
    ) -> web.StreamResponse:
        """Serve one websocket: past the door, then `talk` until it is over or its client is idle."""
        socket = web.WebSocketResponse(receive_timeout=self.idle_s or idle.after_s)
        socket.headers["dg-request-id"] = uuid.uuid4().hex
        with suppress(CutOff, ConnectionError):
            if refused := await self.at_the_door(request, stage, key):
                return refused
            await socket.prepare(request)
            try:
                with self.open(stage, peer(request)):
                    await talk(socket)
            except TimeoutError:
                self.note(stage, "idle", request.match_info["vendor"])
                if idle.error:
                    await socket.send_json(idle.error)
                await socket.close(code=idle.code, message=idle.reason.encode())
            await socket.close()
        return finished(request, socket)

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


def finished(request: web.Request, socket: web.WebSocketResponse) -> web.StreamResponse:
    """What a handler returns for a websocket: one that was never opened cannot be closed, and is cut."""
    if socket.prepared:
        return socket
    peer(request).cut()
    return web.Response()


@dataclass
class Expected:
    """What the caller says now, for recognisers that do not hear: each listener takes each part of it once.

    `noise`: the sound is no speech, and no recogniser finds words in it.
    """

    parts: list[str] = field(default_factory=list)
    noise: bool = False
    _first: int = 0  # of the line

    def put(self, text: str, *, more: bool = False, noise: bool = False) -> None:
        """A new line, so that the one before is forgotten, or `more` of it after a pause."""
        self._first = self._first if more else len(self.parts)
        self.parts.append(text)
        self.noise = noise

    def since(self, taken: int) -> str:
        """The words of the line, without the first `taken` parts of the call."""
        return " ".join(part for part in self.parts[max(taken, self._first) :] if part)
