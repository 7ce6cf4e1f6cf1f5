"""Every provider is sent what docs/architecture/plan.json promises (`wire`), where it promises it, and nothing else.

The emulators have a process of their own, the models another one: some libraries of providers read the environment
once in the life of a process.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from string import Template
from types import SimpleNamespace
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import APIConnectOptions, function_tool, llm, stt, tts
from livekit.agents.utils import http_context

from devkit import project
from devkit.processes import Child
from devkit.speech.pcm import pieces
from devkit.speech.tone import ToneVoice

breaker = import_module(f"{project.PACKAGE}.runtime.breaker")
pipeline = import_module(f"{project.PACKAGE}.runtime.pipeline")
turns = import_module(f"{project.PACKAGE}.runtime.turns")
Settings = import_module(f"{project.PACKAGE}.settings").Settings
PROMISED: list[dict[str, Any]] = json.loads((project.ROOT / "docs/architecture/plan.json").read_text("utf-8"))["wire"]
# What the process of the models is told of each setting without a default; the plan names it `$NAME`.
REQUIRED = {
    name.upper(): "https://unused.invalid/v1" if name.endswith("_url") else "devkit"
    for name, field in Settings.model_fields.items()
    if field.is_required()
}
ONCE = APIConnectOptions(max_retry=0, timeout=5.0)
ENOUGH_S = 15.0


def flat(fields: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Options by dotted names, their values as JSON: what is no object, and an empty object, is a value."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        inside = isinstance(value, dict) and value
        found |= flat(value, f"{prefix}{name}.") if inside else {f"{prefix}{name}": json.dumps(value)}
    return found


def differences(entry: dict[str, Any], fields: dict[str, Any]) -> list[str]:
    """What was sent and not promised, and the other way round, one a line."""
    promised = {name: Template(value).substitute(REQUIRED) for name, value in flat(entry["fields"]).items()}
    content = tuple(f"{name}." for name in entry["content"])
    sent = {name: value for name, value in flat(fields).items() if not f"{name}.".startswith(content)}
    told = []
    for name in sorted(promised | sent):
        if name not in sent:
            told.append(f"{name} is missing, the plan says {promised[name]}")
        elif name not in promised:
            told.append(f"{name}={sent[name]} is not in the plan")
        elif promised[name] != sent[name]:
            told.append(f"{name} is {sent[name]}, the plan says {promised[name]}")
    return told


def emulated(entry: dict[str, Any]) -> set[str]:
    """Where the emulators see a request that would go to the promised address: gRPC keeps the provider's name."""
    real = entry["host"] + entry["endpoint"]
    places = {real}
    for name, path in project.PROVIDER_URLS.items():
        if path.split("/")[1] == entry["vendor"]:
            default = getattr(Settings.model_fields.get(name.lower()), "default", None)
            root = default if isinstance(default, str) else f"https://{entry['host']}"
            places.add(path + f"https://{real}".removeprefix(root))
    return {Template(place).substitute(REQUIRED) for place in places}


@function_tool
async def opening_hours(day: str) -> str:
    """When we are open on a day."""
    return day


