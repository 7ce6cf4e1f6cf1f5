"""The emulators as one web application: the providers' own paths, and `/control` for whoever directs the call."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from aiohttp import web

from . import providers
from .hub import Hub

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)


def modules() -> Iterator[ModuleType]:
    """The protocols that this project's providers speak."""
    for found in pkgutil.iter_modules(providers.__path__):
        yield importlib.import_module(f"{providers.__name__}.{found.name}")


def create_app(hub: Hub) -> web.Application:
    """All providers that this project has, each below its own name: `/openai/v1/chat/completions`."""
    app = web.Application()
    app[HUB] = hub
    for module in modules():
        if hasattr(module, "routes"):
            for route in module.routes(hub):
                app.router.add_route(route.method, "/{vendor}" + route.path, route.handler)
    app.add_routes(
        [
            web.get("/control/health", _health),
            web.get("/control/environment", _environment),
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


async def _environment(request: web.Request) -> web.Response:
    return web.json_response(request.app[HUB].environment)


async def _journal(request: web.Request) -> web.Response:
    return web.json_response(request.app[HUB].journal)


async def _faults(request: web.Request) -> web.Response:
    board = request.app[HUB].faults
    return web.json_response({"armed": board.armed, "fired": board.fired})


async def _arm(request: web.Request) -> web.Response:
    wanted: dict[str, Any] = await request.json()
    try:
        request.app[HUB].arm(wanted["stage"], wanted["kind"], everyone=bool(wanted.get("everyone")))
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response({})


async def _clear(request: web.Request) -> web.Response:
    request.app[HUB].clear()
    return web.json_response({})


async def _expect(request: web.Request) -> web.Response:
    line: dict[str, Any] = await request.json()
    request.app[HUB].expected.put(line["text"], more=bool(line.get("more")), noise=bool(line.get("noise")))
    return web.json_response({})


async def _reset(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    hub.clear()
    hub.faults.fired.clear()
    hub.journal.clear()
    hub.expected.put("")
    return web.json_response({})
