"""Every provider by its unmodified plugin: spoken as a first choice, failing, replaced by its fallback, in every language."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.run.pipelines import pipelines
from tests.run.projects import Project
from tests.support import ROOT, STAGES, choices, known, models

Born = Callable[..., Project]
RESULTS = ROOT / "build" / "providers"
ROWS = pipelines()
# What the first of a stage suffers, in turn; the caller must not notice more than a wait.
KINDS = ("http-500", "refuse", "http-429", "http-404", "http-401", "hang")


def name_of(row: dict[str, str]) -> str:
    return "-".join([str(ROWS.index(row)), row["languages"], *(row[stage] for stage in STAGES)])


def vendor(row: dict[str, str], stage: str, place: str = "") -> str:
    found: str = known(stage)[row[stage + place]]["vendor"]
    return found


def kinds_of(row: dict[str, str]) -> dict[str, str]:
    """Another kind for each stage and row, so that no vendor meets always the same."""
    could = {"stt": (*KINDS, "silent"), "llm": KINDS, "tts": KINDS}
    return {stage: could[stage][(ROWS.index(row) + shift) % len(could[stage])] for shift, stage in enumerate(STAGES)}


def answers(row: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in row.items()]


@pytest.fixture(scope="module")
def set_up(born: Born, request: pytest.FixtureRequest) -> None:
    """All that will be called, two at a time: most of a setup is waiting."""
    rows = [item.callspec.params["row"] for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda row: born("single-vm", *answers(row)), rows))


def test_every_model_is_first_once_and_second_once() -> None:
    for stage in STAGES:
        assert {row[stage] for row in ROWS} == set(models(stage))
        assert {row[f"{stage}_fallback"] for row in ROWS} == set(models(stage))
    assert {row["languages"] for row in ROWS} == {key for key, record in known("languages").items() if record["offered"]}
    assert {row["vad"] for row in ROWS} == {value for value, reason in choices("vad", {"preset": "single-vm"}) if not reason}


@pytest.mark.usefixtures("set_up")
@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_the_call_is_held_and_each_fallback_takes_over(born: Born, row: dict[str, str]) -> None:
    project = born("single-vm", *answers(row))
    kinds = kinds_of(row)
    turns = dict(zip(STAGES, (2, 3, 4), strict=True))
    report = project.call("FAULT=" + ",".join(f"{stage}:{kinds[stage]}@{turns[stage]}" for stage in STAGES))
    assert [turn["repeated"] for turn in report["turns"]] == [False] * 4, "nobody hears an apology"
    assert report["turns"][0]["answered_by"] == {stage: vendor(row, stage) for stage in STAGES}
    for stage in STAGES:
        assert report["turns"][turns[stage] - 1]["answered_by"][stage] == vendor(row, stage, "_fallback")
    _note(row, kinds, turns, report)


def _note(row: dict[str, str], kinds: dict[str, str], turns: dict[str, int], report: dict[str, Any]) -> None:
    """For `make providers`, which writes docs/providers.md from it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    waited = {stage: report["turns"][turns[stage] - 1]["latency_ms"]["voice_to_voice"] for stage in STAGES}
    made = {"row": row, "kinds": kinds, "first_ms": report["turns"][0]["latency_ms"]["voice_to_voice"], "waited_ms": waited}
    (RESULTS / f"{ROWS.index(row)}.json").write_text(json.dumps(made, indent=1) + "\n")
