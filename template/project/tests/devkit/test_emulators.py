"""The emulators answer as providers do, and fail as providers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from livekit.agents import function_tool, llm
from livekit.plugins import openai

from devkit.emulators.app import create_app
from devkit.emulators.brain import Brain
from devkit.emulators.faults import KINDS, MEANING, FaultBoard
from devkit.emulators.hub import Hub
from devkit.emulators.rehearsal import Rehearsal
from devkit.speech.tone import ToneVoice

Client = TestClient[Any, Any]
RULES: list[dict[str, Any]] = [
    {"when": "open on (?P<day>\\w+)", "tool": {"name": "opening_hours", "arguments": {"day": "{day}"}}},
    {"when_tool": "opening_hours", "say": "I looked: {result}"},
    {
        "when": "weekend",
        "tools": [{"name": "opening_hours", "arguments": {"day": day}} for day in ("Saturday", "Sunday")],
    },
    {"when": "good day", "say": "Good day to you, here we are."},
]
TOOL = {"type": "function", "function": {"name": "opening_hours", "description": "", "parameters": {}}}
BEGUN: list[dict[str, Any]] = [
    {"role": "user", "content": "Are you open on Monday?"},
    {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "opening_hours", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "1", "content": "nine to six"},
]
AUTHORISED = {"Authorization": "Bearer devkit"}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    hub = Hub(ToneVoice(), None, Brain(RULES), first_token_s=0.0, token_s=0.0)
    async with TestClient(TestServer(create_app(hub))) as started:
        yield started


async def ask(client: Client, *messages: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """Status and the events of a streamed completion."""
    body = {"model": "m", "stream": True, "messages": list(messages), "tools": [TOOL]}
    async with client.post("/openai/v1/chat/completions", json=body, headers=AUTHORISED) as answer:
        lines = (await answer.text()).splitlines()
    events = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    return answer.status, [json.loads(event) for event in events if event.endswith("}")]


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event.get("choices", []))


async def test_the_model_calls_the_tool_and_says_its_result(client: Client) -> None:
    _, events = await ask(client, {"role": "user", "content": "Are you open on Monday?"})
    calls = [call for event in events for one in event["choices"] for call in one["delta"].get("tool_calls", [])]
    assert json.loads(calls[0]["function"]["arguments"]) == {"day": "Monday"}
    called = {"role": "assistant", "tool_calls": [calls[0]]}
    result = {"role": "tool", "tool_call_id": calls[0]["id"], "content": "nine to six"}
    _, events = await ask(client, {"role": "user", "content": "Are you open on Monday?"}, called, result)
    assert text_of(events) == "I looked: nine to six"


async def test_who_goes_on_after_a_pause_is_told_what_the_tool_had_found(client: Client) -> None:
    _, events = await ask(client, *BEGUN, {"role": "user", "content": "I would come at noon."})
    assert text_of(events) == "I looked: nine to six"


@pytest.mark.parametrize("spoken", [[], [{"role": "assistant", "content": "I looked: nine to six"}]])
async def test_who_asks_again_has_it_looked_up_again(client: Client, spoken: list[dict[str, Any]]) -> None:
    again = {"role": "user", "content": "Are you open on Friday?"}
    _, events = await ask(client, *BEGUN, *spoken, again)
    assert "Friday" in json.dumps(events)


async def test_a_wrong_key_is_refused(client: Client) -> None:
    headers = {"Authorization": "Bearer invalid-key"}
    async with client.post("/openai/v1/chat/completions", json={"messages": []}, headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("kind", ["http-429", "http-500"])
async def test_a_status_is_answered_until_the_fault_is_cleared(client: Client, kind: str) -> None:
    await client.post("/control/faults", json={"stage": "llm", "kind": kind})
    assert (await ask(client, {"role": "user", "content": "hi"}))[0] == int(kind.removeprefix("http-"))
    await client.delete("/control/faults")
    assert (await ask(client, {"role": "user", "content": "hi"}))[0] == 200
    async with client.get("/control/faults") as answer:
        assert [one["kind"] for one in (await answer.json())["fired"]] == [kind]


@pytest.mark.parametrize("kind", ["refuse", "disconnect"])
async def test_a_cut_connection_is_cut(client: Client, kind: str) -> None:
    await client.post("/control/faults", json={"stage": "llm", "kind": kind})
    with pytest.raises(aiohttp.ClientError):
        await ask(client, {"role": "user", "content": "hi"})


async def test_a_websocket_that_never_opened_ends_without_an_error(caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub(ToneVoice(), None, Brain(RULES))
    hub.arm("stt", "hang")

    async def talk(socket: web.WebSocketResponse) -> None:
        del socket
        raise AssertionError("it hung until it was of no use")

    async def listen(request: web.Request) -> web.StreamResponse:
        asyncio.get_running_loop().call_later(0.05, hub.clear)
        return await hub.converse(request, "stt", "key", talk)

    app = web.Application()
    app.router.add_get("/{vendor}", listen)
    async with TestClient(TestServer(app)) as client:
        with pytest.raises(aiohttp.ClientError):
            await client.ws_connect("/anybody")
    assert not caplog.records


async def test_an_early_end_loses_words(client: Client) -> None:
    whole = text_of((await ask(client, {"role": "user", "content": "hi"}))[1])
    await client.post("/control/faults", json={"stage": "llm", "kind": "early-end"})
    assert text_of((await ask(client, {"role": "user", "content": "hi"}))[1]) != whole


@function_tool
async def opening_hours(day: str) -> str:
    """Tell when we are open on a day."""
    return f"nine to six on {day}"


async def thought(client: Client, context: llm.ChatContext) -> tuple[str, list[llm.FunctionCall]]:
    """What the production plugin was told: words and calls."""
    text, calls = "", []
    model = openai.LLM(model="m", api_key="devkit", base_url=str(client.make_url("/openai/v1")))
    async with model.chat(chat_ctx=context, tools=[opening_hours]) as stream:
        async for chunk in stream:
            text += (chunk.delta and chunk.delta.content) or ""
            calls += chunk.delta.tool_calls if chunk.delta else []
    await model.aclose()
    return text, [llm.FunctionCall(call_id=one.call_id, name=one.name, arguments=one.arguments) for one in calls]


def asked(text: str) -> llm.ChatContext:
    context = llm.ChatContext.empty()
    context.add_message(role="user", content=text)
    return context


async def test_two_tools_are_called_at_once_and_both_results_are_told(client: Client) -> None:
    context = asked("Are you open at the weekend?")
    _, calls = await thought(client, context)
    assert [json.loads(call.arguments)["day"] for call in calls] == ["Saturday", "Sunday"]
    outputs = [
        llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output=output, is_error=False)
        for call, output in zip(calls, ("ten to two", "closed"), strict=True)
    ]
    text, _ = await thought(client, llm.ChatContext([*context.items, *calls, *outputs]))
    assert text == "I looked: ten to two I looked: closed"
    async with client.get("/control/journal") as answer:
        noted = [line["arguments"] for line in await answer.json() if line["event"] == "answer" and "tool" in line]
    assert noted == [{"day": "Saturday"}, {"day": "Sunday"}]


@pytest.mark.parametrize(("kind", "reason"), [("cut-length", "length"), ("cut-filter", "content_filter")])
async def test_a_cut_answer_says_what_cut_it(client: Client, kind: str, reason: str) -> None:
    await client.post("/control/faults", json={"stage": "llm", "kind": kind})
    _, events = await ask(client, {"role": "user", "content": "good day"})
    assert text_of(events) == "Good"
    assert [one["finish_reason"] for event in events for one in event["choices"] if one["finish_reason"]] == [reason]
    assert (await thought(client, asked("good day")))[0] == "Good"


@pytest.mark.parametrize("kind", ["cut-length", "cut-filter"])
async def test_a_cut_tool_call_is_half_a_call(client: Client, kind: str) -> None:
    await client.post("/control/faults", json={"stage": "llm", "kind": kind})
    _, events = await ask(client, {"role": "user", "content": "Are you open on Monday?"})
    (call,) = [call for event in events for one in event["choices"] for call in one["delta"].get("tool_calls", [])]
    with pytest.raises(json.JSONDecodeError):
        json.loads(call["function"]["arguments"])
    assert await thought(client, asked("Are you open on Monday?")) == ("", []), "the plugin keeps no half call"


async def test_without_a_rule_it_is_a_rehearsal(client: Client) -> None:
    _, events = await ask(client, {"role": "user", "content": "What is the meaning of life?"})
    assert text_of(events) == Rehearsal().words["known"].format(tools="opening_hours")


async def test_an_unknown_fault_is_refused_with_those_that_exist(client: Client) -> None:
    async with client.post("/control/faults", json={"stage": "llm", "kind": "tired"}) as answer:
        assert answer.status == 400
        assert "hang" in (await answer.json())["error"]


async def test_the_journal_tells_what_was_asked(client: Client) -> None:
    await ask(client, {"role": "user", "content": "hi"})
    async with client.get("/control/journal") as answer:
        events = [(line["stage"], line["event"]) for line in await answer.json()]
    assert events[:3] == [("llm", "request"), ("llm", "sent"), ("llm", "answer")]


def test_every_kind_has_a_meaning_and_a_stage() -> None:
    assert set().union(*KINDS.values()) == set(MEANING)


def test_a_fault_that_was_never_met_never_fired() -> None:
    board = FaultBoard()
    board.arm("stt", "hang")
    assert not board.strikes("stt", "deepgram", "refuse")
    assert board.strikes("stt", "deepgram", "hang")
    board.clear()
    assert len(board.fired) == 1
