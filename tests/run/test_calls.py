"""Single calls by the commands of the README: held, broken, side by side."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import yaml

from tests.run.projects import TOO_BUSY, Project, clean_environment

Born = Callable[..., Project]
MISSING, CHECK_FAILED = 4, 5
CALLING = "calling, 1 turns in real time ...\n"
CORES = os.cpu_count() or 1
TEAM = ("agents=team", "telemetry=grafana", "thinking_sound=true")


def test_the_newborn_project_holds_a_conversation(born: Born) -> None:
    project = born("web-assistant")
    report = project.call()
    assert len(report["turns"]) >= 4
    assert report["wer"] <= 0.10
    assert any(turn["tools"] for turn in report["turns"])
    assert all((project.path / "build/call" / name).stat().st_size > 0 for name in ("call.wav", "transcript.md"))


def test_dead_providers_are_heard_as_sentences(born: Born) -> None:
    project = born("web-assistant")
    report = project.call("FAULT=llm-all:hang@1,stt:silent@2,tts:http-500@3")
    assert {error["stage"] for error in report["errors"] if error["spoken"]} == {"stt", "llm", "tts"}
    said = [turn["apology"] for turn in report["turns"] if turn["apology"]]
    assert [apology["whole"] for apology in said] == [True] * 3
    assert report["dead_air_ms_max"] >= max(turn["latency_ms"]["audible"] for turn in report["turns"])


def test_calls_are_held_side_by_side_and_while_a_worker_replaces_another(born: Born) -> None:
    project = born("web-assistant")
    project.make("load", "CALLS=2")
    measured = json.loads((project.path / "build/load/report.json").read_text())
    assert (measured["lost"], measured["failed"]) == (0, 0)
    assert measured["measured"]["seconds_together"] >= 9, "four turns of both at a time"
    assert measured["measured"]["cores_a_call"] > 0
    shown = project.make("drill-deploy", "CALLS=6", "AT_ONCE=2").stdout
    assert re.search(r"running calls dropped: +0 of [1-9]", shown)
    assert re.search(r"new calls lost: +0 of [1-9]", shown)


def test_an_unknown_fault_is_refused_with_those_that_exist(born: Born) -> None:
    done = born("web-assistant").make("call", "FAULT=llm:tired@2", check=False)
    assert done.returncode != 0
    assert "tired" in done.stdout
    assert "hang" in done.stdout


def test_a_team_hands_over(born: Born) -> None:
    project = born("web-assistant", *TEAM)
    report = project.call("SCRIPT=devkit/calls/team.yaml")
    assert any(turn["handoff"] for turn in report["turns"])


def test_a_collector_sees_a_spoken_call(born: Born) -> None:
    born("web-assistant", *TEAM).passes("tests/e2e/test_telemetry.py", minutes=7)


def test_a_worker_with_a_background_sound_ends_its_calls(born: Born) -> None:
    born("web-assistant", *TEAM).passes("tests/e2e/test_lifecycle.py", minutes=7)


def test_no_packet_leaves_the_machine(born: Born, unshare: list[str]) -> None:
    born("web-assistant").call(inside=unshare)


def test_an_answer_that_is_not_the_expected_one_is_a_failed_check(born: Born) -> None:
    for _ in range(2):  # once more when the machine was too busy to judge it
        with expecting_elephants(born("web-assistant")) as call:
            shown = call.communicate(timeout=300)[0]
        if TOO_BUSY not in shown:
            break
    assert TOO_BUSY not in shown, f"machine too busy twice: {shown}"
    assert call.returncode == CHECK_FAILED, shown
    assert "NOT AS EXPECTED: turn 1: 'elephants' was not heard" in shown


def test_a_machine_without_time_judges_nothing(born: Born) -> None:
    """The same call beside busy loops of full weight, in sessions of their own: Linux weighs those first (autogroup)."""
    loops: list[subprocess.Popen[bytes]] = []
    with expecting_elephants(born("web-assistant")) as call:
        assert call.stdout
        shown = "".join(iter(call.stdout.readline, CALLING))
        try:
            for _ in range(4 * CORES):
                loops.append(subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True))
            shown += call.communicate(timeout=300)[0]
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()
    assert call.returncode == MISSING, shown
    assert TOO_BUSY in shown
    assert "NOT AS EXPECTED" not in shown


def expecting_elephants(project: Project) -> subprocess.Popen[str]:
    """A call of one turn with an expectation that no agent meets; unlike make, it keeps the exit code."""
    script = yaml.safe_load((project.path / "devkit/calls/front-desk.yaml").read_text())
    script |= {"turns": [{"caller": script["turns"][0]["caller"], "expect": {"agent": ["elephants"]}}], "ends": False}
    (project.path / "build").mkdir(exist_ok=True)
    (project.path / "build/one-turn.yaml").write_text(yaml.safe_dump(script))
    command = [str(project.path / ".venv/bin/python"), "-m", "devkit", "call", "--script", "build/one-turn.yaml"]
    out = subprocess.PIPE
    return subprocess.Popen(command, cwd=project.path, env=clean_environment(), stdout=out, stderr=subprocess.STDOUT, text=True)
