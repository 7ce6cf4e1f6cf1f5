"""Pipelines that are called: each model of the catalogue as a first choice and as a fallback, each language once."""

from __future__ import annotations

from tests.support import STAGES, known, models


def pipelines() -> list[dict[str, str]]:
    """Answers of one project each. A new record or language joins by itself.

    Languages come first; English is added until every model has been first, and every one has been second. Those that know
    few languages go before those that can wait for the next one.
    """
    languages = [key for key, record in known("languages").items() if record["offered"]]
    waiting = {(stage, place): _picky(stage) for stage in STAGES for place in ("first", "second")}
    made: list[dict[str, str]] = []
    while languages or any(waiting.values()):
        made.append(_one(languages.pop(0) if languages else "en", waiting))
    return made


def _picky(stage: str) -> list[str]:
    return sorted(models(stage), key=lambda key: len(known(stage)[key]["languages"]))


def _one(language: str, waiting: dict[tuple[str, str], list[str]]) -> dict[str, str]:
    # Each detector of voices is heard by one pipeline at least.
    answers = {"languages": language, "vad": "silero-plugin" if language == "en" else "bundled"}
    for stage in STAGES:
        records = known(stage)
        able = [key for key in models(stage) if language in records[key]["languages"]]
        vendor = {key: records[key]["vendor"] for key in able}
        others = {vendor[key] for key in waiting[stage, "second"] if key in able}
        first = _next([key for key in able if others - {vendor[key]}] or able, waiting[stage, "first"])
        second = _next([key for key in able if vendor[key] != vendor[first]], waiting[stage, "second"])
        answers |= {stage: first, f"{stage}_fallback": second}
    return answers


def _next(able: list[str], waiting: list[str]) -> str:
    """The first that still waits and is able, else any that is able."""
    found = next((key for key in waiting if key in able), able[0])
    if found in waiting:
        waiting.remove(found)
    return found
