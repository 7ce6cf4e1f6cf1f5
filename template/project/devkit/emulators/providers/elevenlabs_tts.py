"""ElevenLabs' voices: many sentences over one socket, and the HTTP stream. PCM only, as this project asks for."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from ..hub import CutOff, Hub, Idle, peer
from ..speaking import spoken

STAGE = "tts"
CONTEXTS_MAX = 5  # open at a time on one socket
TOO_MANY = (
    f"Maximum simultaneous contexts per WebSocket connection exceeded ({CONTEXTS_MAX}). "
    "Please close an existing context before opening a new one."
)
POLICY_VIOLATION = 1008


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def many(request: web.Request) -> web.StreamResponse:
        rate = _rate(request)
        key = request.headers.get("xi-api-key", "")
        patience_s = float(request.query.get("inactivity_timeout", 20))
        return await hub.converse(
            request, STAGE, key, lambda socket: _many(hub, request, socket, rate), _idle(patience_s)
        )

    async def whole(request: web.Request) -> web.StreamResponse:
        return await _whole(hub, request)

    async def voices(request: web.Request) -> web.StreamResponse:
        del request  # one voice, whoever asks
        return web.json_response({"voices": [{"voice_id": "emulated", "name": hub.voice.name, "category": "premade"}]})

    return [
        web.get("/v1/text-to-speech/{voice}/multi-stream-input", many),
        web.post("/v1/text-to-speech/{voice}/stream", whole),
        web.get("/v1/voices", voices),
    ]


def _rate(request: web.Request) -> int:
    """Sample rate of `output_format`, in Hz.

    Raises:
        web.HTTPBadRequest: the format is not PCM.
    """
    form = request.query.get("output_format", "pcm_24000")
    if not form.startswith("pcm_"):
        raise web.HTTPBadRequest(text=f"output_format {form} is not emulated: use pcm_24000")
    return int(form.removeprefix("pcm_"))


def _idle(patience_s: float) -> Idle:
    told = f"Have not received a new text input within the timeout of {patience_s} seconds. Streaming input terminated."
    error = {"message": told, "error": "input_timeout_exceeded", "code": POLICY_VIOLATION}
    return Idle(patience_s, POLICY_VIOLATION, told, error)


async def _many(hub: Hub, request: web.Request, socket: web.WebSocketResponse, rate: int) -> None:
    contexts: dict[str, _Context] = {}
    try:
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                continue
            order = json.loads(message.data)
            used = sum(not context.task.done() for context in contexts.values())
            if used >= CONTEXTS_MAX and order.get("context_id", "") not in contexts:
                kind = "max_active_conversations"
                await socket.send_json({"message": TOO_MANY, "error": kind, "code": POLICY_VIOLATION})
                await socket.close(code=POLICY_VIOLATION, message=kind.encode())
                return
            _order(order, contexts, hub, request, socket, rate)
    finally:
        for context in contexts.values():
            context.task.cancel()


def _order(
    order: dict[str, Any],
    contexts: dict[str, _Context],
    hub: Hub,
    request: web.Request,
    socket: web.WebSocketResponse,
    rate: int,
) -> None:
    name = order.get("context_id", "")
    if name not in contexts:
        hub.sent(STAGE, peer(request), request.path, **request.query, **order)
        contexts[name] = _Context(hub, request, socket, name, rate)
    contexts[name].push(order.get("text", ""), flush=bool(order.get("flush")), last=bool(order.get("close_context")))


class _Context:
    """One utterance: text comes in pieces, sound goes out in pieces."""

    def __init__(self, hub: Hub, request: web.Request, socket: web.WebSocketResponse, name: str, rate: int) -> None:
        self._hub, self._peer, self._socket, self._name, self._rate = hub, peer(request), socket, name, rate
        self._pending = ""
        self._clock_ms = 0.0
        self._sentences: asyncio.Queue[str | None] = asyncio.Queue()
        self.task = asyncio.create_task(self._run())

    def push(self, text: str, *, flush: bool, last: bool) -> None:
        """More text; `flush` speaks what there is, `last` ends the utterance."""
        self._pending += text
        if (flush or last) and self._pending.strip():
            self._sentences.put_nowait(self._pending.strip())
            self._pending = ""
        if last:
            self._sentences.put_nowait(None)

    async def _run(self) -> None:
        with suppress(CutOff, ConnectionError):
            while (text := await self._sentences.get()) is not None:
                if self._hub.strikes(STAGE, self._peer, "garbage"):
                    await self._socket.send_str('{"audio": ')
                    continue
                await self._speak(text)
            await self._send({"isFinal": True})

    async def _speak(self, text: str) -> None:
        aligned: dict[str, Any] | None = None
        async for piece in spoken(self._hub, self._peer, text, self._rate):
            length_ms = len(piece) / 2 / self._rate * 1000
            message: dict[str, Any] = {"audio": base64.b64encode(piece).decode()}
            if aligned is None:
                aligned = _alignment(text + " ", self._clock_ms)
                message |= {"alignment": aligned, "normalizedAlignment": aligned}
            self._clock_ms += length_ms
            await self._send(message)

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_json({**message, "contextId": self._name})


def _alignment(text: str, start_ms: float, letter_ms: float = 62.0) -> dict[str, Any]:
    """When each letter is spoken, in ms; evenly spread, the real service measures."""
    return {
        "chars": list(text),
        "charStartTimesMs": [int(start_ms + number * letter_ms) for number in range(len(text))],
        "charDurationsMs": [int(letter_ms)] * len(text),
    }


async def _whole(hub: Hub, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
    with suppress(CutOff, ConnectionError):
        if refusal := await hub.at_the_door(request, STAGE, request.headers.get("xi-api-key", "")):
            return refusal
        rate = _rate(request)
        text = (await request.json())["text"]
        await answer.prepare(request)
        async for piece in spoken(hub, peer(request), text, rate):
            await answer.write(piece)
        await answer.write_eof()
    return answer
