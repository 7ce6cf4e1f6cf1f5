"""The production plugin against the emulated Gemini, with a key (Gemini API) and with an identity (Vertex AI)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from google.oauth2.credentials import Credentials
from livekit.agents import APIConnectionError, APIConnectOptions, APIStatusError, function_tool, llm
from livekit.plugins import google

from devkit.emulators.app import create_app
from devkit.emulators.brain import Brain
from devkit.emulators.faults import KINDS
from devkit.emulators.hub import Hub
from devkit.emulators.providers.gemini import signature
from devkit.speech.tone import ToneVoice

MODEL = "gemini-3.6-flash"
PATHS = {
    "gemini": f"/gemini/v1/models/{MODEL}:streamGenerateContent",
    "google": f"/google/v1beta1/projects/ours/locations/eu/publishers/google/models/{MODEL}:streamGenerateContent",
}
LISTS = {"gemini": "/gemini/v1/models", "google": "/google/v1beta1/publishers/google/models"}
RULES: list[dict[str, Any]] = [
    {"when": "open on (?P<day>\\w+)", "tool": {"name": "opening_hours", "arguments": {"day": "{day}"}}},
    {"when_tool": "opening_hours", "say": "I looked: {result}"},
    {"when": "hello", "say": "Good day to you."},
    {
        "when": "weekend",
        "tools": [{"name": "opening_hours", "arguments": {"day": day}} for day in ("Saturday", "Sunday")],
    },
]
IMPATIENT_S = 0.5  # for a whole answer
# Google's client does what aiohttp discourages.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


@function_tool
async def opening_hours(day: str) -> str:
    """Tell when we are open on a day."""
    return f"nine to six on {day}"


@pytest.fixture(params=list(PATHS))
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def answered() -> asyncio.Queue[str]:
    """The paths that the emulator was asked for, in order."""
    return asyncio.Queue()


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch, answered: asyncio.Queue[str]) -> AsyncIterator[Hub]:
    """The emulator, where the variables of Google's client lead."""
    hub = Hub(ToneVoice(), None, Brain(RULES), first_token_s=0.0, token_s=0.0)
    app = create_app(hub)

    async def note(request: web.Request, _: web.StreamResponse) -> None:
        answered.put_nowait(request.path)

    app.on_response_prepare.append(note)
    async with TestServer(app) as server:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", str(server.make_url("/gemini")))
        monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", str(server.make_url("/google")))
        yield hub


def build(vendor: str, key: str = "devkit") -> google.LLM:
    """The plugin as a project builds it; `key` is the key, or the token of the identity."""
    if vendor == "gemini":
        return google.LLM(model=MODEL, api_key=key, vertexai=False, thinking_config={"include_thoughts": False})
    return google.LLM(
        model=MODEL,
        vertexai=True,
        project="ours",
        location="eu",
        credentials=Credentials(token=key),  # type: ignore[no-untyped-call]
        thinking_config={"include_thoughts": False},
    )


@pytest.fixture
async def model(hub: Hub, vendor: str) -> AsyncIterator[google.LLM]:
    built = build(vendor)
    yield built
    await built.aclose()


def said(text: str) -> llm.ChatContext:
    """A conversation in which the caller just said `text`."""
    context = llm.ChatContext.empty()
    context.add_message(role="system", content="Be kind.")
    context.add_message(role="user", content=text)
    return context


async def chunks(model: google.LLM, context: llm.ChatContext) -> AsyncIterator[llm.ChatChunk]:
    once = APIConnectOptions(max_retry=0, timeout=IMPATIENT_S)
    async with model.chat(chat_ctx=context, tools=[opening_hours], conn_options=once) as stream:
        async for chunk in stream:
            yield chunk


async def answer(model: google.LLM, context: llm.ChatContext) -> tuple[str, Exception | None]:
    """What was said, and the error that ended it."""
    text = ""
    try:
        async for chunk in chunks(model, context):
            text += (chunk.delta and chunk.delta.content) or ""
    except Exception as error:
        return text, error
    return text, None


