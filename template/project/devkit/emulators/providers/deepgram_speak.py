"""Deepgram's voices, `/v1/speak` (Aura)."""

from __future__ import annotations

import json
from contextlib import suppress

from aiohttp import WSMsgType, web

from ..hub import CutOff, Hub, peer
from ..speaking import spoken

STAGE = "tts"


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def stream(request: web.Request) -> web.StreamResponse:
        hub.sent(STAGE, peer(request), request.path, **request.query)
        return await hub.converse(request, STAGE, _key(request), lambda socket: _speak(hub, request, socket))

    async def whole(request: web.Request) -> web.StreamResponse:
        return await _whole(hub, request)

    return [web.get("/v1/speak", stream), web.post("/v1/speak", whole)]


def _key(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Token ")


def _rate(request: web.Request) -> int:
    return int(request.query.get("sample_rate", 24_000))


async def _speak(hub: Hub, request: web.Request, socket: web.WebSocketResponse) -> None:
    pending = ""
    async for message in socket:
        if message.type != WSMsgType.TEXT:
            continue
        order = json.loads(message.data)
        if order["type"] == "Speak":
            pending += order["text"]
        elif order["type"] == "Flush":
            if hub.strikes(STAGE, peer(request), "garbage"):
                await socket.send_json({"type": "Error", "description": "emulated garbage"})
            elif pending.strip():
                async for piece in spoken(hub, peer(request), pending.strip(), _rate(request)):
                    await socket.send_bytes(piece)
            pending = ""
            await socket.send_json({"type": "Flushed", "sequence_id": 0})
        elif order["type"] == "Close":
            return


async def _whole(hub: Hub, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
    with suppress(CutOff, ConnectionError):
        if refusal := await hub.at_the_door(request, STAGE, _key(request)):
            return refusal
        await answer.prepare(request)
        async for piece in spoken(hub, peer(request), (await request.json())["text"], _rate(request)):
            await answer.write(piece)
        await answer.write_eof()
    return answer
