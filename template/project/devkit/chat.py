"""A caller who types: joins the room, writes on `lk.chat`, prints what `lk.transcription` brings."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from livekit import rtc

JOIN_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 30.0
SETTLED_S = 0.8  # an agent that is back to listening for so long has said all it wanted
READY = ("listening", "thinking", "speaking")


class Chat:
    """`async with Chat(url, token) as chat:` is in the room; the agent's words are handed to `show` as they come."""

    def __init__(self, url: str, token: str, show: Callable[[str], None] | None = None) -> None:
        """Nothing happens yet."""
        self._url, self._token = url, token
        self._show = show or _to_terminal
        self._room = rtc.Room()
        self._tasks: set[asyncio.Task[None]] = set()
        self._state = ""
        self._state_since = 0.0
        self._streams = 0
        self._lines = 0
        self._left = False
        self.over = asyncio.Event()
        self.hung_up = False

    async def __aenter__(self) -> Chat:
        """Join; no microphone is opened."""
        self._room.on("participant_attributes_changed", self._attributes)
        self._room.on("participant_disconnected", self._gone)
        self._room.on("disconnected", self._disconnected)
        self._room.register_text_stream_handler("lk.transcription", self._stream)
        await self._room.connect(self._url, self._token)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave."""
        self._left = True
        for task in self._tasks:
            task.cancel()
        with suppress(Exception):
            await asyncio.wait_for(self._room.disconnect(), 5)

    async def wait_for_agent(self) -> bool:
        """Whether the agent came and is ready."""
        return await self._until(lambda: self._state in READY, JOIN_TIMEOUT_S)

    async def say(self, text: str) -> bool:
        """Send `text` and wait for the answer; whether there was one."""
        before = self._lines
        await self._room.local_participant.send_text(text, topic="lk.chat")
        return await self.answer(before)

    async def answer(self, before: int = 0) -> bool:
        """Wait until the agent has said something beyond `before` lines and is quiet again; whether it did."""

        def settled() -> bool:
            quiet = self._state == "listening" and time.monotonic() - self._state_since > SETTLED_S
            return self._lines > before and not self._streams and quiet

        return await self._until(settled, ANSWER_TIMEOUT_S)

    async def wait_for_end(self, timeout_s: float) -> bool:
        """Whether the call ended in time."""
        return await self._until(self.over.is_set, timeout_s)

    async def _until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while not condition():
            if self.over.is_set() or time.monotonic() > until:
                return condition()
            await asyncio.sleep(0.05)
        return True

    def _attributes(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        del participant  # only the agent has this attribute
        if state := changed.get("lk.agent.state"):
            self._state, self._state_since = state, time.monotonic()

    def _gone(self, participant: rtc.RemoteParticipant) -> None:
        if participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            self._disconnected()

    def _disconnected(self, *_: object) -> None:
        self.hung_up = self.hung_up or not self._left
        self.over.set()

    def _stream(self, reader: rtc.TextStreamReader, identity: str) -> None:
        if identity != self._room.local_participant.identity:
            task = asyncio.create_task(self._read(reader))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        self._streams += 1
        begun = False
        try:
            async for piece in reader:
                self._show(piece if begun else f"Agent: {piece.lstrip()}")
                begun = True
        finally:
            self._streams -= 1
            if begun:
                self._lines += 1
                self._show("\n")


async def keyboard(over: asyncio.Event, prompt: str = "") -> AsyncIterator[str]:
    """Lines of stdin, empty ones left out, until its end or until `over`; the prompt comes when the next one is due.

    A thread reads, so that a call that ends does not wait for Enter; unbuffered, so that it may be left waiting.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        with suppress(OSError):
            for raw in io.FileIO(0, closefd=False):
                put(raw.decode(errors="replace").strip())
        put(None)

    threading.Thread(target=read, name="keyboard", daemon=True).start()
    ended = asyncio.create_task(over.wait())
    try:
        while not over.is_set():
            if prompt:
                print(prompt, end="", flush=True)
            waiting = asyncio.create_task(lines.get())
            await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                return
            line = waiting.result()
            if line is None:
                return
            if line:
                yield line
    finally:
        ended.cancel()


def _to_terminal(text: str) -> None:
    print(text, end="", flush=True)
