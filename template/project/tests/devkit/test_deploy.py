"""Who counts as dropped and who as lost, and what of it is told."""

from __future__ import annotations

import pytest

from devkit import deploy
from devkit.crowd import Visit
from devkit.deploy import Stop
from devkit.processes import WrongUse

STOP = Stop(told=100.0, calls=1, seconds=12.0, code=0)
RUNS = Visit(1, 95.0, 96.0, [0.8], 110.0)
COMES = Visit(2, 100.0, 101.0, [0.9], 112.0)
DROPPED = Visit(3, 95.0, 96.0, [], 110.0, "the agent left")
LOST = Visit(4, 99.9, None, [], 115.0, "never greeted")


def test_a_deploy_without_harm_is_told_with_its_confidence() -> None:
    made = deploy.report([RUNS, COMES], [STOP], None)
    assert made["ok"]
    assert (made["running"]["of"], made["new"]["of"]) == (1, 2)
    said = "\n".join(deploy.told(made))
    assert "0 of 1 (with 95% confidence at most 95.0%)" in said
    assert "0 of 2 (with 95% confidence at most 77.6%)" in said


def test_a_call_that_ran_is_dropped_and_one_that_came_is_lost() -> None:
    made = deploy.report([RUNS, COMES, DROPPED, LOST], [STOP], None)
    assert not made["ok"]
    assert (made["running"]["failed"], made["running"]["of"]) == (1, 2)
    assert (made["new"]["failed"], made["new"]["of"]) == (1, 4)
    assert "call 4: never greeted" in "\n".join(deploy.told(made))


def test_a_worker_that_does_not_end_well_is_a_failure() -> None:
    made = deploy.report([RUNS, COMES], [Stop(100.0, 1, 3.0, -9)], None)
    assert not made["ok"]
    assert "code -9" in deploy.told(made)[-1]


@pytest.mark.parametrize("at_once", ["1", "9"])
def test_more_calls_than_a_drill_holds_are_wrong_use(at_once: str) -> None:
    with pytest.raises(WrongUse, match="2 to 8"):
        deploy.main(["--at-once", at_once])
