"""What fails: every line that is promised as a signal is in the repository, every drill can be run."""

from __future__ import annotations

import functools
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.support import PRESETS, ROOT, planned, render

EMITTED: list[dict[str, Any]] = [
    {"preset": "web-assistant"},
    {"preset": "single-vm"},
    {"preset": "web-assistant", "llm_fallback": "none", "tts_fallback": "deepgram-aura-2"},
    {"preset": "web-assistant", "llm_hedging": "p90"},
]
# Lines that a server or the framework writes: named here, because a project holds no source of them.
THEIRS = {"livekit-agents", "livekit-server", "livekit-sip"}
KINDS: dict[str, tuple[str, ...]] = runpy.run_path(str(ROOT / "template/project/devkit/emulators/faults.py"))["KINDS"]
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "template/project/Makefile.jinja").read_text(), re.M))
ALL = [{"preset": preset} for preset in PRESETS] + EMITTED[2:]


@functools.cache
def known(answers: tuple[tuple[str, Any], ...]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = planned(**dict(answers))["document"]["failures"]
    return found


def failures(answers: dict[str, Any]) -> list[dict[str, Any]]:
    return known(tuple(answers.items()))


@pytest.mark.parametrize("answers", ALL, ids=str)
def test_a_failure_is_told_once_and_shortly(answers: dict[str, Any]) -> None:
    rows = failures(answers)
    assert 6 <= len(rows) <= 12
    names = [row["failure"] for row in rows]
    assert len(names) == len(set(names))
    for row in rows:
        words = " ".join([row["failure"], row["effect"], row["lasts"], row["action"], row["signal"]["text"]])
        assert len(words.split()) <= 45, (len(words.split()), words)
        assert "${" not in str(row)
        assert re.search(r"\d", row["effect"] + row["lasts"]) or row["lasts"] == "The whole call.", row["lasts"]


@pytest.mark.parametrize("answers", ALL, ids=str)
def test_a_drill_can_be_run(answers: dict[str, Any]) -> None:
    for row in failures(answers):
        target = re.match(r"make ([a-z0-9-]+)", row["drill"])
        assert target, row["drill"]
        assert target[1] in TARGETS or "(planned)" in row["drill"], row["drill"]
        fault = re.search(r"FAULT=([a-z]+)(?:-all)?:([a-z0-9-]+)(?:@\d+)?$", row["drill"])
        assert bool(fault) == ("FAULT" in row["drill"])
        if fault:
            assert fault[2] in KINDS[fault[1]], row["drill"]


@pytest.mark.parametrize("answers", EMITTED, ids=str)
def test_a_signal_is_in_its_file(answers: dict[str, Any], tmp_path: Path) -> None:
    project = render(tmp_path / "agent", answers)
    for row in failures(answers):
        if row["signal"]["file"] in THEIRS:
            continue
        assert row["signal"]["text"] in (project / row["signal"]["file"]).read_text(), row["signal"]


def test_what_a_row_allows_is_what_the_code_allows(tmp_path: Path) -> None:
    runtime = render(tmp_path / "agent", {"preset": "web-assistant"}) / "src" / "my_agent" / "runtime"
    observed = (ROOT / "template/catalogue/observed.yml").read_text()

    def figure(name: str) -> float:
        found = re.search(rf"^{name}: {{value: ([0-9.]+),", observed, re.M)
        assert found
        return float(found[1])

    def limit(name: str) -> float:
        found = re.search(rf"^{name}: {{value: ([0-9.]+),", (ROOT / "template/catalogue/limits.yml").read_text(), re.M)
        assert found
        return float(found[1])

    breaker = (runtime / "breaker.py").read_text()
    assert f"ASKED_AGAIN_S: Final = {limit('asked_again_ms') / 1000}" in (runtime / "ears.py").read_text()
    assert f"REST_S: Final = {figure('model_rest_seconds')}" in breaker


def test_only_what_was_chosen_can_fail() -> None:
    for preset in ("web-assistant", "single-vm"):
        text = str(failures({"preset": preset}))
        assert not re.search(r"phone|SIP|trunk|carrier|Redis", text)
    assert "Redis" in str(failures({"preset": "contact-centre"}))
