"""Whether the worker may get calls: `GET /ready`. Whether it lives is the framework's own `GET /`, on its own port.

A worker that drains lives and is not ready; so does one that is full or has lost its LiveKit server. In a deploy, stop
the old worker when the new one is ready; restart a worker only when it does not live.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from .agent_server import Server

logger = logging.getLogger(__name__)

OK, UNAVAILABLE = 200, 503


def attach(server: Server, port: int) -> None:
    """Answer on `port` from the moment `server` has warmed up to the end of its process."""
    tasks: list[asyncio.Task[None]] = []

    def started() -> None:
        tasks.append(asyncio.create_task(serve(server, port), name="readiness"))

    server.on("worker_started", started)


def state(server: Server) -> dict[str, bool | int | float]:
    """What is told: each state by itself, and what it comes from."""
    return {
        "ready": server.registered and server.warm and server.accepting,
        "registered": server.registered,
        "warm": server.warm,
        "accepting": server.accepting,
        "draining": server.draining,
        "calls": len(server.active_jobs),
        "load": round(server.current_load(), 3),
    }


async def serve(server: Server, port: int) -> None:
    """Serve until cancelled. A port that is taken is one line in the log: calls come all the same."""

    async def ready(_: web.Request) -> web.Response:
        told = state(server)
        return web.json_response(told, status=OK if told["ready"] else UNAVAILABLE)

    app = web.Application()
    app.router.add_get("/ready", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        # Of IPv4: where the system chooses, IPv6 has another one. The short address is the one of IPv4.
        logger.info("readiness is told", extra={"port": min(runner.addresses, key=len)[1]})
        await asyncio.Event().wait()
    except OSError as error:
        logger.error("readiness cannot be told", extra={"port": port, "kind": error.strerror})
    finally:
        await runner.cleanup()
