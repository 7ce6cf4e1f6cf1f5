"""The page of `make talk`: a small site on loopback that hands out tokens for the local server and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from livekit import api

from .. import project, server
from ..setup import PAGE_FOLDER

STATIC = Path(__file__).parent / "static"
CLIENT = PAGE_FOLDER / "node_modules" / "livekit-client"
BUNDLE = CLIENT / "dist" / "livekit-client.esm.mjs"
LOCAL_NAMES = ("127.0.0.1", "localhost")
POLICY = "; ".join(
    [
        "default-src 'self'",
        "connect-src 'self' ws://127.0.0.1:* http://127.0.0.1:*",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
    ]
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class Site:
    """What the page is told: where the server is, whom to call, and what can be said."""

    url: str
    agent_name: str = project.AGENT_NAME
    suggestions: list[str] = field(default_factory=list)
    metadata: str = ""  # what the agent is dispatched with
    emulated: bool = True
    hears: bool = True  # whether spoken words are recognised here; else only typed ones

    def facts(self) -> dict[str, Any]:
        """What the page shows before the call."""
        return {
            "project": project.PROJECT_NAME,
            "organisation": project.ORGANISATION,
            "language": project.LANGUAGE,
            "greeting": project.STRINGS["greeting"],
            "suggestions": self.suggestions,
            "emulated": self.emulated,
            "hears": self.hears,
        }


def token(room: str, identity: str, agent_name: str = project.AGENT_NAME, metadata: str = "") -> str:
    """A token for `room` on the local server, valid for ten minutes; whoever uses it first brings the agent."""
    dispatch = api.RoomAgentDispatch(agent_name=agent_name, metadata=metadata)
    config = api.RoomConfiguration(empty_timeout=20, departure_timeout=20, agents=[dispatch])
    grants = api.VideoGrants(room_join=True, room=room)
    made = api.AccessToken(server.KEY, server.SECRET).with_identity(identity).with_ttl(timedelta(minutes=10))
    return made.with_grants(grants).with_room_config(config).to_jwt()


def create_app(site: Site) -> web.Application:
    """The site as an application: its files, livekit-client, what the page is told, and tokens."""

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def client(_: web.Request) -> web.FileResponse:
        return web.FileResponse(BUNDLE, headers={"Content-Type": "text/javascript"})

    async def facts(_: web.Request) -> web.Response:
        return web.json_response(site.facts())

    async def join(_: web.Request) -> web.Response:
        made = token(f"talk-{time.time_ns()}", "you", site.agent_name, site.metadata)
        return web.json_response({"url": site.url, "token": made})

    app = web.Application(middlewares=[_local_only])
    app.add_routes(
        [
            web.get("/", index),
            web.get("/livekit-client.js", client),
            web.get("/facts", facts),
            web.post("/token", join),
            web.static("/static", STATIC),
        ]
    )
    return app


@web.middleware
async def _local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other names than this machine's: a foreign page cannot fetch tokens through a name that points here."""
    if request.host.rsplit(":", 1)[0] not in LOCAL_NAMES:
        raise web.HTTPForbidden(text="this page is only for this machine")
    answer = await handler(request)
    answer.headers.update({name: value for name, value in HEADERS.items() if name not in answer.headers})
    return answer


@contextmanager
def serving(site: Site, port: int) -> Iterator[str]:
    """Serve the site from a thread of its own; yields its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="page", daemon=True)
    thread.start()
    runner = web.AppRunner(create_app(site), access_log=None, shutdown_timeout=1.0)
    try:
        asyncio.run_coroutine_threadsafe(_start(runner, port), loop).result(10)
        yield f"http://127.0.0.1:{port}/"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _start(runner: web.AppRunner, port: int) -> None:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
