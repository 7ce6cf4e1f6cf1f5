"""Gemini's `streamGenerateContent`, as the Gemini API and Vertex AI serve it: one protocol, two paths and two keys."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import uuid
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from ..answers import Answer, completion
from ..faults import REFUSALS
from ..hub import CutOff, Hub, Peer, peer

STAGE = "llm"
DRIP_S = 3.0
CUTS: Final = {"cut-length": "MAX_TOKENS", "cut-filter": "SAFETY"}
GEMINI: Final = "/{version:v1|v1beta}"  # v1, unless GOOGLE_GENAI_API_VERSION says otherwise
VERTEX: Final = "/v1beta1/projects/{project}/locations/{location}/publishers/google"
# Each client reads its own part: OpenAI's list has the same path as that of the Gemini API.
MODELS: Final = {
    "models": [{"name": "models/emulated"}],
    "publisherModels": [{"name": "publishers/google/models/emulated"}],
    "data": [{"id": "emulated", "object": "model"}],
}
# What Google calls a status.
CALLED: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}
# How the plugin sends what the agent is told in the middle of a conversation, and what it sends when nobody spoke last.
TOLD: Final = re.compile(r"<instructions>\n(.*)\n</instructions>", re.DOTALL)
NOTHING_SAID: Final = {"role": "user", "content": "."}


def routes(hub: Hub) -> list[web.RouteDef]:
    """The paths of this protocol."""

    async def generate(request: web.Request) -> web.StreamResponse:
        return await _generate(hub, request)

    async def models(request: web.Request) -> web.StreamResponse:
        del request  # the same for everybody
        return web.json_response(MODELS)

    return [
        web.post(f"{GEMINI}/models/{{model}}:streamGenerateContent", generate),
        web.get(f"{GEMINI}/models", models),
        web.post(f"{VERTEX}/models/{{model}}:streamGenerateContent", generate),
        web.get("/v1beta1/publishers/google/models", models),
    ]


async def _generate(hub: Hub, request: web.Request) -> web.StreamResponse:
    body: dict[str, Any] = await request.json()
    asked = _chat_request(body)
    tools = [tool["function"]["name"] for tool in asked["tools"]]
    hub.note(STAGE, "request", peer(request).vendor, messages=asked["messages"], tools=tools)
    hub.sent(STAGE, peer(request), request.path, **body)
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    with suppress(CutOff, ConnectionError):
        if refused := await _refused(hub, request) or _unsigned(body["contents"]):
            return refused
        await asyncio.sleep(hub.first_token_s)
        await answer.prepare(request)
        await _stream(hub, peer(request), answer, asked, _Chunks(request.match_info["model"], len(json.dumps(body))))
        await answer.write_eof()
    return answer


async def _refused(hub: Hub, request: web.Request) -> web.Response | None:
    """The response at the door. The Gemini API has no 401: a wrong key is an invalid argument to it."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    status = await hub.refusal(peer(request), STAGE, request.headers.get("x-goog-api-key", bearer))
    if status is None:
        return None
    if status == 429:
        wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{hub.retry_after_s}s"}
        return _error(429, REFUSALS[429], wait)
    if status != 401:
        return _error(status, REFUSALS[status])
    if "project" in request.match_info:
        return _error(401, "Request had invalid authentication credentials.", _reason("ACCESS_TOKEN_TYPE_UNSUPPORTED"))
    return _error(400, "API key not valid. Please pass a valid API key.", _reason("API_KEY_INVALID"))


def _unsigned(contents: list[dict[str, Any]]) -> web.Response | None:
    """The refusal of a tool call of this turn that comes back without the signature it was sent with."""
    for content in reversed(contents):
        if content["role"] == "user" and any("text" in part for part in content["parts"]):
            return None
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and "thoughtSignature" not in calls[0]:
            name = calls[0]["functionCall"]["name"]
            return _error(400, f"Function call is missing a thought_signature in functionCall parts: `{name}`.")
    return None


def _error(status: int, message: str, *details: dict[str, str]) -> web.Response:
    error: dict[str, Any] = {"code": status, "message": message, "status": CALLED[status]}
    if details:
        error["details"] = details
    return web.json_response({"error": error}, status=status)


def _reason(word: str) -> dict[str, str]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": word, "domain": "googleapis.com"}