async def calls(model: google.LLM, context: llm.ChatContext) -> list[llm.FunctionCall]:
    """The tool calls that the model answers with, as the conversation keeps them."""
    asked = [one async for chunk in chunks(model, context) if chunk.delta for one in chunk.delta.tool_calls]
    return [
        llm.FunctionCall(id=f"answer/{index}", call_id=one.call_id, name=one.name, arguments=one.arguments)
        for index, one in enumerate(asked)
    ]


async def call(model: google.LLM, context: llm.ChatContext) -> llm.FunctionCall:
    """The first of them."""
    return (await calls(model, context))[0]


def with_result(context: llm.ChatContext, *made: llm.FunctionCall) -> llm.ChatContext:
    """The conversation after the tools have run."""
    results = [
        llm.FunctionCallOutput(call_id=one.call_id, name=one.name, output="nine to six", is_error=False) for one in made
    ]
    return llm.ChatContext([*context.items, *made, *results])


def noted(hub: Hub, event: str) -> list[dict[str, Any]]:
    return [line for line in hub.journal if line["event"] == event]


async def test_the_answer_comes_word_by_word_and_counts_its_tokens(hub: Hub, model: google.LLM) -> None:
    came = [chunk async for chunk in chunks(model, said("hello"))]
    assert [chunk.delta.content for chunk in came if chunk.delta] == ["Good", " day", " to", " you."]
    assert came[-1].usage
    assert came[-1].usage.completion_tokens > 0
    assert [line["event"] for line in hub.journal] == ["request", "sent", "answer", "first_token"]


