"""What calls cost is measured right, and said against the plan."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from devkit import footprint, load
from devkit.chances import at_most
from devkit.crowd import Visit
from devkit.footprint import Footprint, Sample
from devkit.processes import Child, Trouble, WrongUse

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory and time of a tree are Linux's to tell")
BUSY = """
import subprocess, sys
code = "held = bytearray(50 * 2**20); print('up', flush=True)\\nwhile True: pass"
subprocess.run([sys.executable, "-c", code])
"""


@linux
def test_the_footprint_is_that_of_the_whole_tree(tmp_path: Path) -> None:
    with Child("busy", [sys.executable, "-c", BUSY], tmp_path / "log", os.environ, tmp_path) as child:
        child.wait_for("up", 10)
        seen = Footprint(child.pid)
        seen.sample()
        time.sleep(0.6)
        seen.sample()
    assert 50 < footprint.most_memory_mib(seen.samples) < 150, "50 MiB of a child's own, and two interpreters"
    assert 0.1 < footprint.cores(seen.samples) <= 1.2
    before = seen.samples[-1].cpu_s
    assert seen.sample().cpu_s == pytest.approx(before, abs=0.2), "what ended stays counted"
    assert seen.samples[-1].memory_mib == 0.0


def test_too_few_looks_are_no_measurement() -> None:
    assert footprint.cores([Sample(1.0, 5.0, 5.0)]) == 0.0
    assert footprint.most_memory_mib([]) == 0.0


@pytest.mark.parametrize(
    ("failed", "tries", "expected"),
    [(0, 100, 0.0295), (0, 14, 0.193), (9, 39, 0.368), (1, 100, 0.0466), (3, 3, 1.0)],
)
def test_so_many_good_calls_promise_so_much(failed: int, tries: int, expected: float) -> None:
    assert at_most(failed, tries) == pytest.approx(expected, abs=0.001)


PLAN = load.Planned(
    jobs_per_worker=15,
    worker_cores=4,
    full_at=0.7,
    cores_a_call=0.18,
    mib_a_call=140,
    mib_idle=800,
    idle_processes=2,
    process_start_s=3.0,
)


def measured(*visits: Visit) -> dict[str, Any]:
    worker = Footprint(os.getpid())
    worker.samples = [Sample(at, 1000.0, 0.4 * at) for at in range(30)]
    return load.report(visits, worker, idle_mib=700.0, busy=0.5, since=4.0)


def test_a_call_costs_what_it_adds_while_all_of_them_run() -> None:
    made = measured(Visit(1, 0.0, 1.0, [0.8], 20.0), Visit(2, 2.0, 4.0, [1.0, 1.2], 22.0))
    assert made["measured"] == {"seconds_together": 16.0, "cores_a_call": 0.2, "mib_a_call": 150, "mib_idle": 700}
    assert (made["lost"], made["failed"]) == (0, 0)
    assert made["answer_s"] == {"min": 0.8, "median": 1.0, "max": 1.2, "count": 3}
    rows = load.table(made, PLAN)
    assert rows[0].endswith("0 lost, 0 failed")
    assert [row.split()[-2:] for row in rows[-4:]] == [["0.200", "0.180"], ["150", "140"], ["700", "800"], ["14", "15"]]


def test_lost_and_failed_calls_are_told_apart() -> None:
    good, lost = Visit(1, 0.0, 1.0, [0.8], 20.0), Visit(2, 0.0, None, [], 20.0, "never greeted")
    made = measured(good, lost, Visit(3, 0.0, 1.0, [], 20.0, "never answered"))
    assert (made["lost"], made["failed"]) == (1, 1)


def test_calls_that_never_ran_together_are_not_reckoned_with() -> None:
    made = measured(Visit(1, 0.0, 1.0, [0.8], 3.0), Visit(2, 3.5, 4.0, [0.8], 9.0))
    assert "was not measured" in load.table(made, PLAN)[-1]


@pytest.mark.parametrize(
    ("given", "fix"),
    [(["--calls", "0"], "--calls 0: at least 1"), (["--apart", "-1"], "--apart -1: 0 s or more")],
)
def test_what_cannot_be_held_is_wrong_use(given: list[str], fix: str) -> None:
    with pytest.raises(WrongUse, match=fix):
        load.main(given)


def test_the_plan_of_this_project_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = load.planned()
    assert plan.jobs_per_worker >= 1
    assert 0 < plan.cores_a_call < 1 < plan.mib_a_call < plan.mib_idle
    monkeypatch.setattr("devkit.project.ROOT", tmp_path)
    with pytest.raises(Trouble, match="copier update"):
        load.planned()
