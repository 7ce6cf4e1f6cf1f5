"""`make evidence` from its bill to its page, the emulators standing for the real providers. No call is held.

gRPC and Google's libraries read the environment once in the life of a process: the rehearsal has one of its own.
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from aiohttp import web

from devkit import project, speech
from devkit.__main__ import main as devkit
from devkit.emulators import hearing
from devkit.emulators.app import create_app, modules
from devkit.emulators.brain import Brain
from devkit.emulators.hub import Hub
from devkit.evidence import measure, proof, result, turns
from devkit.speech.tone import ToneVoice

KEY = "sk-rehearsal-0123456789abcdef"
OLDER = "2026-01-01.json"


class Voice(ToneVoice):
    """Half a second of sound that passes for a voice."""

    name = "beep"

    def synthesize(self, text: str) -> bytes:
        return super().synthesize(text)[: self.rate]


class Loudness:
    """Takes whatever is loud for speech."""

    def predict(self, window: Any) -> float:
        return float(abs(window).max() > 500)


class Ears:
    """Hears the same in every sound."""

    name = "ears"

    def transcribe(self, pcm: bytes, rate: int) -> str:
        return "what are your opening hours"


@dataclass
class Rehearsed:
    """The exit code, what was printed, and what the emulators saw."""

    code: int
    told: str
    journal: list[dict[str, Any]]


def rehearse(folder: Path) -> Rehearsed:
    """Two turns of each model; results go to `folder`."""
    hub = Hub(Voice(), Ears(), Brain([]), first_token_s=0.05, token_s=0.0)
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(told):
        patch.setattr(hearing, "VAD", Loudness)
        patch.setattr(speech, "voice", lambda *_: Voice())
        patch.setattr(measure, "PAUSE_S", 0.0)
        patch.setattr(turns, "SETTLED_S", 0.2)
        patch.setattr(result, "FOLDER", folder)
        patch.setattr(proof, "hold", lambda _: proof.Call([], [900, 1100], 0.5))
        root = served(hub)
        led = {name: root + path for name, path in project.PROVIDER_URLS.items()} | hub.environment
        for name, value in (dict.fromkeys(project.PROVIDER_KEYS, KEY) | led).items():
            patch.setenv(name, value)
        code = devkit(["evidence", "--turns", "2", "--yes", "--cap", "5"])
    return Rehearsed(code, told.getvalue(), hub.journal)


def served(hub: Hub) -> str:
    """The address of the emulators, in a thread for as long as this process lives: the command has its own loop."""
    ready: Queue[str] = Queue()
    threading.Thread(target=lambda: asyncio.run(_serve(hub, ready)), daemon=True).start()
    return ready.get(timeout=10)


async def _serve(hub: Hub, ready: Queue[str]) -> None:
    async with AsyncExitStack() as stack:
        for module in modules():
            if hasattr(module, "serve"):
                hub.environment |= await stack.enter_async_context(module.serve(hub))
        runner = web.AppRunner(create_app(hub), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.put("http://{}:{}".format(*runner.addresses[0]))
        await asyncio.Event().wait()


def test_every_model_is_measured_through_its_plugin(tmp_path: Path) -> None:
    (tmp_path / OLDER).write_text("{}")
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        rehearsed = process.submit(rehearse, tmp_path).result(120)
    assert rehearsed.code == 0, rehearsed.told
    name = next(path.name for path in tmp_path.glob("*.json") if path.name != OLDER)
    record, page = json.loads((tmp_path / name).read_text()), (tmp_path / "README.md").read_text()
    vendors = [vendor for stage in project.VENDORS.values() for vendor in stage]
    assert [model["n"] for model in record["models"]] == [2] * len(vendors)
    assert {model["verdict"] for model in record["models"]} == {"unverified"}
    assert {model["reason"] for model in record["models"]} == {"2 turns, 50 are needed"}
    assert all(0 < model["p50_ms"] <= model["p95_ms"] < 5000 for model in record["models"])
    assert record["call"] == {"ok": True, "missed": [], "voice_to_voice_ms": [900, 1100]}
    assert "2 turns, 50 are needed" in page
    assert f"[{OLDER}]({OLDER})" in page, "older measurements stay"
    assert KEY not in rehearsed.told + page + json.dumps(record)
    assert {line["vendor"] for line in rehearsed.journal if line["event"] == "sent"} == set(vendors)
    asked = [line for line in rehearsed.journal if (line["stage"], line["event"]) == ("llm", "request")]
    assert all(line["tools"] and line["messages"][0]["role"] == "system" for line in asked), "as the agent is told"