def _chat_request(body: dict[str, Any]) -> dict[str, Any]:
    """The request as one for chat completions, which is what the brain reads."""
    told = [{"role": "system", "content": part["text"]} for part in body.get("systemInstruction", {}).get("parts", [])]
    said = [_message(content["role"], part) for content in body["contents"] for part in content["parts"]]
    declared = [one for tool in body.get("tools", []) for one in tool.get("functionDeclarations", [])]
    mode = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode", "AUTO")
    return {
        "messages": told + [message for message in said if message != NOTHING_SAID],
        "tools": [{"type": "function", "function": _function(one)} for one in declared],
        "tool_choice": mode.lower(),
    }


def _function(declared: dict[str, Any]) -> dict[str, Any]:
    # Google takes both spellings of a field, and its client uses both.
    parameters = declared.get("parametersJsonSchema") or declared.get("parameters_json_schema") or {}
    return {"name": declared["name"], "description": declared.get("description", ""), "parameters": parameters}


def _message(role: str, part: dict[str, Any]) -> dict[str, Any]:
    if call := part.get("functionCall"):
        function = {"name": call["name"], "arguments": json.dumps(call.get("args", {}), ensure_ascii=False)}
        return {"role": "assistant", "tool_calls": [{"id": call["id"], "type": "function", "function": function}]}
    if result := part.get("functionResponse"):
        came = result["response"]
        return {"role": "tool", "tool_call_id": result["id"], "content": came.get("output", came.get("error", ""))}
    text = part.get("text", "")
    if instructions := TOLD.fullmatch(text):
        return {"role": "system", "content": instructions[1]}
    return {"role": "assistant" if role == "model" else "user", "content": text}


async def _stream(hub: Hub, one: Peer, answer: web.StreamResponse, asked: dict[str, Any], chunks: _Chunks) -> None:
    made, finish = hub.brain.answer(asked), "STOP"
    if cut := next((kind for kind in CUTS if hub.strikes(STAGE, one, kind)), ""):
        made, finish = Answer(text=" ".join(made.text.split()[:1])), CUTS[cut]  # half a tool call is not sent
    elif hub.strikes(STAGE, one, "empty"):
        made = Answer()
    for record in made.records():
        hub.note(STAGE, "answer", one.vendor, **record)
    for number, part in enumerate(_parts(made)):
        if number == 0:
            hub.note(STAGE, "first_token", one.vendor)
        if await _fails(hub, one, answer, number):
            return
        await answer.write(chunks.event(part))
        await asyncio.sleep(hub.token_s)
    await answer.write(chunks.event({"text": ""}, finish=finish))


async def _fails(hub: Hub, one: Peer, answer: web.StreamResponse, number: int) -> bool:
    """Whether the answer ends here; a drip only waits."""
    if hub.strikes(STAGE, one, "garbage"):
        await answer.write(b'data: {"candidates": [{"content": \r\n\r\n')
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


def _parts(made: Answer) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = [
        {"functionCall": {"name": call.tool, "args": call.arguments, "id": call.call_id}} for call in made.calls
    ]
    if calls:  # of calls at once the first carries the signature of all
        calls[0]["thoughtSignature"] = signature(made.calls[0].call_id)
        return calls
    return [{"text": delta["content"]} for delta in completion(made)]


def signature(call_id: str) -> str:
    """What a tool call carries and must bring back: to the real model its train of thought, sealed."""
    return base64.b64encode(f"thought of {call_id}".encode()).decode()


class _Chunks:
    """Server-sent events of one answer; each repeats the usage until then."""

    def __init__(self, model: str, letters: int) -> None:
        self._tail = {"modelVersion": model, "responseId": uuid.uuid4().hex}
        self._prompt, self._written = letters // 4, 0

    def event(self, part: dict[str, Any], finish: str = "") -> bytes:
        self._written += 1
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": [part]}, "index": 0}
        usage = {
            "promptTokenCount": self._prompt,
            "candidatesTokenCount": self._written,
            "totalTokenCount": self._prompt + self._written,
        }
        body = {
            "candidates": [candidate | {"finishReason": finish} if finish else candidate],
            "usageMetadata": usage,
            **self._tail,
        }
        return b"data: " + json.dumps(body).encode() + b"\r\n\r\n"