async def test_the_request_is_noted_as_it_was_sent(hub: Hub, model: google.LLM, vendor: str) -> None:
    await answer(model, said("hello"))
    (request,), (sent,) = noted(hub, "request"), noted(hub, "sent")
    assert request["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}]
    assert request["tools"] == ["opening_hours"]
    assert (sent["vendor"], sent["endpoint"]) == (vendor, PATHS[vendor])
    assert sent["fields"]["generationConfig"]["thinkingConfig"]["thinking_level"] == "MINIMAL"


async def test_a_tool_call_returns_with_its_signature_and_its_result(hub: Hub, model: google.LLM) -> None:
    context = said("Are you open on Monday?")
    made = await call(model, context)
    assert (made.name, made.arguments.casefold()) == ("opening_hours", '{"day": "monday"}')
    assert await answer(model, with_result(context, made)) == ("I looked: nine to six", None)
    asked, told = noted(hub, "sent")[1]["fields"]["contents"][1:]
    assert asked["parts"][0]["thoughtSignature"] == signature(made.call_id)
    assert told["parts"][0]["functionResponse"]["id"] == made.call_id
    result = noted(hub, "request")[1]["messages"][-1]
    assert result == {"role": "tool", "tool_call_id": made.call_id, "content": "nine to six"}


async def test_a_tool_call_of_another_model_is_refused_until_the_caller_speaks(model: google.LLM) -> None:
    foreign = llm.FunctionCall(call_id="call_1", name="opening_hours", arguments="{}")
    context = with_result(said("Are you open on Monday?"), foreign)
    _, error = await answer(model, context)
    assert isinstance(error, APIStatusError)
    assert error.status_code == 400
    assert "thought_signature" in str(error.body)
    context.add_message(role="user", content="hello")
    assert await answer(model, context) == ("I looked: nine to six", None)


async def test_instructions_in_the_middle_are_no_words_of_the_caller(hub: Hub, model: google.LLM) -> None:
    context = said("hello")
    context.add_message(role="system", content="Say exactly: Goodbye then.")
    assert await answer(model, context) == ("Goodbye then.", None)
    assert noted(hub, "request")[0]["messages"][-1]["role"] == "system"


async def test_a_model_that_is_only_to_go_on_answers_the_caller(hub: Hub, model: google.LLM) -> None:
    context = said("hello")
    context.add_message(role="assistant", content="One moment.")
    assert await answer(model, context) == ("Good day to you.", None)
    assert noted(hub, "request")[0]["messages"][-1]["role"] == "assistant"


async def test_the_connection_that_is_opened_beforehand_leads_here(
    answered: asyncio.Queue[str], model: google.LLM, vendor: str
) -> None:
    model.prewarm()
    assert await asyncio.wait_for(answered.get(), 2) == LISTS[vendor]


@pytest.mark.parametrize(("vendor", "status"), [("gemini", 400), ("google", 401)], indirect=["vendor"])
async def test_a_wrong_key_is_refused_as_google_refuses_it(hub: Hub, vendor: str, status: int) -> None:
    model = build(vendor, "invalid-key")
    _, error = await answer(model, said("hello"))
    await model.aclose()
    assert isinstance(error, APIStatusError)
    assert (error.status_code, error.retryable) == (status, False)
    assert ("API_KEY_INVALID" in str(error.__cause__)) is (vendor == "gemini")
    assert noted(hub, "unauthorized")


# Kind, what was said before, status (-1: none), and whether the plugin would try again.
FAILURES: dict[str, tuple[str, int, bool]] = {
    "http-404": ("", 404, False),
    "http-429": ("", 429, True),
    "http-500": ("", 500, True),
    "empty": ("", -1, True),
    "garbage": ("", -1, True),
    "hang": ("", -1, True),
    "drip": ("", -1, True),
    "stall": ("Good", -1, False),
    "disconnect": ("Good", -1, False),
}


@pytest.mark.parametrize("kind", FAILURES)
async def test_a_fault_is_an_error(hub: Hub, model: google.LLM, kind: str) -> None:
    hub.arm("llm", kind)
    before, status, again = FAILURES[kind]
    text, error = await answer(model, said("hello"))
    assert isinstance(error, APIStatusError | APIConnectionError)
    assert (text, getattr(error, "status_code", -1), error.retryable) == (before, status, again)
    assert [one["kind"] for one in hub.faults.fired] == [kind]
    hub.clear()
    assert await answer(model, said("hello")) == ("Good day to you.", None)


async def test_a_refused_key_is_the_same_as_a_wrong_one(hub: Hub, model: google.LLM, vendor: str) -> None:
    hub.arm("llm", "http-401")
    _, error = await answer(model, said("hello"))
    assert isinstance(error, APIStatusError)
    assert error.status_code == {"gemini": 400, "google": 401}[vendor]


async def test_an_answer_that_ends_early_is_taken_for_whole(hub: Hub, model: google.LLM) -> None:
    hub.arm("llm", "early-end")
    assert await answer(model, said("hello")) == ("Good", None)


async def test_two_tools_are_called_at_once_and_both_results_are_told(hub: Hub, model: google.LLM) -> None:
    context = said("Are you open at the weekend?")
    made = await calls(model, context)
    assert [json.loads(one.arguments)["day"] for one in made] == ["Saturday", "Sunday"]
    assert (await answer(model, with_result(context, *made)))[0] == "I looked: nine to six I looked: nine to six"
    assert sum("tool" in line for line in hub.journal if line["event"] == "answer") == 2


async def test_an_answer_at_the_limit_of_tokens_is_taken_for_whole(hub: Hub, model: google.LLM) -> None:
    hub.arm("llm", "cut-length")
    assert await answer(model, said("hello")) == ("Good", None)
    with pytest.raises(APIStatusError, match="no response"):  # half a call is not sent
        await calls(model, said("Are you open on Monday?"))


async def test_a_filtered_answer_is_an_error(hub: Hub, model: google.LLM) -> None:
    hub.arm("llm", "cut-filter")
    text, error = await answer(model, said("hello"))
    assert text == "Good"
    assert isinstance(error, APIStatusError)
    assert "SAFETY" in str(error)


async def test_a_cut_connection_is_tried_again_in_silence(hub: Hub, model: google.LLM) -> None:
    hub.arm("llm", "refuse")
    with pytest.raises(TimeoutError):  # Google's client waits 1 to 10 s first, whatever the timeout
        await asyncio.wait_for(answer(model, said("hello")), IMPATIENT_S)
    assert [one["kind"] for one in hub.faults.fired] == ["refuse"]


def test_no_kind_is_forgotten() -> None:
    assert {*FAILURES, "http-401", "early-end", "cut-length", "cut-filter", "refuse"} == set(KINDS["llm"])
