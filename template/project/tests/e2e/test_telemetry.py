"""A spoken call as a collector sees it: one trace, one id, numbers, and no word."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

from devkit.call import run
from devkit.otlp import Receiver, values
from devkit.processes import free_port
from devkit.project import AGENT_NAME, ROOT
from devkit.script import load, usual
from devkit.stack import Options, Stack

CALLS = ROOT / "devkit" / "calls"
WHOLE = load(usual())
# Two answers, then the caller hangs up. What is said in them is for other tests.
SCRIPT = WHOLE.model_copy(update={"turns": WHOLE.turns[:2], "ends": False})

# A busy machine is late; how late a stage may be is for other tests.
PATIENT = dict.fromkeys(("LLM_FIRST_TOKEN_DEADLINE_MS", "TTS_FIRST_AUDIO_DEADLINE_MS", "TTS_AUDIO_GAP_MS"), "15000")


def over(collector: Receiver) -> bool:
    """Whether the end of the call has arrived by every way."""
    said = {line.body.string_value for line in collector.lines}
    traced = {span.name for span in collector.spans}
    return "call ended" in said and "job_entrypoint" in traced and collector.count("voice.calls.ended") > 0


def scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read(), "utf-8")


async def test_a_call_arrives_whole_and_without_a_word(tmp_path: Path) -> None:
    port = free_port()
    with Receiver() as collector:
        options = Options(
            scripts=sorted(CALLS.glob("*.yaml")),
            folder=tmp_path,
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "METRICS_PORT": str(port), **PATIENT},
        )
        with Stack(options) as stack:
            report = await run(stack, SCRIPT)
            for _ in range(60):
                await asyncio.sleep(0.0 if over(collector) else 0.5)
            logged = stack.wait_for_line("call ended", 1)
            scraped = await asyncio.to_thread(scrape, port)
    assert all(turn["latency_ms"]["voice_to_voice"] for turn in report["turns"])
    assert over(collector)
    (root,) = [span for span in collector.spans if span.name == "job_entrypoint"]
    spans = {span.span_id: span for span in collector.spans if span.trace_id == root.trace_id}
    assert {"agent_session", "user_turn", "agent_turn", "llm_node", "tts_node", "job_shutdown"} <= {
        span.name for span in spans.values()
    }
    assert [s.name for s in spans.values() if s.parent_span_id and s.parent_span_id not in spans] == []
    assert values(root.attributes)["voice.outcome"] == logged["outcome"] == "caller left"

    (ended,) = [line for line in collector.lines if line.body.string_value == "call ended"]
    assert logged["call"] == root.trace_id.hex() == ended.trace_id.hex() == values(ended.attributes)["call"]
    assert values(ended.attributes)["turns"] >= len(SCRIPT.turns)
    assert values(ended.attributes)["cost_usd"] is None or values(ended.attributes)["cost_usd"] > 0
    turns = [line for line in collector.lines if line.body.string_value == "turn"]
    assert len(turns) >= len(SCRIPT.turns)
    assert {line.trace_id for line in turns} == {root.trace_id}

    assert collector.count("voice.calls.ended", outcome="caller left") == 1
    assert collector.count("voice.turns") >= 1
    assert sum(point.count for point in collector.histogram("voice.turn.latency", stage="e2e")) >= len(SCRIPT.turns)
    assert collector.histogram("lk.agents.turn.e2e_latency"), "the framework's own, with buckets that can be read"
    assert {resource["service.name"] for resource in collector.resources} == {AGENT_NAME}

    assert "voice_worker_registered 1.0" in scraped
    assert "lk_agents_active_job_count" in scraped

    words = {turn.caller for turn in SCRIPT.turns} | {turn["heard"] for turn in report["turns"]}
    words |= {turn["agent"] for turn in report["turns"]} | {turn.caller.split(".")[0] for turn in SCRIPT.turns}
    for body in collector.raw:
        assert not [said for said in words if len(said) > 8 and said.encode() in body]
