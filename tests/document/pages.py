"""The plan as a reader gets it, for the presets and for answers that stretch it."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from livekit_planner import answers as merge
from tests.support import PRESETS, questionnaire

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
ANSWERS: dict[str, dict[str, Any]] = {preset: {"preset": preset} for preset in PRESETS} | {
    "german": {"preset": "web-assistant", "languages": ["de"], "primary_language": "de", "project_name": "Müllers Agent"},
    "fallbacks": {
        "preset": "web-assistant",
        "llm": "openai-gpt-5.6-luna",
        "llm_fallback": "groq-gpt-oss-120b",
        "tts_fallback": "deepgram-aura-2",
    },
    "stored": {
        "preset": "web-assistant",
        "recording": "on-consent",
        "telemetry": "otlp",
        "agents": "team",
        "compliance": ["gdpr", "eu-ai-act"],
    },
    "in-turn": {"preset": "web-assistant", "preemptive_generation": False, "turn_detection": "vad", "interruptions": "disabled"},
    "one-call": {"preset": "front-desk", "peak_calls_per_hour": 1, "mean_call_minutes": 1, "longest_call_minutes": 1, "monthly_calls": 1},
    "own-model": {"preset": "single-vm", "llm": "openai-compatible"},
    "plain-sip": {"preset": "front-desk", "sip_security": "plain", "human_transfer": "none", "call_routing": "one-agent"},
    "vm-phone": {"preset": "single-vm", "channels": ["web", "inbound_phone"]},
    "dialled": {"preset": "reminders", "channels": ["outbound_phone"], "compliance": ["hipaa", "pci", "tcpa"]},
    "crowd": {"preset": "contact-centre", "peak_calls_per_hour": 5000, "longest_call_minutes": 240},
}
EMITTED = ["web-assistant", "single-vm"]


@functools.cache
def steps(name: str) -> Any:
    """Every question under these answers."""
    return merge.judge(questionnaire(), ANSWERS[name], planning=True)


def rendered(name: str, file: str) -> str:
    """One file of docs/architecture, rendered anew."""
    return questionnaire().page(f"docs/architecture/{file}.jinja", steps(name))


@functools.cache
def page(name: str) -> str:
    """PLAN.md."""
    return rendered(name, "PLAN.md")


@functools.cache
def design(name: str) -> str:
    """design.md."""
    return rendered(name, "design.md")


@functools.cache
def document(name: str) -> dict[str, Any]:
    """plan.json."""
    found: dict[str, Any] = json.loads(rendered(name, "plan.json"))
    return found


@functools.cache
def whole(name: str) -> dict[str, Any]:
    """The plan, with what is not in plan.json."""
    found: dict[str, Any] = next(step.value for step in steps(name) if step.name == "plan")
    return found


def diagrams(text: str) -> list[str]:
    """The Mermaid blocks of a page."""
    return [body for language, body in FENCE.findall(text) if language == "mermaid"]


def sections(text: str) -> dict[str, str]:
    """Bodies by heading."""
    parts = re.split(r"^##? (.+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def cells(text: str) -> list[list[str]]:
    """Rows of tables."""
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")]
