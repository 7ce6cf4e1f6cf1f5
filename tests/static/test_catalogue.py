"""What the catalogue claims: every figure whole, dated, not stale, and read by something."""

from __future__ import annotations

import shutil
import zoneinfo
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import catalogue_check as check

ENTRIES = list(check.entries())
AS_OF = check.as_of()
MODELS = ("stt", "llm", "tts")
RESIDENCIES = {"none", "us", "eu"}


def records(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = check.load(name)
    return found


def test_every_figure_is_whole_and_fresh() -> None:
    assert len(ENTRIES) > 150
    wrong = {entry.name: faults for entry in ENTRIES if (faults := entry.faults(AS_OF))}
    assert not wrong, "make catalogue-check prints them all"


def test_nothing_is_dead() -> None:
    assert check.dead() == [], "no logic, sentence or template reads these"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"value": None}, None),
        ({"value": "12"}, "value is not a number"),
        ({"value": True}, "value is not a number"),
        ({"confidence": "certain"}, "confidence certain"),
        ({"date": date(2026, 11, 1)}, "date is no text like 2026-11-24"),
        ({"date": str(AS_OF + timedelta(days=1))}, "from the future"),
        ({"date": str(AS_OF - timedelta(days=180))}, None),
        ({"date": str(AS_OF - timedelta(days=181))}, "stale"),
        ({"source": ...}, "lacks source"),
        ({"unit": ...}, "lacks unit"),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], fault: str | None) -> None:
    record = {"value": 1, "unit": "s", "source": "a page", "date": str(AS_OF), "confidence": "official"} | change
    record = {key: value for key, value in record.items() if value is not ...}
    assert check.Entry("x", record).faults(AS_OF) == ([fault] if fault else [])


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy of the template, to be spoilt."""
    shutil.copytree(check.ROOT / "template", tmp_path / "template")
    return tmp_path / "template"


def test_the_list_marks_what_is_stale_or_dead(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = template / "catalogue" / "limits.yml"
    old = str(AS_OF - timedelta(days=200))
    limits.write_text(limits.read_text() + f'nobody_reads_me: {{value: 1, unit: s, source: a page, date: "{old}", confidence: official}}\n')
    assert check.main(template / "catalogue") == 5
    told = capsys.readouterr().out
    assert "stale, dead" in told.split("limits.nobody_reads_me")[1].splitlines()[1]
    assert "limits.nobody_reads_me" in check.dead(template / "catalogue")


def test_a_field_of_a_record_that_nothing_reads_is_dead(template: Path) -> None:
    vendors = template / "catalogue" / "vendors.yml"
    vendors.write_text(vendors.read_text().replace("  plugin: deepgram\n", "  plugin: deepgram\n  nobody_reads_me: 1\n"))
    assert "vendors.deepgram.nobody_reads_me" in check.dead(template / "catalogue")


def test_the_list_of_the_repository_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main() == 0
    assert "0 entries are stale" in capsys.readouterr().out


@pytest.mark.parametrize("stage", MODELS)
def test_a_model_says_when_it_retires_and_what_it_costs(stage: str) -> None:
    prices, vendors = check.load("prices")[stage], records("vendors")
    assert set(prices) == set(records(stage)), "one price a model"
    for key, record in records(stage).items():
        assert record["retires"] is None or date.fromisoformat(record["retires"]), key
        assert record["vendor"] in vendors
        assert prices[key]["value"] is not None or prices[key]["fetch"], key
        assert stage != "llm" or {"cached", "output"} <= set(prices[key])


def test_a_vendor_says_what_a_contract_must_hold() -> None:
    known = check.load("limits")["concurrency"]
    traits = (check.ROOT / "template/logic/traits.jinja").read_text()
    for key, record in records("vendors").items():
        assert set(record["agreements"]) == {"gdpr", "hipaa"}, key
        assert record["larger"], key
        assert record["page"], key
        for condition in record["conditions"]:
            assert isinstance(condition["larger"], bool), key
            assert all(f"'{need}'" in traits for need in condition["needs"]), key
        if "plugin" in record:  # it stands behind a model
            assert record["residency"], key
            assert set(record["residency"]) <= RESIDENCIES, key
            assert record["retention"]["switch"], key
    assert set(known) <= set(records("vendors"))
    for key, stages in known.items():
        for stage, tiers in stages.items():
            assert stage in MODELS
            assert any(model["vendor"] == key for model in records(stage).values())
            sizes = [tier["value"] for tier in tiers]
            assert sizes == sorted(sizes), f"{key}: the smallest first"
            assert len({tier["unit"] for tier in tiers}) == 1


def test_low_and_high_surround_a_price() -> None:
    """Of a price; other figures may name low and high of the cost that follows, which runs the other way."""

    def inspect(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("value") is not None and {"low", "high"} & set(value):
                assert value.get("low", value["value"]) <= value["value"] <= value.get("high", value["value"]), value
            for inner in value.values():
                inspect(inner)

    inspect(check.load("prices"))


def test_unknown_prices_say_where_they_are_to_be_had() -> None:
    prices = check.load("prices")
    for carrier, record in prices["carriers"].items():
        assert record["fetch"], carrier
    for record in [
        *prices["telemetry"].values(),
        prices["recording"],
        prices["machines"]["redis_month"],
        prices["machines"]["traffic_gib"],
    ]:
        assert record["value"] is not None or record["fetch"]
    assert set(prices["carriers"]) == set(records("carriers"))


def test_every_surcharge_names_a_model() -> None:
    assert set(check.load("prices")["residency_surcharge"]) <= set(records("llm"))


def test_time_zones_are_those_of_iana() -> None:
    zones = records("zones")
    listed = {f"{continent}/{place}" for continent, places in zones.items() for place in places}
    assert len(listed) > 400
    assert sorted(listed - zoneinfo.available_timezones()) == []
    named = [record["time_zone"] for name in ("regions", "languages") for record in records(name).values()]
    assert {zone for zone in named if zone} <= listed


def test_yaml_leaves_no_date_unquoted() -> None:
    for path in check.CATALOGUE.glob("*.yml"):
        assert "datetime.date" not in repr(yaml.safe_load(path.read_text())), path.name
