"""Cartesia's voices: many utterances over one socket, each a context, and the HTTP request for one. Raw PCM only."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from ..hearing import word_times
from ..hub import CutOff, Hub, Idle, peer
from ..speaking import spoken

STAGE = "tts"
IDLE = Idle(300.0)


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def stream(request: web.Request) -> web.StreamResponse:
        return await hub.converse(request, STAGE, _key(request), lambda socket: _contexts(hub, request, socket), IDLE)

    async def whole(request: web.Request) -> web.StreamResponse:
        return await _whole(hub, request)

    return [web.get("/tts/websocket", stream), web.post("/tts/bytes", whole)]


def _key(request: web.Request) -> str:
    return request.headers.get("X-API-Key", "")


def _rate(order: dict[str, Any]) -> int:
    """Sample rate of the wanted output, in Hz.

    Raises:
        web.HTTPBadRequest: the format is not raw 16-bit PCM.
    """
    form = order["output_format"]
    if (form["container"], form["encoding"]) != ("raw", "pcm_s16le"):
        raise web.HTTPBadRequest(text=f"output_format {form} is not emulated: use raw pcm_s16le")
    return int(form["sample_rate"])


async def _contexts(hub: Hub, request: web.Request, socket: web.WebSocketResponse) -> None:
    contexts: dict[str, _Context] = {}
    try:
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                continue
            order = json.loads(message.data)
            name = order["context_id"]
            if name not in contexts:
                hub.sent(STAGE, peer(request), request.path, **request.query, **order)
                contexts[name] = _Context(hub, request, socket, name, _rate(order))
            contexts[name].push(order)
    finally:
        for context in contexts.values():
            context.task.cancel()


class _Context:
    """One utterance: sentences come in, sound and the times of its words go out."""

    def __init__(self, hub: Hub, request: web.Request, socket: web.WebSocketResponse, name: str, rate: int) -> None:
        self._hub, self._peer, self._socket, self._name, self._rate = hub, peer(request), socket, name, rate
        self._clock_s = 0.0
        self._sentences: asyncio.Queue[str | None] = asyncio.Queue()
        self.task = asyncio.create_task(self._run())

    def push(self, order: dict[str, Any]) -> None:
        """One more sentence; without `continue` it was the last."""
        if order["transcript"].strip():
            self._sentences.put_nowait(order["transcript"].strip())
        if not order.get("continue"):
            self._sentences.put_nowait(None)

    async def _run(self) -> None:
        with suppress(CutOff, ConnectionError):
            while (text := await self._sentences.get()) is not None:
                if self._hub.strikes(STAGE, self._peer, "garbage"):
                    await self._socket.send_str('{"type": "chunk", "data": ')
                    continue
                await self._speak(text)
            await self._send("done", done=True)

    async def _speak(self, text: str) -> None:
        start = self._clock_s
        async for piece in spoken(self._hub, self._peer, text, self._rate):
            self._clock_s += len(piece) / 2 / self._rate
            await self._send("chunk", data=base64.b64encode(piece).decode(), done=False)
        words = word_times(text, start, self._clock_s)
        times = {
            "words": [word["punctuated_word"] for word in words],
            "start": [word["start"] for word in words],
            "end": [word["end"] for word in words],
        }
        await self._send("timestamps", word_timestamps=times, done=False)

    async def _send(self, kind: str, **more: Any) -> None:
        await self._socket.send_json({"type": kind, "context_id": self._name, **more})


async def _whole(hub: Hub, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
    order = await request.json()
    hub.sent(STAGE, peer(request), request.path, **order)
    with suppress(CutOff, ConnectionError):
        if refused := await hub.at_the_door(request, STAGE, _key(request)):
            return refused
        await answer.prepare(request)
        async for piece in spoken(hub, peer(request), order["transcript"], _rate(order)):
            await answer.write(piece)
        await answer.write_eof()
    return answer
