"""What the providers do, measured: the bill, the verdicts, and everything that may not happen."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from livekit.agents import APIStatusError

from devkit import project, script, speech
from devkit.__main__ import main as devkit
from devkit.evidence import bill, measure, plan, proof, result, turns
from devkit.evidence.bill import Row
from devkit.evidence.measure import Failure, Measured
from devkit.evidence.plan import Planned, Used
from devkit.health import keys
from devkit.processes import WrongUse
from devkit.speech.tone import ToneVoice

KEY = "sk-rehearsal/0123456789+abcdef"
BRAIN = Planned("llm", "brain", "Brain", 100.0, 200.0, "USD/M tokens", 2.0, 8.0)


class Voice(ToneVoice):
    """Beeps that pass for a voice."""

    name = "beep"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the results go. There are keys, but no provider is asked, no voice is loaded and no call is held."""
    monkeypatch.setattr(result, "FOLDER", tmp_path / "evidence")
    monkeypatch.setattr(measure, "PAUSE_S", 0.0)
    monkeypatch.setattr(measure, "build", lambda *_: [Model() for _ in plan.read().models])
    monkeypatch.setattr(speech, "voice", lambda *_: Voice())
    monkeypatch.setattr(proof, "hold", lambda _: proof.Call([], [900, 1100], 0.5))
    monkeypatch.setattr(keys, "_env_file", lambda: tmp_path / ".env")
    for name in (*project.PROVIDER_KEYS, *project.PROVIDER_URLS):
        value = KEY if name.endswith("_KEY") else "rehearsal"
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1" if name in project.PROVIDER_URLS else value)
    return tmp_path / "evidence"


class Model:
    """A plugin that is there; what it answers is up to the test."""

    def on(self, *_: Any) -> None:
        """Never calls."""

    off = on

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.fixture
def answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[turns.Turn | Exception], None]:
    """Sets what every turn comes to."""

    def put(outcome: turns.Turn | Exception) -> None:
        async def take(*_: Any) -> turns.Turn:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        for name in ("recognise", "think", "speak"):
            monkeypatch.setattr(turns, name, take)

    return put


def written(folder: Path) -> tuple[dict[str, Any], str]:
    """The record and the page."""
    record: dict[str, Any] = json.loads(next(folder.glob("*.json")).read_text())
    return record, (folder / "README.md").read_text()


def run(*more: str) -> int:
    """The command; a price that the plan does not know is accepted."""
    return devkit(["evidence", "--turns", "2", "--yes", "--cap", "5", *more])


def test_who_refuses_has_failed(folder: Path, answer: Callable[..., None]) -> None:
    answer(APIStatusError("too many requests", status_code=429))
    assert run() == 5
    record, page = written(folder)
    assert {model["verdict"] for model in record["models"]} == {"failed"}
    errors = [error for model in record["models"] for error in model["errors"]]
    assert {(error["status"], error["kind"], error["count"]) for error in errors} == {(429, "APIStatusError", 3)}
    assert "3 x APIStatusError (429)" in page


@pytest.mark.parametrize(
    "message",
    [
        f"{KEY} is no key",
        f"see https://example.com/?key={quote(KEY, safe='')}",
        "x" * (measure.MESSAGE_LENGTH - 20) + KEY,  # cut off in the middle of the key
    ],
)
def test_no_secret_comes_out_of_an_error(
    message: str,
    folder: Path,
    answer: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer(APIStatusError(message, status_code=401))
    monkeypatch.setattr(proof, "hold", lambda _: proof.Call([f"the worker said {KEY}"]))
    assert run() == 5
    record, page = written(folder)
    told = capsys.readouterr()
    keyed = any(name.endswith("_KEY") for name in project.PROVIDER_KEYS)
    for text in (json.dumps(record), page, told.out, told.err):
        assert not keyed or "sk-reh" not in text
    assert ("the worker said (secret)" in page) == keyed


@pytest.mark.parametrize("value", ["", "change-me-0123456789"])
def test_without_keys_nothing_is_sent(
    value: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in project.PROVIDER_KEYS:
        monkeypatch.setenv(name, value)
    assert run() == 4
    told = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in told] == [*project.PROVIDER_KEYS, "Nothing"]
    assert all("Get it from" in line for line in told[:-1])
    assert not folder.exists()


def test_without_a_voice_nothing_is_sent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "voice", lambda *_: ToneVoice())
    assert run() == 4
    assert not folder.exists()


ROWS = [Row("ears", "5 min", 0.5), Row("brain", "9 tokens", 0.4)]


def test_a_bill_above_the_cap_is_refused() -> None:
    bill.agree(ROWS, 0.9, explicit=False, yes=True)
    with pytest.raises(WrongUse, match=r"0\.90 USD are more than the cap of 0\.89"):
        bill.agree(ROWS, 0.89, explicit=True, yes=True)


def test_an_unknown_price_needs_a_cap_that_somebody_named() -> None:
    rows = [*ROWS, Row("mouth", "7 characters", None)]
    bill.agree(rows, 1.0, explicit=True, yes=True)
    with pytest.raises(WrongUse, match="price unknown: mouth"):
        bill.agree(rows, 1.0, explicit=False, yes=True)


@pytest.mark.parametrize(("terminal", "answer", "agreed"), [(True, "y", True), (True, "", False), (False, "y", False)])
def test_somebody_must_agree(terminal: bool, answer: str, agreed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: terminal))
    monkeypatch.setattr("builtins.input", lambda _: answer)
    if agreed:
        bill.agree(ROWS, 1.0, explicit=False, yes=False)
        return
    with pytest.raises(WrongUse, match="nothing was sent"):
        bill.agree(ROWS, 1.0, explicit=False, yes=False)


