"""The emulators as one web application: the providers' own paths, and `/control` for whoever directs the call."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from aiohttp import web

from . import providers
from .hub import Hub

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)


def create_app(hub: Hub) -> web.Application:
    """All providers that this project has, each in one module of `providers`."""
    app = web.Application()
    app[HUB] = hub
    for module in pkgutil.iter_modules(providers.__path__):
        app.add_routes(importlib.import_module(f"{providers.__name__}.{module.name}").routes(hub))
    app.add_routes(
        [
            web.get("/control/health", _health),
            web.get("/control/journal", _journal),
            web.get("/control/faults", _faults),
            web.post("/control/faults", _arm),
            web.delete("/control/faults", _clear),
            web.post("/control/expect", _expect),
            web.post("/control/reset", _reset),
        ]
    )
    return app


async def _health(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    heard = hub.recogniser.name if hub.recogniser else "script"
    return web.json_response({"voice": hub.voice.name, "recogniser": heard})


async def _journal(request: web.Request) -> web.Response:
    return web.json_response(request.app[HUB].journal)


async def _faults(request: web.Request) -> web.Response:
    board = request.app[HUB].faults
    return web.json_response({"armed": board.armed, "fired": board.fired})


async def _arm(request: web.Request) -> web.Response:
    wanted: dict[str, Any] = await request.json()
    try:
        request.app[HUB].arm(wanted["stage"], wanted["kind"])
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response({})


async def _clear(request: web.Request) -> web.Response:
    request.app[HUB].clear()
    return web.json_response({})


async def _expect(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    hub.expected.clear()
    hub.expected.append((await request.json())["text"])
    return web.json_response({})


async def _reset(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    hub.clear()
    hub.faults.fired.clear()
    hub.journal.clear()
    hub.expected.clear()
    return web.json_response({})