async def listen(model: stt.STT[Any]) -> None:
    async with model.stream(conn_options=ONCE) as stream:
        voice = ToneVoice()
        for piece in pieces(voice.synthesize("one two three four"), voice.rate, 0.02):
            stream.push_frame(rtc.AudioFrame(piece, voice.rate, 1, len(piece) // 2))
        async for _ in stream:
            pass


async def think(model: llm.LLM[Any]) -> None:
    context = llm.ChatContext.empty()
    context.add_message(role="system", content="Be kind.")
    context.add_message(role="user", content="Are you open on Monday?")
    async with model.chat(chat_ctx=context, tools=[opening_hours], conn_options=ONCE) as stream:
        async for _ in stream:
            pass


async def speak(model: tts.TTS[Any]) -> None:
    if not model.capabilities.streaming:
        async with model.synthesize("Good day to you.", conn_options=ONCE) as whole:
            await whole.collect()
        return
    async with model.stream(conn_options=ONCE) as stream:
        stream.push_text("Good day to you.")
        stream.end_input()
        async for _ in stream:
            pass


REQUESTS: dict[str, Callable[[Any], Coroutine[Any, Any, None]]] = {"stt": listen, "llm": think, "tts": speak}


async def request(entry: dict[str, Any], seen: Callable[[], bool]) -> None:
    """Let the model of this entry make one request, until it is over or was seen.

    Raises:
        Exception: what the model raised before anything was seen of it.
    """
    ends: list[Any] = []
    process = SimpleNamespace(userdata={})
    turns.prewarm(process)
    call = SimpleNamespace(
        settings=Settings(),
        ctx=SimpleNamespace(add_shutdown_callback=ends.append, proc=process),
        board=breaker.Board(Path(tempfile.mkdtemp())),
    )
    async with http_context.open():
        built = pipeline.build(call)
        order = [other["key"] for other in PROMISED if other["stage"] == entry["stage"]]
        model = built[entry["stage"]].models[order.index(entry["key"])]
        asked = asyncio.create_task(REQUESTS[entry["stage"]](model))
        async with asyncio.timeout(ENOUGH_S):
            while not asked.done() and not await asyncio.to_thread(seen):
                await asyncio.wait([asked], timeout=0.05)
        asked.cancel()
        (outcome,) = await asyncio.gather(asked, return_exceptions=True)
        for adapter in built.values():
            for one in {adapter, *adapter.models}:
                await one.aclose()
        for end in ends:
            await end()
    if isinstance(outcome, Exception) and not seen():
        raise outcome


def ask(entry: dict[str, Any], url: str, addresses: dict[str, str]) -> list[str]:
    """One request of the model of this entry, in the process of the models: the names that were looked up for it."""
    names: list[str] = []
    resolve = socket.getaddrinfo

    def look_up(host: str | bytes, *more: Any, **options: Any) -> Any:
        name = host if isinstance(host, str) else host.decode()
        if name in ("127.0.0.1", "localhost"):
            return resolve(host, *more, **options)
        names.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "no network in a test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        for variable, address in addresses.items():
            patch.setenv(variable, address)
        asyncio.run(request(entry, lambda: bool(names or sent(url, entry["stage"]))))
    return names


def sent(url: str, stage: str) -> list[dict[str, Any]]:
    """What the emulators were asked for since the last reset."""
    lines = control(url, "journal")
    return [line for line in lines if (line["stage"], line["event"]) == (stage, "sent")]


def control(url: str, path: str, body: bytes | None = None) -> Any:
    with urllib.request.urlopen(f"{url}/control/{path}", body, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the emulators."""
    command = [sys.executable, "-W", "ignore", "-m", "devkit.emulators", "--port", "0"]
    without_speech = ["--voice", "tone", "--recogniser", "script"]
    log = tmp_path_factory.mktemp("wire") / "emulators.log"
    with Child("emulators", command + without_speech, log, os.environ, project.ROOT) as child:
        child.wait_for("emulators ready", 60)
        yield child.text().split("emulators ready ")[1].split()[0]


@pytest.fixture(scope="module")
def process(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessPoolExecutor]:
    """The process of the models: told what is required and what the emulators bring, but no address, and no `.env`."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp("models"))
            settings = [name.upper() for name in Settings.model_fields]
            for name in (*settings, *project.PROVIDER_URLS, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                patch.delenv(name, raising=False)
                patch.delenv(name.lower(), raising=False)
            for name, value in (REQUIRED | control(url, "environment")).items():
                patch.setenv(name, value)
            pool.submit(os.getpid).result()  # it has started, and keeps what it was started with
        yield pool


@pytest.mark.parametrize("entry", PROMISED, ids=[f"{entry['stage']}-{entry['key']}" for entry in PROMISED])
def test_a_provider_is_sent_what_the_plan_promises(
    entry: dict[str, Any], url: str, process: ProcessPoolExecutor
) -> None:
    addresses = {name: f"{url}{path}" for name, path in project.PROVIDER_URLS.items()}
    control(url, "reset", b"")
    assert process.submit(ask, entry, url, addresses).result() == [], "it asked somebody else, too"
    lines = sent(url, entry["stage"])
    assert lines, "nothing was sent"
    for line in lines:
        assert line["vendor"] == entry["vendor"]
        assert line["endpoint"] in emulated(entry)
        told = differences(entry, line["fields"])
        assert not told, "\n".join(told)


@pytest.mark.parametrize("entry", [entry for entry in PROMISED if entry["host"]], ids=lambda entry: entry["key"])
def test_the_promised_host_is_asked_by_default(entry: dict[str, Any], url: str, process: ProcessPoolExecutor) -> None:
    control(url, "reset", b"")
    looked_up = process.submit(ask, entry, url, {}).result()
    dialled = [line["endpoint"].split("/")[0] for line in sent(url, entry["stage"])]
    assert {*looked_up, *dialled} == {entry["host"]}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"model": "m", "keep": False, "audio": {"rate": 16000}, "id": "17"}, []),
        ({"model": "m", "keep": False, "audio": {"rate": 16000}, "tools": [{"name": "a"}]}, []),
        ({"model": "n", "keep": False, "audio": {"rate": 16000}}, ['model is "n", the plan says "m"']),
        ({"model": "m", "keep": False, "audio": {"rate": "16000"}}, ['audio.rate is "16000", the plan says 16000']),
        ({"model": "m", "audio": {"rate": 16000}}, ["keep is missing, the plan says false"]),
        ({"model": "m", "keep": 0, "audio": {"rate": 16000}}, ["keep is 0, the plan says false"]),
        (
            {"model": "m", "keep": False, "audio": {"rate": 16000, "tag": {}}, "identity": 1},
            ["audio.tag={} is not in the plan", "identity=1 is not in the plan"],
        ),
    ],
)
def test_every_difference_is_told(fields: dict[str, Any], told: list[str]) -> None:
    promised = {"fields": {"model": "m", "keep": False, "audio.rate": 16000}, "content": ["id", "tools"]}
    assert differences(promised, fields) == told
