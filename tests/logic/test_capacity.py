"""Layer 1: what the plan says about capacity, against calls that come and go, by hand, and at both ends of what is accepted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_planner.errors import Refused
from tests.logic import modules, simulate
from tests.support import PRESETS, planned

LIMITS = modules.catalogue()["limits"][0]
ORDER = ["measured", "official", "third-party", "judgement"]


def capacity(**answers: Any) -> dict[str, Any]:
    found: dict[str, Any] = planned(**answers)["document"]["capacity"]
    return found


def values(**answers: Any) -> dict[str, Any]:
    return {name: figure["value"] for name, figure in capacity(**answers).items() if "value" in figure}


def test_a_hand_computed_plan() -> None:
    """front-desk: 240 calls an hour of 4 minutes, no growth, 30 minutes the longest, 1 % may find no line; agents on GKE.

    240 * 4 / 60 = 16 E. A table of Erlang B gives 25 lines at 1 % (24: 1.4 %). A job outlives its call by 8 s: 16 + 240 * 8 / 3600
    = 16.53 E, 26 jobs. 4 cores * 0.7 / 0.18 = 15.6, so 15 jobs a worker, 26 / 15: 2 workers.
    0.2 calls come in the 3 s that a process needs to warm up, at most 3 in 999 of 1,000 cases: 3 stand warm. Krisp takes 0.08 GiB in each
    process: 0.54 + 4 * 0.08 = 0.86 idle, 0.155 a call, 2 * (0.86 + 15 * 0.155) = 6.4, so 7 GiB; a call that takes 4 * 0.24 GiB is ended.
    A worker is there after 17 + 120 = 137 s; 240 / 3600 * 137 = 9.13 calls come meanwhile, at most 20 in 999 of 1,000 cases: 2 workers more
    and a spare, 5. A deploy at the peak has them twice: 10. The longest call and 8 s are 30.1, so 31 minutes = 1,860 s, and 60 s more for
    the grace. 15 jobs * 8 sockets = 120, so 128 NAT ports; 10 * 128 = 1,280 of 64,512.
    """
    found = values(preset="front-desk")
    expected = {
        "offered_load_erlangs": 16, "lines": 25, "jobs": 26, "jobs_per_worker": 15, "worker_cpu": 4, "worker_memory_gib": 7, "workers": 2,
        "idle_processes": 3, "memory_idle_gib": 0.86, "memory_call_gib": 0.155, "job_memory_mb": 1000, "load_threshold": 0.7,
        "start_lag_seconds": 137, "headroom_calls": 20, "workers_min": 2, "workers_max": 5, "workers_in_deploy": 10, "cores_in_deploy": 40,
        "drain_seconds": 1860, "grace_seconds": 1920, "sip_channels": 25, "rtp_ports": 0, "sfu_nodes": 0, "nat_ports_per_worker": 128,
        "nat_addresses": 1, "agent_sessions": 26, "stt_streams": 25, "tts_generations": 2, "token_ttl_minutes": 10,
        "max_unrecoverable_errors": 3,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert found["blocking"] == pytest.approx(simulate.erlang_b(16, 25), abs=1e-5)


def test_a_hand_computed_machine() -> None:
    """single-vm: 30 * 1.5 calls of 4 minutes are 3 E, 8 lines (7: 2.2 %), 8 jobs; media and agent on one machine: 0.18 + 0.02 cores a call.

    8 * 0.2 / 0.7 = 2.3 cores: a machine of 4, which takes 4 * 0.7 / 0.2 = 14; without Krisp 2 * (0.54 + 14 * 0.075) = 3.2 GiB. A deploy drains 21 minutes and starts in 17 s: 1,277 s.
    """
    found = values(preset="single-vm")
    assert (found["lines"], found["jobs"], found["worker_cpu"], found["jobs_per_worker"]) == (8, 8, 4, 14)
    assert (found["worker_memory_gib"], found["idle_processes"], found["job_memory_mb"]) == (4, 2, 700)
    assert (found["workers"], found["workers_max"], found["workers_in_deploy"], found["sfu_nodes"]) == (1, 1, 1, 1)
    assert (found["deploy_gap_seconds"], found["jobs_without_place"]) == (1277, 0)
    assert values(preset="single-vm", worker_cpu=2)["jobs_without_place"] == 1
    assert values(preset="single-vm", peak_calls_per_hour=20000, mean_call_minutes=6)["jobs_without_place"] > 2000


def test_hand_computed_telephone_ports() -> None:
    """regulated-eu: 300 * 1.5 = 450 calls an hour of 6 minutes, 45 E, 61 lines at 0.5 %.

    75 calls end in 10 minutes, at most 103 in 999 of 1,000 cases: (61 + 103) * 2 = 328 ports are busy.
    """
    found = values(preset="regulated-eu")
    assert (found["lines"], found["rtp_ports"], found["sfu_nodes"]) == (61, 328, 2)


def test_a_region_is_a_cell_of_its_own() -> None:
    """contact-centre: 2,000 * 1.5 calls of 5 minutes are 250 E, 125 in each of two regions: 144 lines each at 1 %, not 273 for all."""
    found = capacity(preset="contact-centre")
    region = {name: figure["value"] for name, figure in found["region"].items()}
    assert (region["count"], region["lines"], found["lines"]["value"]) == (2, 144, 288)
    assert found["workers"]["value"] == 2 * region["workers"]
    places = region["workers_max"] * found["jobs_per_worker"]["value"]
    held = 3000 * (5 + 8 / 60) / 60
    assert region["blocking_when_one_is_lost"] == pytest.approx(simulate.erlang_b(held, places), abs=0.0001)
    assert region["blocking_when_one_is_lost"] == pytest.approx(simulate.blocked(3000, 5, places, after_seconds=8), abs=0.01)
    enough = region["workers_when_one_is_lost"] * found["jobs_per_worker"]["value"]
    assert simulate.erlang_b(held, enough) <= 0.01
    assert "region" not in capacity(preset="front-desk")


@pytest.mark.parametrize("preset", PRESETS)
def test_the_planned_lines_and_workers_block_as_few_calls_as_planned(preset: str) -> None:
    document = planned(preset=preset)["document"]
    found, answers = document["capacity"], document["answers"]
    cells = len(answers["regions"])
    calls = answers["peak_calls_per_hour"] * answers["growth_factor"] / cells
    share = simulate.blocked(calls, answers["mean_call_minutes"], found["lines"]["value"] // cells)
    planned_share = found["blocking"]["value"]
    assert planned_share <= answers["blocking_target"]
    assert abs(share - planned_share) <= max(0.2 * planned_share, 0.002)
    places = found["workers"]["value"] // cells * found["jobs_per_worker"]["value"]
    assert places >= found["jobs"]["value"] // cells
    of_jobs = simulate.blocked(
        calls, answers["mean_call_minutes"], found["jobs"]["value"] // cells, after_seconds=LIMITS["job_end_seconds"]["value"]
    )
    assert of_jobs <= answers["blocking_target"] * 1.2


@pytest.mark.parametrize("preset", PRESETS)
def test_a_burst_while_a_worker_starts_fits_into_what_is_kept_free(preset: str) -> None:
    document = planned(preset=preset)["document"]
    found, answers = values(preset=preset), document["answers"]
    cells = len(answers["regions"])
    mean = answers["peak_calls_per_hour"] * answers["growth_factor"] / cells / 3600 * found["start_lag_seconds"]
    assert found["headroom_calls"] == cells * simulate.arrivals_at_most(mean, 0.999)
    if "jobs_without_place" not in found:
        assert (found["workers_max"] - found["workers"]) * found["jobs_per_worker"] >= found["headroom_calls"] + found["jobs_per_worker"]


@pytest.mark.parametrize("peak", [1, 240, 5000])
def test_a_burst_while_a_process_warms_up_finds_others_warm(peak: int) -> None:
    found = values(preset="front-desk", peak_calls_per_hour=peak, jobs_per_worker=10)
    rare = simulate.arrivals_at_most(peak / 3600 * LIMITS["process_start_seconds"]["value"], 0.999)
    assert found["idle_processes"] == min(10, max(2, rare))


LOADS = st.fixed_dictionaries(
    {
        "preset": st.sampled_from(["web-assistant", "front-desk", "contact-centre", "single-vm"]),
        "peak_calls_per_hour": st.integers(1, 5000),
        "mean_call_minutes": st.floats(0.5, 10).map(lambda value: round(value, 2)),
        "longest_call_minutes": st.integers(10, 240),
        "blocking_target": st.sampled_from([0.1, 0.01, 0.001, 0.0001]),
        "growth_factor": st.sampled_from([1, 1.5, 3]),
    }
)


@settings(max_examples=10, deadline=None)
@given(load=LOADS, more=st.integers(1, 5000), longer=st.integers(0, 120))
def test_more_load_never_needs_less(load: dict[str, Any], more: int, longer: int) -> None:
    greater = {
        **load,
        "peak_calls_per_hour": load["peak_calls_per_hour"] + more,
        "longest_call_minutes": min(240, load["longest_call_minutes"] + longer),
    }
    less, greater_ = values(**load), values(**greater)
    shrinks = {"blocking", "jobs_per_worker", "nat_ports_per_worker"}
    assert [name for name in less if name not in shrinks and greater_[name] < less[name]] == []


@settings(max_examples=10, deadline=None)
@given(load=LOADS, longer=st.integers(0, 120))
def test_a_longer_longest_call_never_gives_a_shorter_drain(load: dict[str, Any], longer: int) -> None:
    less, more = values(**load), values(**{**load, "longest_call_minutes": min(240, load["longest_call_minutes"] + longer)})
    assert less["drain_seconds"] >= load["longest_call_minutes"] * 60 + LIMITS["job_end_seconds"]["value"]
    assert more["drain_seconds"] >= less["drain_seconds"]
    assert more["grace_seconds"] - more["drain_seconds"] == less["grace_seconds"] - less["drain_seconds"] == 60


@pytest.mark.parametrize("preset", ["front-desk", "contact-centre", "single-vm"])
def test_half_and_twice_the_load_are_planned_as_if_they_were_the_load(preset: str) -> None:
    answers = planned(preset=preset)["document"]["answers"]
    for row in capacity(preset=preset)["sensitivity"]:
        other = values(preset=preset, peak_calls_per_hour=int(answers["peak_calls_per_hour"] * row["factor"]))
        assert (row["lines"]["value"], row["workers"]["value"]) == (other["lines"], other["workers"])
        assert row["cores"]["value"] == other["workers"] * other["worker_cpu"]


def test_what_an_expert_answers_is_taken() -> None:
    answers = {
        "jobs_per_worker": 7, "worker_cpu": 8, "worker_memory_gib": 12, "drain_minutes": 33, "max_unrecoverable_errors": 5,
        "token_ttl_minutes": 20, "llm_first_token_deadline_ms": 2200,
    }  # fmt: skip
    found = capacity(preset="front-desk", **answers)
    derived = capacity(preset="front-desk")
    for name, (figure, value) in {
        "jobs_per_worker": ("jobs_per_worker", 7),
        "worker_cpu": ("worker_cpu", 8),
        "worker_memory_gib": ("worker_memory_gib", 12),
        "drain_minutes": ("drain_seconds", 1980),
        "max_unrecoverable_errors": ("max_unrecoverable_errors", 5),
        "token_ttl_minutes": ("token_ttl_minutes", 20),
        "llm_first_token_deadline_ms": ("first_token_deadline_ms", 2200),
    }.items():
        assert found[figure]["value"] == value
        assert found[figure]["inputs"] == [name]
        assert derived[figure]["value"] != value
    assert found["workers"]["value"] == 4
    assert planned(preset="front-desk", **answers)["pipeline"]["first_token_deadline_ms"] == 2200


@pytest.mark.parametrize("preset", PRESETS)
def test_a_figure_is_as_certain_as_its_least_certain_input(preset: str) -> None:
    document = planned(preset=preset)["document"]
    found = document["capacity"]
    answered = {*document["answers"], "jobs_per_worker", "worker_cpu", "llm_fallback"}
    for name, figure in found.items():
        if "value" not in figure:
            continue
        grades = [
            LIMITS[path.removeprefix("catalogue.limits.")]["confidence"] for path in figure["inputs"] if path.startswith("catalogue.")
        ]
        grades += [found[path]["confidence"] for path in figure["inputs"] if path in found and path != name]
        assert figure["confidence"] == max(grades, key=ORDER.index, default="measured"), name
        assert all(path.startswith("catalogue.limits.") or path in found or path in answered for path in figure["inputs"]), figure


EXTREMES = {
    "peak_calls_per_hour": (1, 20000), "mean_call_minutes": (0.5, 60), "longest_call_minutes": (1, 240), "blocking_target": (0.0001, 0.1),
    "growth_factor": (1, 5),
}  # fmt: skip
EXPERT = {
    "jobs_per_worker": (1, 500), "worker_cpu": (1, 128), "worker_memory_gib": (1, 512), "drain_minutes": (1, 300), "token_ttl_minutes": (1, 360),
    "max_unrecoverable_errors": (1, 20), "llm_first_token_deadline_ms": (300, 20000),
}  # fmt: skip


def leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from leaves(child)
    else:
        yield node


@pytest.mark.parametrize("preset", ["single-vm", "contact-centre"])
def test_no_accepted_extreme_gives_a_number_that_is_none(preset: str) -> None:
    tried = 0
    for corner in itertools.product(*EXTREMES.values()):
        load = dict(zip(EXTREMES, corner, strict=True))
        if load["mean_call_minutes"] <= load["longest_call_minutes"] and load["growth_factor"] * corner[0] * corner[1] / 60 <= 5000:
            tried += 1
            expert = {name: ends[tried % 2] for name, ends in EXPERT.items()} if tried % 3 else {}
            document = planned(preset=preset, **load, **expert)["document"]
            assert all(math.isfinite(leaf) for leaf in leaves(document) if isinstance(leaf, float))
            assert all(leaf.lower() not in {"nan", "inf", "-inf"} for leaf in leaves(document) if isinstance(leaf, str))
            assert all(figure["value"] >= 0 for figure in document["capacity"].values() if "value" in figure)
    assert tried > 10


@pytest.mark.parametrize(
    ("given_", "field", "nearest"),
    [
        ({"peak_calls_per_hour": 0}, "peak_calls_per_hour", "1 to 20000"),
        ({"peak_calls_per_hour": 100_000}, "peak_calls_per_hour", "1 to 20000"),
        ({"longest_call_minutes": 480}, "longest_call_minutes", "1 to 240"),
        ({"mean_call_minutes": 480}, "mean_call_minutes", "0.5 to 60"),
        ({"mean_call_minutes": float("nan")}, "mean_call_minutes", "0.5 to 60"),
        ({"mean_call_minutes": "inf"}, "mean_call_minutes", "0.5 to 60"),
        ({"blocking_target": "nan"}, "blocking_target", "0.0001 to 0.1"),
        ({"growth_factor": "-inf"}, "growth_factor", "1 to 5"),
        ({"longest_call_minutes": 3}, "longest_call_minutes", "4 or more"),
        ({"peak_calls_per_hour": 20000, "mean_call_minutes": 60}, "mean_call_minutes", "at most 15"),
        ({"peak_calls_per_hour": 20000, "growth_factor": 5, "mean_call_minutes": 10}, "growth_factor", "at most 1.5"),
        *(({name: value}, name, f"{low} to {high}") for name, (low, high) in EXPERT.items() for value in (low - 1, high + 1, float("nan"), "inf", True)),
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_refused_with_the_nearest_that_is_not(given_: dict[str, Any], field: str, nearest: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(**given_)
    problem = next(problem for problem in refused.value.problems if problem.field == field)
    assert nearest in f"{problem.reason} {problem.fix}"


LISTS = {
    "channels": ["web", "inbound_phone", "outbound_phone"], "languages": ["en", "de"], "regions": ["us-central1", "us-east4"],
    "environments": ["staging", "production"], "compliance": ["gdpr", "hipaa", "pci"],
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_the_order_of_a_list_of_answers_changes_nothing(name: str) -> None:
    fixed = {**LISTS, "preset": "contact-centre", "primary_language": "en", "home_region": "us-central1"}
    documents = [planned(**{**fixed, name: list(order)})["document"] for order in (LISTS[name], LISTS[name][::-1])]
    for document in documents:
        document["answers"][name] = sorted(document["answers"][name])
    assert documents[0] == documents[1]
