"""Deepgram's live recognition, `/v1/listen` (Nova)."""

from __future__ import annotations

import json
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from ..hearing import Listener, word_times
from ..hub import Hub, Idle, peer

STAGE = "stt"
NET_0001 = Idle(10.0, 1011, "NET-0001: no audio data or text message was received within the timeout window")


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def listen(request: web.Request) -> web.StreamResponse:
        hub.sent(STAGE, peer(request), request.path, **request.query)
        key = request.headers.get("Authorization", "").removeprefix("Token ")
        return await hub.converse(request, STAGE, key, lambda socket: _Session(hub, request, socket).run(), NET_0001)

    return [web.get("/v1/listen", listen)]


class _Session:
    def __init__(self, hub: Hub, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._hub, self._peer, self._socket = hub, peer(request), socket
        self._id = str(uuid.uuid4())
        self._listener = Listener(hub, self._peer, int(request.query.get("sample_rate", 16_000)), self._tell)
        self._interim = request.query.get("interim_results") == "true"

    async def run(self) -> None:
        """Hear until the client closes the stream."""
        async for message in self._socket:
            if message.type == WSMsgType.BINARY:
                await self._listener.push(message.data)
            elif message.type == WSMsgType.TEXT and not await self._control(json.loads(message.data)):
                return

    async def _control(self, message: dict[str, Any]) -> bool:
        if message["type"] in ("Finalize", "CloseStream"):
            await self._listener.finish()
        if message["type"] != "CloseStream":
            return True
        await self._socket.send_json({"type": "Metadata", "request_id": self._id, "duration": self._listener.heard_s})
        return False

    async def _tell(self, what: str, text: str) -> bool:
        if self._hub.muted(self._peer, what):
            return False
        if self._hub.strikes(STAGE, self._peer, "garbage"):
            await self._socket.send_str('{"type": "Results", "channel": ')
            return False
        written = self._hub.written(self._peer, what, text)
        if what == "started":
            await self._socket.send_json(
                {"type": "SpeechStarted", "channel": [0], "timestamp": self._listener.started_s}
            )
        elif what == "final" or (self._interim and text):
            await self._socket.send_json(self._results(written, final=what == "final"))
        return written == text

    def _results(self, text: str, *, final: bool) -> dict[str, Any]:
        start, end = self._listener.started_s, self._listener.heard_s
        alternative = {"transcript": text, "confidence": 0.98 if text else 0.0, "words": word_times(text, start, end)}
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "start": start,
            "duration": end - start,
            "is_final": final,
            "speech_final": final and not self._hub.strikes(STAGE, self._peer, "no-end"),
            "channel": {"alternatives": [alternative]},
            "metadata": {"request_id": self._id, "model_info": {"name": "emulated"}},
        }
