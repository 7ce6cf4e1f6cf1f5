"""Rows of text: which hold for some answers, what they name, and whether that is emitted."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import PRESETS, ROOT, planned

PROJECT = ROOT / "template" / "project"
# Paths of the planned parts of a project (docs of the template say where they will be), by the trait that a row must need.
MADE = {"build/call/report.json"}  # by make call
PLANNED = {"infra/kubernetes": "kubernetes", "observability": "telemetry"}
# Answers that together make every row of the platform request, the roadmap and the design hold at least once.
VARIANTS: list[dict[str, Any]] = [
    *({"preset": preset} for preset in PRESETS),
    {"preset": "front-desk", "agents": "single", "call_routing": "one-agent"},
    {"preset": "front-desk", "phone_numbers": "+12025550143\n+12025550145", "call_routing": "by-number", "sip_carrier": "own-sbc"},
    {"preset": "front-desk", "data_residency": "eu", "regions": ["europe-west3"], "llm": "openai-gpt-4.1", "llm_fallback": "none"},
    {"preset": "front-desk", "regions": ["us-central1", "us-east4"], "preemptive_generation": False, "delivery": "none"},
    {"preset": "reminders", "channels": ["outbound_phone"], "preemptive_generation": False},
    {"preset": "contact-centre", "sip_security": "plain", "web_client": False, "telemetry": "gcp"},
    {"preset": "web-assistant", "environments": ["production"]},
    {"preset": "single-vm", "channels": ["inbound_phone"]},
    {"preset": "front-desk", "topology": "cloud", "web_client": False},
    {"preset": "web-assistant", "data_residency": "eu", "regions": ["europe-west3"], "delivery": "github-actions"},
    {"preset": "web-assistant", "stt": "google-chirp-3", "llm": "vertex-gemini-3.6-flash", "regions": ["us-central1", "europe-west3"]},
]
each_variant = pytest.mark.parametrize(
    "variant", range(len(VARIANTS)), ids=lambda number: "-".join(map(str, VARIANTS[number].values()))[:40]
)


@functools.cache
def plan_of(variant: int) -> dict[str, Any]:
    """The plan under one of the variants; made when it is first asked for."""
    return planned(**VARIANTS[variant])


def plans() -> Iterator[dict[str, Any]]:
    """The plan under each of the variants."""
    return (plan_of(variant) for variant in range(len(VARIANTS)))


def holds(row: dict[str, Any], traits: list[str]) -> bool:
    """Whether a row holds under these traits."""
    return set(row.get("needs", [])) <= set(traits) and not set(row.get("unless", [])) & set(traits)


def quoted(text: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", text)


def targets(text: str) -> list[str]:
    """Make targets that a text names."""
    return re.findall(r"\bmake ([a-z][a-z0-9-]*)", " ".join(quoted(text)))


def emitted_targets() -> set[str]:
    """Make targets of every project."""
    return set(re.findall(r"(?m)^([a-z0-9-]+):", (PROJECT / "Makefile.jinja").read_text()))


def paths(text: str, package: str) -> list[str]:
    """Files and folders that a text names in backquotes, as they stand in the template."""
    named = [
        word for word in quoted(text) if re.fullmatch(r"\.?[\w./-]+", word) and ("/" in word or word.endswith((".py", ".yaml", ".md")))
    ]
    return [name.removeprefix(f"src/{package}/").rstrip("/") for name in named] + ["Dockerfile"] * ("`Dockerfile`" in text)


def is_emitted(path: str) -> bool:
    """Whether a project gets this file or folder, now, under the answers that choose it."""
    if path in MADE:
        return (PROJECT / "devkit" / "call.py").exists()
    path = re.sub(r"^app\b", "{{ plan.apps.front_desk }}", path)
    roots = (PROJECT, PROJECT / "src" / "{{ package_name }}", PROJECT / "src" / "{{ package_name }}" / "runtime")
    return any((root / f"{path}{suffix}").exists() for root in roots for suffix in ("", ".jinja"))


def loose_numbers(text: str) -> list[str]:
    """Numbers of a row of reasons that come neither from a figure nor stand in a name or in backquotes."""
    bare = re.sub(r"\$\{[^}]*\}|`[^`]*`", "", text)
    bare = re.sub(r"G\.7\d\d|HTTP 429|[Pp]95|(TCP|UDP|TLS|port|on|or) (443|7881|7882|5060|5061|7880|3478)|E2 machines|443 alone", "", bare)
    return re.findall(r"\d[\d.,]*", bare)
