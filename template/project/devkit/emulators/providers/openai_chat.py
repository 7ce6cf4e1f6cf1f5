"""OpenAI's chat completions, as OpenAI, Groq, vLLM and others serve them."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import suppress
from typing import Any

from aiohttp import web

from ..answers import Answer, completion
from ..hub import CutOff, Hub, Peer, peer

STAGE = "llm"
DRIP_S = 3.0
CUTS = {"cut-length": "length", "cut-filter": "content_filter"}


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def chat(request: web.Request) -> web.StreamResponse:
        return await _chat(hub, request)

    async def models(request: web.Request) -> web.StreamResponse:
        del request  # the same for everybody
        return web.json_response(
            {"object": "list", "data": [{"id": "emulated", "object": "model", "owned_by": "devkit"}]}
        )

    return [web.post("/v1/chat/completions", chat), web.get("/v1/models", models)]


async def _chat(hub: Hub, request: web.Request) -> web.StreamResponse:
    body: dict[str, Any] = await request.json()
    tools = [tool["function"]["name"] for tool in body.get("tools") or []]
    hub.note(STAGE, "request", peer(request).vendor, messages=body.get("messages"), tools=tools)
    hub.sent(STAGE, peer(request), request.path, **body)
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    with suppress(CutOff, ConnectionError):
        if refusal := await hub.at_the_door(
            request, STAGE, request.headers.get("Authorization", "").removeprefix("Bearer ")
        ):
            return refusal
        await asyncio.sleep(hub.first_token_s)
        await answer.prepare(request)
        await _stream(hub, peer(request), answer, body)
        await answer.write_eof()
    return answer


async def _stream(hub: Hub, one: Peer, answer: web.StreamResponse, body: dict[str, Any]) -> None:
    made = hub.brain.answer(body)
    deltas, finish = completion(made), "tool_calls" if made.calls else "stop"
    if cut := next((kind for kind in CUTS if hub.strikes(STAGE, one, kind)), ""):
        deltas, finish, made = _cut_short(deltas), CUTS[cut], Answer(text=deltas[0].get("content", ""))
    elif hub.strikes(STAGE, one, "empty"):
        deltas, finish, made = [], "stop", Answer()
    for record in made.records():
        hub.note(STAGE, "answer", one.vendor, **record)
    chunks = _Chunks(body.get("model", "emulated"))
    await answer.write(chunks.event({"role": "assistant", "content": ""}))
    for number, delta in enumerate(deltas):
        if number == 0:
            hub.note(STAGE, "first_token", one.vendor)
        if await _fails(hub, one, answer, number):
            return
        await answer.write(chunks.event(delta))
        await asyncio.sleep(hub.token_s)
    await answer.write(chunks.event({}, finish=finish))
    await answer.write(chunks.usage(len(json.dumps(body)) // 4, len(made.text) // 4 + 1))
    await answer.write(b"data: [DONE]\n\n")


def _cut_short(deltas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first word, or half of a tool's arguments."""
    first = deltas[0]
    for call in first.get("tool_calls", []):
        arguments = call["function"]["arguments"]
        call["function"]["arguments"] = arguments[: len(arguments) // 2]
    return [first]


async def _fails(hub: Hub, one: Peer, answer: web.StreamResponse, number: int) -> bool:
    """Whether the answer ends here; a drip only waits."""
    if hub.strikes(STAGE, one, "garbage"):
        await answer.write(b'data: {"choices": [{"delta": \n\n')
        return True
    if hub.strikes(STAGE, one, "drip"):
        await asyncio.sleep(DRIP_S)
    if number == 0:
        return False
    if hub.strikes(STAGE, one, "disconnect"):
        one.cut()
        raise CutOff
    if hub.strikes(STAGE, one, "stall"):
        await hub.stand_still(STAGE)
    return hub.strikes(STAGE, one, "early-end")


class _Chunks:
    """Server-sent events of one completion."""

    def __init__(self, model: str) -> None:
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }

    def event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        return self._line({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def usage(self, prompt: int, completion_tokens: int) -> bytes:
        counts = {
            "prompt_tokens": prompt,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt + completion_tokens,
        }
        return self._line({"choices": [], "usage": counts})

    def _line(self, body: dict[str, Any]) -> bytes:
        return b"data: " + json.dumps({**self._head, **body}).encode() + b"\n\n"
