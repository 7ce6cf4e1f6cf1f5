"""Deepgram's recognition that decides itself when a turn ends, `/v2/listen` (Flux)."""

from __future__ import annotations

import json
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from ..hearing import Listener, word_times
from ..hub import Hub, peer

STAGE = "stt"
TURN_ENDS_AFTER_S = 0.5
EVENTS = {"started": "StartOfTurn", "interim": "Update", "final": "EndOfTurn"}


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def listen(request: web.Request) -> web.StreamResponse:
        hub.sent(STAGE, peer(request), request.path, **request.query)
        key = request.headers.get("Authorization", "").removeprefix("Token ")
        return await hub.converse(request, STAGE, key, lambda socket: _Turns(hub, request, socket).run())

    return [web.get("/v2/listen", listen)]


class _Turns:
    def __init__(self, hub: Hub, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._hub, self._peer, self._socket = hub, peer(request), socket
        self._id = str(uuid.uuid4())
        self._turn = self._sequence = 0
        rate = int(request.query.get("sample_rate", 16_000))
        self._listener = Listener(hub, self._peer, rate, self._tell, TURN_ENDS_AFTER_S)

    async def run(self) -> None:
        """Hear until the client closes the stream."""
        await self._socket.send_json({"type": "Connected", "request_id": self._id, "sequence_id": 0})
        async for message in self._socket:
            if message.type == WSMsgType.BINARY:
                await self._listener.push(message.data)
            elif message.type == WSMsgType.TEXT and json.loads(message.data)["type"] == "CloseStream":
                await self._listener.finish()
                return

    async def _tell(self, what: str, text: str) -> bool:
        if self._hub.muted(self._peer, what):
            return False
        if self._hub.strikes(STAGE, self._peer, "garbage"):
            await self._socket.send_str('{"type": "TurnInfo", "event": ')
            return False
        written = self._hub.written(self._peer, what, text)
        if what != "started" and self._hub.wordless(self._peer, text):
            return False
        ended = what == "final" and not self._hub.strikes(STAGE, self._peer, "no-end")
        event = "Update" if what == "final" and not ended else EVENTS[what]
        await self._socket.send_json(self._turn_info(event, written))
        self._turn += ended
        return written == text

    def _turn_info(self, event: str, text: str) -> dict[str, Any]:
        self._sequence += 1
        start, end = self._listener.started_s, self._listener.heard_s
        return {
            "type": "TurnInfo",
            "event": event,
            "request_id": self._id,
            "sequence_id": self._sequence,
            "turn_index": self._turn,
            "audio_window_start": start,
            "audio_window_end": end,
            "transcript": text,
            "words": [{"word": word["punctuated_word"], "confidence": 0.98} for word in word_times(text, start, end)],
            "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
        }
