"""What a job's process does, without a server: one call over fakes, traced and counted, then gone without ceremony.

Run by the tests: `python -m tests.telemetry_job <package>`; the collector's address is in the environment.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from livekit.agents import Agent, AgentSession, APIConnectionError
from livekit.agents.telemetry import tracer

from tests.fakes import Reply, ScriptedLLM, said_last
from tests.memory_call import Ear, Voice, job, on_the_line, until

SECRET = "albatross"
PACKAGE = sys.argv[1] if len(sys.argv) > 1 else ""


def answer(context: Any) -> Reply:
    if "break" in said_last(context):
        return Reply(error=APIConnectionError(f"cannot say {SECRET}", retryable=False))
    return Reply(f"You said {SECRET}, and I understood it.")


def runtime(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.runtime.{name}")


async def hold_a_call(call_id: str) -> None:
    """Two turns, one of which fails, counted as worker.py counts them."""
    call = runtime("call").Call(job(), cast("Any", None), {}, {}, runtime("breaker").Board(Path(tempfile.mkdtemp())))
    ear = Ear()
    session = AgentSession[Any](
        stt=ear,
        vad=None,
        llm=ScriptedLLM(answer),
        tts=Voice(),
        turn_handling={"turn_detection": "stt", "endpointing": {"min_delay": 0.05, "max_delay": 0.1}},
        aec_warmup_duration=None,
        session_close_transcript_timeout=0.05,
    )
    record = runtime("records").follow(session, call, runtime("failures").watch(session, call))
    runtime("meters").follow(session, call, record, slow_ms=1)
    async with on_the_line(session, Agent(instructions=f"Never say {SECRET}.")):
        ear.say(f"My word is {SECRET}")
        await until(lambda: record.turns)
        call.board.breaker("llm", "first").failed("hang", waited_s=1.5)
        ear.say("break it")
        await until(lambda: record.stage_failures)
    # As the job's filter does to each line.
    logging.getLogger().addFilter(lambda line: True)
    logging.getLogger("test").warning("a line of the call", extra={"call": call_id, "lk.pii.user_input": SECRET})
    await runtime("records").after_call(call.ctx)


async def run() -> None:
    """The root span around the call, as the framework makes it."""
    root = tracer.start_span("job_entrypoint")
    with tracer.use_span(root, end_on_exit=False):
        call_id = runtime("call").call_id()
        await hold_a_call(call_id)
    began = time.monotonic()
    root.end()
    print(json.dumps({"call": call_id, "flush_s": round(time.monotonic() - began, 2)}), flush=True)


def main() -> None:
    """Set up as `lifecycle.prewarm` does, and as the process that starts the others does."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s %(message)s")
    logs, telemetry = runtime("logs"), runtime("telemetry")
    logs.drop_personal_data()
    telemetry.start()
    settings = importlib.import_module(f"{PACKAGE}.settings").load_settings()
    telemetry.send_lines(settings.otel_exporter_otlp_endpoint, telemetry.resource_of(settings))
    asyncio.run(run())
    began = time.monotonic()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, runtime("otlp_lines").OtlpLines):
            telemetry.within(telemetry.SEND_S, [handler.provider.force_flush])
    print(json.dumps({"lines_s": round(time.monotonic() - began, 2)}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
