"""OpenAI's transcription of sound as it comes, over the websocket `/v1/realtime?intent=transcription`."""

from __future__ import annotations

import base64
import json
import re
import uuid
from contextlib import suppress
from typing import Any, Final

from aiohttp import WSMsgType, web

from ..faults import REFUSALS
from ..hearing import Listener
from ..hub import CutOff, Hub, finished, peer

STAGE = "stt"
RATE: Final = 24_000  # Hz, the only one that the service takes
SILENCE_S: Final = 0.5  # that ends an utterance, unless the client asks for another
BUFFER: Final = "input_audio_buffer"
TRANSCRIPTION: Final = "conversation.item.input_audio_transcription"
# What the service refuses on the open socket, not at the door: the number that closes it, and the name of the error.
REFUSED_INSIDE: Final = {401: (3000, "invalid_api_key"), 404: (4000, "invalid_model")}


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def transcribe(request: web.Request) -> web.StreamResponse:
        return await _transcribe(hub, request)

    return [web.get("/v1/realtime", transcribe)]


async def _transcribe(hub: Hub, request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with suppress(CutOff, ConnectionError):
        status = await hub.refusal(peer(request), STAGE, key)
        if status is not None and status not in REFUSED_INSIDE:
            return web.json_response({"error": {"message": REFUSALS[status]}}, status=status)
        await socket.prepare(request)
        if status is not None:
            await _turn_away(socket, status)
            return socket
        with hub.open(STAGE, peer(request)):
            await _Session(hub, request, socket).run()
        await socket.close()
    return finished(request, socket)


async def _turn_away(socket: web.WebSocketResponse, status: int) -> None:
    number, code = REFUSED_INSIDE[status]
    error = {"type": "invalid_request_error", "code": code, "message": REFUSALS[status]}
    await socket.send_json({"type": "error", "event_id": _name("event"), "error": error})
    await socket.close(code=number, message=f"invalid_request_error.{code}".encode())


class _Session:
    def __init__(self, hub: Hub, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._hub, self._peer, self._request, self._socket = hub, peer(request), request, socket
        self._listener = self._listen(SILENCE_S)
        self._item = ""
        self._start_ms = 0

    def _listen(self, silence_s: float) -> Listener:
        return Listener(self._hub, self._peer, RATE, self._tell, silence_s)

    async def run(self) -> None:
        """Hear until the client closes the socket."""
        await self._send("session.created", session={"type": "transcription", "id": _name("sess")})
        async for message in self._socket:
            if message.type != WSMsgType.TEXT:
                continue
            order = json.loads(message.data)
            if order["type"] == "session.update":
                await self._update(order["session"])
            elif order["type"] == f"{BUFFER}.append":
                await self._listener.push(base64.b64decode(order["audio"]))

    async def _update(self, session: dict[str, Any]) -> None:
        self._hub.sent(STAGE, self._peer, self._request.path, **self._request.query, session=session)
        self._listener = self._listen(session["audio"]["input"]["turn_detection"]["silence_duration_ms"] / 1000)
        await self._send("session.updated", session=session)

    async def _tell(self, what: str, text: str) -> bool:
        if self._hub.muted(self._peer, "anything"):
            return False
        if self._hub.strikes(STAGE, self._peer, "garbage"):
            await self._socket.send_str(f'{{"type": "{BUFFER}.')
            return False
        if what == "started":
            self._item, self._start_ms = _name("item"), round(self._listener.started_s * 1000)
            await self._send(f"{BUFFER}.speech_started", item_id=self._item, audio_start_ms=self._start_ms)
        return await self._write(text) if what == "final" else True

    async def _write(self, text: str) -> bool:
        """The words, none before the speaker has stopped; whether the client was told what was said."""
        end_ms = round(self._listener.heard_s * 1000)
        if not self._hub.strikes(STAGE, self._peer, "no-end"):
            await self._send(f"{BUFFER}.speech_stopped", item_id=self._item, audio_end_ms=end_ms)
        await self._send(f"{BUFFER}.committed", item_id=self._item, previous_item_id=None)
        for word in re.findall(r"\s*\S+", self._hub.written(self._peer, "deltas", text)):
            await self._send(f"{TRANSCRIPTION}.delta", item_id=self._item, content_index=0, delta=word)
        if self._hub.muted(self._peer, "final"):
            return False
        written = self._hub.written(self._peer, "final", text)
        usage = _usage(end_ms - self._start_ms, written)
        done = {"item_id": self._item, "content_index": 0, "transcript": written, "usage": usage}
        await self._send(f"{TRANSCRIPTION}.completed", **done)
        return written == text

    async def _send(self, kind: str, **fields: Any) -> None:
        await self._socket.send_json({"type": kind, "event_id": _name("event"), **fields})


def _usage(length_ms: int, text: str) -> dict[str, Any]:
    """Tokens, roughly: ten for a second of sound, one for four letters."""
    sound, words = length_ms // 100, len(text) // 4 + 1
    return {"type": "tokens", "input_tokens": sound, "output_tokens": words, "total_tokens": sound + words}


def _name(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:20]}"