@pytest.mark.parametrize("wrong", [["--turns", "0"], ["--cap", "0"], ["--cap", "nan"]])
def test_what_cannot_be_meant_is_refused(wrong: list[str], folder: Path) -> None:
    assert devkit(["evidence", "--yes", *wrong]) == 2
    assert not folder.exists()


def test_who_does_not_agree_sends_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    assert devkit(["evidence", "--cap", "9"]) == 2
    assert devkit(["evidence", "--cap", "0.0001", "--yes"]) == 2
    assert not folder.exists()


def test_the_cap_ends_a_run_that_costs_more_than_was_reckoned(
    folder: Path, answer: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(turns.Turn(100.0, Used(minutes=1e6)))
    monkeypatch.setattr(Planned, "cost", lambda _, used: 9.0 if used.minutes == 1e6 else 0.1)
    assert run() == 5
    record, _ = written(folder)
    assert [model["n"] for model in record["models"]] == [1] + [0] * (len(record["models"]) - 1)
    assert record["call"]["missed"] == ["not held: the cap was reached"]


@pytest.mark.parametrize(
    ("unit", "usd"),
    [("USD/min", 3.0), ("USD/min of speech", 3.0), ("USD/M characters", 4.0), ("USD/M tokens", 5.0 + 7.0)],
)
def test_each_provider_bills_in_its_own_unit(unit: str, usd: float) -> None:
    used = Used(minutes=3, characters=4_000_000, tokens_in=5_000_000, tokens_out=7_000_000 * (unit == "USD/M tokens"))
    assert Planned("llm", "a", "A", unit=unit, price=1.0, price_out=1.0).cost(used) == usd
    assert Planned("llm", "a", "A").cost(used) is None


def test_the_plan_predicts_every_model() -> None:
    found = plan.read().models
    assert [model.stage for model in found] == [stage for stage, of in project.VENDORS.items() for _ in of]
    assert all(model.p50_ms and model.p95_ms and model.unit for model in found)


def test_percentiles_are_values_that_were_measured() -> None:
    assert result.percentile([5.0], 0.95) == 5.0
    assert result.percentile([float(value) for value in range(100, 0, -1)], 0.95) == 95.0
    assert result.percentile([1.0, 2.0], 0.5) == 1.0


@pytest.mark.parametrize(
    ("ms", "failures", "planned", "expected", "reason"),
    [
        ([100.0] * 40 + [200.0] * 10, 0, BRAIN, "confirmed", "within 20%"),
        ([119.0] * 40 + [161.0] * 10, 5, BRAIN, "confirmed", "within 20%"),
        ([79.0] * 40 + [200.0] * 10, 0, BRAIN, "unverified", "P50 -21%"),
        ([100.0] * 40 + [250.0] * 10, 0, BRAIN, "unverified", "P95 +25%"),
        ([100.0] * 39 + [200.0] * 10, 0, BRAIN, "unverified", "49 turns, 50 are needed"),
        ([100.0] * 50, 0, Planned("llm", "a", "A"), "unverified", "predicts nothing"),
        ([100.0] * 44, 6, BRAIN, "failed", "6 of 50 turns failed"),
    ],
)
def test_a_figure_is_confirmed_within_a_fifth_of_the_plan(
    ms: list[float], failures: int, planned: Planned, expected: str, reason: str
) -> None:
    judged, why = result.verdict(Measured(planned, 50, ms, [Failure("E", 500, "", None)] * failures))
    assert judged == expected
    assert reason in why


def test_the_wait_that_a_provider_asks_for_is_found_behind_the_plugin() -> None:
    refusal = APIStatusError("too many", status_code=429)
    refusal.__context__ = ValueError()
    vars(refusal.__context__)["response"] = SimpleNamespace(headers={"retry-after": "7"})
    assert measure.retry_after(refusal) == 7.0
    assert measure.retry_after(ValueError()) is None


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, []),
        ({"greeting_ms": None}, ["the agent never said a word"]),
        ({"turns": [(1, 800), (2, None)]}, ["turn 2: no answer was heard"]),
        ({"turns": [(1, 800)]}, ["the call ended before the script did"]),
        ({"hung_up_by_agent": False}, ["the agent did not hang up at the end"]),
        ({"machine": {"ok": False, "over": ["late"]}}, ["machine too busy to judge the call: late"]),
    ],
)
def test_a_call_is_judged_by_what_a_caller_hears(change: dict[str, Any], missed: list[str]) -> None:
    held = script.Script(
        name="a", summary="b", language="en", ends=True, turns=[script.Turn(caller="Hello"), script.Turn(caller="Bye")]
    )
    heard: dict[str, Any] = {"greeting_ms": 300, "turns": [(1, 800), (2, 900)], "hung_up_by_agent": True}
    heard |= {"machine": {"ok": True, "over": []}} | change
    heard["turns"] = [{"number": number, "latency_ms": {"voice_to_voice": ms}} for number, ms in heard["turns"]]
    assert proof.judge(held, heard, []) == missed


def test_a_provider_that_fails_in_the_call_is_told() -> None:
    held = script.Script(name="a", summary="b", language="en", turns=[script.Turn(caller="Hello")])
    turn = {"number": 1, "latency_ms": {"voice_to_voice": 800}}
    heard = {"greeting_ms": 300, "turns": [turn], "hung_up_by_agent": False, "machine": {"ok": True}}
    told = proof.judge(held, heard, [{"stage": "tts", "kind": "APITimeoutError"}])
    assert told == ["a provider failed: tts, APITimeoutError"]
