"""The half of a LiveKit server that a worker registers with: it offers calls, and has no rooms and no sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from livekit.agents import AgentServer
from livekit.protocol import agent, models

ANSWER_S = 10.0


class Dispatcher:
    """Speaks the worker protocol to one worker."""

    def __init__(self) -> None:
        self.url = ""
        self.let_in = True
        self.answers: dict[str, bool] = {}
        self._worker: web.WebSocketResponse | None = None
        self._changed = asyncio.Condition()

    async def offer(self, *calls: str) -> None:
        """Ask whether the worker takes these calls, all at once, and wait for its answers."""
        assert self._worker is not None
        for call in calls:
            request = agent.AvailabilityRequest(job=_job(call))
            await self._worker.send_bytes(agent.ServerMessage(availability=request).SerializeToString())
        await self._until(set(calls))

    async def leave(self) -> None:
        """Break the connection, and take no other until `let_in` is set again."""
        assert self._worker is not None
        self.let_in = False
        await self._worker.close()

    async def _until(self, calls: set[str]) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: calls <= set(self.answers)), ANSWER_S)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """A worker comes."""
        if not self.let_in:
            raise web.HTTPServiceUnavailable
        self._worker = socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            said = agent.WorkerMessage.FromString(message.data)
            if said.HasField("register"):
                info = models.ServerInfo(version="1", region="here")
                registered = agent.RegisterWorkerResponse(worker_id="W1", server_info=info)
                await socket.send_bytes(agent.ServerMessage(register=registered).SerializeToString())
            async with self._changed:
                if said.HasField("availability"):
                    self.answers[said.availability.job_id] = said.availability.available
                self._changed.notify_all()
        return socket


def _job(name: str) -> agent.Job:
    return agent.Job(id=name, type=agent.JobType.JT_ROOM, room=models.Room(sid=f"RM_{name}", name=name))


@asynccontextmanager
async def dispatching() -> AsyncIterator[Dispatcher]:
    """A dispatcher on a free port of this machine."""
    one = Dispatcher()
    app = web.Application()
    app.router.add_get("/agent", one.connect)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield one
    finally:
        await runner.cleanup()


@asynccontextmanager
async def registered(server: AgentServer) -> AsyncIterator[None]:
    """`server` runs in this process and is registered. The calls that it takes never come, and are not waited for."""
    known = asyncio.Event()
    server.once("worker_registered", lambda *_: known.set())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("livekit.agents.worker.ASSIGNMENT_TIMEOUT", 0.3)
        running = asyncio.create_task(server.run())
        try:
            await asyncio.wait_for(known.wait(), 30)
            yield
        finally:
            await server.aclose()
            await running
