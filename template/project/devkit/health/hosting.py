"""D406 and D407: what an agent needs that LiveKit hosts: it has no machine's identity, and sends over the internet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from .. import project
from .finding import Finding, Severity, ok
from .keys import given

PLAN: Final = Path("docs/architecture/plan.json")
KEYS_PAGE: Final = "see docs/architecture/keys.md"
GOOGLE: Final = "GOOGLE_APPLICATION_CREDENTIALS"
ENDPOINT, HEADERS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"


def google() -> list[Finding]:
    """D406: a hosted agent that uses Google Cloud has a key file; without `.env` nothing is judged."""
    values = given()
    if not values or not _hosted() or "GOOGLE_CLOUD_PROJECT" not in project.PROVIDER_KEYS:
        return []
    if values.get(GOOGLE):
        return [ok("D406", f"{GOOGLE} names a key file")]
    meaning = "LiveKit's hosting has no identity at Google Cloud: the agent would end at its first call."
    return [Finding("D406", Severity.WARNING, f"{GOOGLE} is empty", meaning, KEYS_PAGE)]


def telemetry() -> list[Finding]:
    """D407: a hosted agent sends its telemetry over TLS and with a token; without an address it sends none."""
    values = given()
    address = values.get(ENDPOINT, "")
    if not address or not _hosted():
        return []
    lacking = [
        *([] if address.startswith("https://") else [f"{ENDPOINT} is not https"]),
        *([] if values.get(HEADERS) else [f"{HEADERS} is empty"]),
    ]
    if not lacking:
        return [ok("D407", "telemetry is sent over TLS and with a token")]
    meaning = "LiveKit's hosting sends over the internet: others could read it, or send to the same address."
    return [Finding("D407", Severity.WARNING, "; ".join(lacking), meaning, KEYS_PAGE)]


def _hosted() -> bool:
    plan: dict[str, Any] = json.loads((project.ROOT / PLAN).read_text(encoding="utf-8"))
    return bool(plan["answers"]["topology"] == "cloud")
