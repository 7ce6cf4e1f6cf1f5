"""The latest measurement in words: docs/architecture/evidence/README.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

PAGE: Final = """\
# Evidence

What the chosen providers did on {date} (UTC), against [the plan](../PLAN.md): measured by `make evidence`, through the
worker's own plugins, from the machine that ran it. That command writes this page anew: an edit is lost.

{table}

stt: from the last sample of speech to the final words. llm: from the request to the first token. tts: from the text to
the first sound. A model is *confirmed* when P50 and P95 of at least 50 turns are both within 20 % of the plan; else the
figures of the plan stay *unverified*.

{details}

## The spoken call

{call}

## Errors and limits

{errors}

## All measurements

{files}
"""


def compose(record: dict[str, Any], files: Iterable[str]) -> str:
    """The page about `record`; `files` are the names of all measurements, this one too."""
    return PAGE.format(
        date=record["date"],
        table="\n".join(table(record)),
        details="\n".join(_details(record)),
        call="\n".join(_call(record["call"])),
        errors="\n".join(_errors(record)) or "None was seen.",
        files="\n".join(f"- [{name}]({name})" for name in files),
    )


def table(record: dict[str, Any]) -> list[str]:
    """The models as rows of a Markdown table."""
    rows = ["| stage | model | turns | P50 (plan) | P95 (plan) | verdict |", "| --- | --- | --- | --- | --- | --- |"]
    for model in record["models"]:
        times = [f"{_ms(model[name])} ({_ms(model['predicted'][name])})" for name in ("p50_ms", "p95_ms")]
        judged = f"**{model['verdict']}**: {model['reason']}"
        rows.append(f"| {model['stage']} | {model['label']} | {model['n']} | {' | '.join(times)} | {judged} |")
    return rows


def _ms(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f} ms"


def _details(record: dict[str, Any]) -> list[str]:
    lines = [f"- asked: {host} (`{name}`)" for name, host in record["hosts"].items()]
    for model in record["models"]:
        if (share := model["word_error_rate"]) is not None:
            lines.append(f"- {model['label']}: {share:.1%} of the words of a voice ({record['voice']}) heard wrongly")
        if (pace := model["tokens_per_second"]) is not None:
            lines.append(f"- {model['label']}: {pace:,.0f} tokens a second after the first one")
    usd = record["usd"]
    return [*lines, f"- spent: {usd['spent']:.2f} USD by the prices of the plan, {usd['cap']:.2f} were allowed"]


def _call(call: dict[str, Any]) -> list[str]:
    delays = ", ".join(f"{delay:,} ms" for delay in call["voice_to_voice_ms"]) or "never"
    heard = f"One call through the whole stack; answers were heard after: {delays}."
    return [heard, *([""] if call["missed"] else []), *(f"- **not as expected**: {one}" for one in call["missed"])]


def _errors(record: dict[str, Any]) -> list[str]:
    return [_error(model["label"], error) for model in record["models"] for error in model["errors"]]


def _error(label: str, error: dict[str, Any]) -> str:
    status = f" ({error['status']})" if error["status"] else ""
    wait = "" if error["retry_after_s"] is None else f", to be tried again after {error['retry_after_s']:.0f} s"
    return f"- {label}: {error['count']} x {error['kind']}{status}{wait}: {error['message']}"
