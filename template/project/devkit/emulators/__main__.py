"""`python -m devkit.emulators`: serve the emulated providers until stopped."""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from .. import project, speech
from .app import create_app, modules
from .brain import Brain
from .faults import FaultBoard
from .hub import Hub


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m devkit.emulators")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089, help="0 takes a free one")
    parser.add_argument("--script", type=Path, action="append", default=[], help="whose answers the model gives")
    parser.add_argument("--voice", default="auto", help=", ".join(("auto", *speech.VOICES)))
    parser.add_argument("--recogniser", default="auto", help=", ".join(("auto", *speech.RECOGNISERS)))
    parser.add_argument("--think-ms", type=int, default=150, help="the model's time to the first token, in ms")
    parser.add_argument("--llm-token-interval", type=float, default=0.02, help="time between two tokens, in s")
    parser.add_argument("--idle-s", type=float, help="close an idle websocket after this, in s, not as its vendor does")
    return parser


def read_rules(scripts: list[Path]) -> list[dict[str, Any]]:
    """The `answers` of all scripts, in order."""
    return [
        rule for script in scripts for rule in yaml.safe_load(script.read_text(encoding="utf-8")).get("answers", [])
    ]


async def serve(options: argparse.Namespace) -> None:
    """Serve until cancelled or told to stop; one line on stdout tells that it is ready and where."""
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    voice = speech.voice(options.voice, project.ESPEAK_VOICE)
    hub = Hub(
        voice=voice,
        recogniser=speech.recogniser(options.recogniser, project.LANGUAGE, voice.name),
        brain=Brain(read_rules(options.script)),
        first_token_s=options.think_ms / 1000,
        token_s=options.llm_token_interval,
        idle_s=options.idle_s,
        faults=FaultBoard({stage: vendors[0] for stage, vendors in project.VENDORS.items()}),
    )
    async with AsyncExitStack() as stack:
        for module in modules():
            if hasattr(module, "serve"):
                hub.environment |= await stack.enter_async_context(module.serve(hub))
        await _serve_http(hub, options)


async def _serve_http(hub: Hub, options: argparse.Namespace) -> None:
    runner = web.AppRunner(create_app(hub), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"emulators ready http://{host}:{port} voice={hub.voice.name}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(serve(arguments().parse_args()))
