"""Prices against the plan: what moved, what was unknown, and what is said without a network."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from devkit import prices, project
from devkit.__main__ import main as devkit
from devkit.processes import Trouble, free_port

RATES = "<Cube time='2026-11-24'><Cube currency='USD' rate='1.2500'/><Cube currency='JPY' rate='180'/></Cube>"
TABLE: dict[str, Any] = {
    "ears": {"input_cost_per_second": 0.00008},
    "brain": {"input_cost_per_token": 2e-6, "output_cost_per_token": 9e-6},
}


def entry(name: str, table: str, field: str, factor: int, value: float | None) -> dict[str, Any]:
    return {"name": name, "table": table, "field": field, "factor": factor, "price": {"value": value, "unit": "USD"}}


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A made-up plan; `write` puts it where it belongs."""
    monkeypatch.setattr(project, "ROOT", tmp_path)
    return {
        "prices": [
            entry("stt.ears", "ears", "input_cost_per_second", 60, 0.0048),
            entry("llm.brain", "brain", "input_cost_per_token", 1_000_000, 2.0),
        ],
        "eur": {"value": 0.82, "unit": "EUR/USD"},
        "unknown": [{"name": "redis", "label": "Redis", "fetch": "https://example.com/redis"}],
        "fetch": {"models": "http://127.0.0.1:9/models", "rates": "http://127.0.0.1:9/rates"},
    }


def write(plan: dict[str, Any]) -> None:
    path = project.ROOT / prices.PLAN
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cost": plan}))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """Pages of a server on loopback, by path; both addresses lead there."""
    pages = {"/models": json.dumps(TABLE).encode(), "/rates": RATES.encode()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page is not None else 404)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PRICES_URL", f"http://127.0.0.1:{server.server_port}/models")
    monkeypatch.setenv("RATES_URL", f"http://127.0.0.1:{server.server_port}/rates")
    yield pages
    server.shutdown()
    server.server_close()
    thread.join()


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    told = capsys.readouterr().out.splitlines()
    return {line.split()[0]: line.split()[1:] for line in told if line.strip()}


def test_prices_as_planned(plan: dict[str, Any], served: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    write(plan)
    assert devkit(["prices"]) == 0
    told = lines(capsys)
    assert told["stt.ears"] == ["0.0048", "0.0048", "+0%", "USD"]
    assert told["llm.brain"] == ["2", "2", "+0%", "USD"]
    assert told["euro"] == ["0.82", "0.8", "-2%", "EUR/USD"], "1.25 dollars a euro are 0.8 euros a dollar"
    assert "https://example.com/redis" in told["in"]


@pytest.mark.parametrize(("planned", "code"), [(1.667, 0), (1.66, 5), (2.49, 0), (2.51, 5)])
def test_more_than_a_fifth_is_told(plan: dict[str, Any], served: dict[str, bytes], planned: float, code: int) -> None:
    plan["prices"][1]["price"]["value"] = planned
    write(plan)
    assert devkit(["prices"]) == code


def test_a_euro_that_moved_is_told(
    plan: dict[str, Any], served: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    plan["eur"]["value"] = 0.6
    write(plan)
    assert devkit(["prices"]) == 5
    assert lines(capsys)["euro"][-1] == "MOVED"


def test_what_was_unknown_is_filled_in(
    plan: dict[str, Any], served: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    plan["prices"].append(entry("llm.brain.output", "brain", "output_cost_per_token", 1_000_000, None))
    plan["prices"].append(entry("tts.mouth", "mouth", "input_cost_per_character", 1_000_000, 30))
    plan["eur"]["value"] = None
    write(plan)
    assert devkit(["prices"]) == 0
    told = lines(capsys)
    assert told["llm.brain.output"][:2] == ["unknown", "9"]
    assert told["tts.mouth"][:2] == ["30", "unknown"], "the table does not have it"
    assert told["euro"][:2] == ["unknown", "0.8"]


@pytest.mark.parametrize("value", ["2", None, True, -1, [2]])
def test_a_table_with_nonsense_gives_unknown(
    plan: dict[str, Any], served: dict[str, bytes], value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    served["/models"] = json.dumps(TABLE | {"brain": {"input_cost_per_token": value}}).encode()
    write(plan)
    assert devkit(["prices"]) == 0
    assert lines(capsys)["llm.brain"][:2] == ["2", "unknown"]


@pytest.mark.parametrize(
    ("page", "body"), [("/models", b"<html>"), ("/models", b"[]"), ("/models", b"\xff\xfe"), ("/rates", b"<html>")]
)
def test_a_broken_table_is_one_line(
    plan: dict[str, Any], served: dict[str, bytes], page: str, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    served[page] = body
    write(plan)
    assert devkit(["prices"]) == 4
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 1
    assert not told.out


def test_no_network_is_one_line(
    plan: dict[str, Any], served: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(plan)
    monkeypatch.setenv("PRICES_URL", f"http://127.0.0.1:{free_port()}/models")
    assert devkit(["prices"]) == 4
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 1
    assert "PRICES_URL" in told.err


def test_a_page_that_is_not_there_is_one_line(
    plan: dict[str, Any], served: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    write(plan)
    served.pop("/rates")
    assert devkit(["prices"]) == 4
    assert "/rates cannot be read" in capsys.readouterr().err


def test_a_missing_plan_is_named(plan: dict[str, Any]) -> None:
    with pytest.raises(Trouble, match=r"plan\.json is missing"):
        prices.main([])
    write(plan)
    (project.ROOT / prices.PLAN).write_text("{}")
    with pytest.raises(Trouble, match=r"plan\.json is no plan"):
        prices.main([])
