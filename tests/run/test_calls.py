"""Single calls by the commands of the README: held, broken, side by side."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

from tests.run.projects import Project, clean_environment

Born = Callable[..., Project]
TEAM = ("agents=team", "telemetry=grafana", "thinking_sound=true")


def test_the_newborn_project_holds_a_conversation(born: Born) -> None:
    project = born("web-assistant")
    project.make("call")
    report = project.report()
    assert report["ok"] is True
    assert len(report["turns"]) >= 4
    assert report["wer"] <= 0.10
    assert any(turn["tools"] for turn in report["turns"])
    assert all((project.path / "build/call" / name).stat().st_size > 0 for name in ("call.wav", "transcript.md"))


def test_dead_providers_are_heard_as_sentences(born: Born) -> None:
    project = born("web-assistant")
    project.make("call", "FAULT=llm-all:hang@1,stt:silent@2,tts:http-500@3")
    report = project.report()
    assert report["ok"] is True
    assert {error["stage"] for error in report["errors"] if error["spoken"]} == {"stt", "llm", "tts"}
    assert report["dead_air_ms_max"] > 0


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
    project.make("call", "SCRIPT=devkit/calls/team.yaml")
    report = project.report()
    assert report["ok"] is True
    assert any(turn["handoff"] for turn in report["turns"])


def test_a_collector_sees_a_spoken_call(born: Born) -> None:
    born("web-assistant", *TEAM).passes("tests/e2e/test_telemetry.py", minutes=7)


def test_a_worker_with_a_background_sound_ends_its_calls(born: Born) -> None:
    born("web-assistant", *TEAM).passes("tests/e2e/test_lifecycle.py", minutes=7)


def test_no_packet_leaves_the_machine(born: Born, unshare: list[str]) -> None:
    project = born("web-assistant")
    done = subprocess.run(
        [*unshare, "make", "--no-print-directory", "call"],
        cwd=project.path,
        env=clean_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert project.report()["ok"] is True
