"""What was measured, judged against the plan, and kept: a file a day."""

from __future__ import annotations

import json
import math
import platform
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from .. import project
from ..words import error_rate
from . import page
from .measure import Failure, Measured
from .proof import Call

SCHEMA_VERSION = 1
FOLDER = project.ROOT / "docs" / "architecture" / "evidence"
LEAST = 50
TOLERANCE = 0.2
SHARES = {"p50": 0.5, "p95": 0.95}


def percentile(values: list[float], share: float) -> float:
    """The smallest of `values` that `share` of them do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def ratios(measured: Measured) -> dict[str, float]:
    """P50 and P95 as shares of what the plan predicts, as far as it does."""
    predicted = {"p50": measured.planned.p50_ms, "p95": measured.planned.p95_ms}
    return {name: percentile(measured.ms, SHARES[name]) / ms for name, ms in predicted.items() if ms and measured.ms}


def verdict(measured: Measured) -> tuple[str, str]:
    """`confirmed`, `unverified` or `failed`, and why."""
    if measured.given_up:
        return "failed", f"{len(measured.failures)} of {len(measured.failures) + len(measured.ms)} turns failed"
    if len(measured.ms) < LEAST:
        return "unverified", f"{len(measured.ms)} turns, {LEAST} are needed"
    found = ratios(measured)
    if not found:
        return "unverified", "the plan predicts nothing for it"
    off = [f"{name.upper()} {ratio - 1:+.0%}" for name, ratio in found.items() if abs(ratio - 1) > TOLERANCE]
    if off:
        return "unverified", f"{' and '.join(off)} against the plan, {TOLERANCE:.0%} are allowed"
    return "confirmed", f"within {TOLERANCE:.0%} of the plan"


def compose(
    measured: list[Measured], call: Call, *, hosts: dict[str, str], voice: str, usd: dict[str, float]
) -> dict[str, Any]:
    """The record of a run. Nothing in it was said by a real caller."""
    packages = {name: version(name) for name in ("livekit", "livekit-agents")}
    return {
        "schema_version": SCHEMA_VERSION,
        "date": datetime.now(tz=UTC).date().isoformat(),
        "project": project.PROJECT_NAME,
        "versions": {"livekit-server": project.LIVEKIT_SERVER_VERSION, "python": platform.python_version(), **packages},
        "hosts": hosts,
        "voice": voice,
        "usd": {name: round(value, 4) for name, value in usd.items()},
        "models": [_model(one) for one in measured],
        "call": {"ok": not call.missed, "missed": call.missed, "voice_to_voice_ms": call.voice_to_voice_ms},
    }


def _model(one: Measured) -> dict[str, Any]:
    judged, reason = verdict(one)
    planned = one.planned
    return {
        "stage": planned.stage,
        "key": planned.key,
        "label": planned.label,
        "n": len(one.ms),
        **{f"{name}_ms": round(percentile(one.ms, share)) if one.ms else None for name, share in SHARES.items()},
        "predicted": {"p50_ms": planned.p50_ms, "p95_ms": planned.p95_ms},
        "ratio": {name: round(ratio, 3) for name, ratio in ratios(one).items()},
        "verdict": judged,
        "reason": reason,
        "word_error_rate": error_rate(one.said, one.heard) if _hears_english(one) else None,
        "tokens_per_second": round(statistics.median(one.paces), 1) if one.paces else None,
        "errors": _errors(one.failures),
    }


def _hears_english(one: Measured) -> bool:
    return one.planned.stage == "stt" and project.LANGUAGE == "en" and bool(one.ms)


def _errors(failures: list[Failure]) -> list[dict[str, Any]]:
    """Alike ones once, with their number."""
    alike: dict[tuple[int, str], list[Failure]] = {}
    for failure in failures:
        alike.setdefault((failure.status, failure.kind), []).append(failure)
    return [
        {
            "status": status or None,
            "kind": kind,
            "count": len(group),
            "retry_after_s": max((one.retry_after_s for one in group if one.retry_after_s is not None), default=None),
            "message": group[0].message,
        }
        for (status, kind), group in alike.items()
    ]


def write(record: dict[str, Any], redact: Callable[[str], str]) -> None:
    """The file of the day, and the page; older files stay."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    today = f"{record['date']}.json"
    (FOLDER / today).write_text(redact(json.dumps(record, indent=2, ensure_ascii=False)) + "\n", encoding="utf-8")
    files = sorted((path.name for path in FOLDER.glob("*.json")), reverse=True)
    (FOLDER / "README.md").write_text(redact(page.compose(record, files)), encoding="utf-8")
