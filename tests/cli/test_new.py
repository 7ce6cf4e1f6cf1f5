"""`livekit-planner new` and `options`, as a process: exit codes, errors all at once, nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

LIMITED = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}


def planner(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "livekit_planner", *map(str, arguments)]
    return subprocess.run(command, env=LIMITED, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def new(place: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return planner("new", place, "--defaults", "--allow-dirty", *arguments)


def errors(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.returncode == 2, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"] is False
    return {one["field"]: one for one in found["errors"]}


def test_a_project_is_made_and_the_next_steps_are_told(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", "--preset", "web-assistant")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "agent" / "src" / "my_agent" / "worker.py").is_file()
    assert all(step in done.stdout for step in ("make setup", "make call", "git init"))
    assert [path.name for path in tmp_path.iterdir()] == ["agent"]


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    done = planner("new", tmp_path / "agent", "--allow-dirty")
    assert done.returncode == 0, done.stderr


def test_all_wrong_answers_are_told_at_once(tmp_path: Path) -> None:
    sets = ("stt=deepgram-nova3", "telefony=1", "topology=vm", "noise_cancellation=krisp-cloud", "recording=always", "package_name=json")
    done = new(tmp_path / "agent", "--json", *(part for one in sets for part in ("--set", one)))
    found = errors(done)
    assert set(found) == {"stt", "telefony", "noise_cancellation", "recording", "package_name"}
    assert "deepgram-nova-3" in found["stt"]["fix"]
    assert found["noise_cancellation"]["reason"] == "needs LiveKit Cloud"
    assert "planned" in found["recording"]["reason"]
    assert "standard library" in found["package_name"]["reason"]
    assert not (tmp_path / "agent").exists()


@pytest.mark.parametrize(("name", "near"), [("turn_detecton", "turn_detection"), ("organization", "organisation")])
def test_an_unknown_name_gets_the_nearest(tmp_path: Path, name: str, near: str) -> None:
    assert near in errors(new(tmp_path / "agent", "--json", "--set", f"{name}=x"))[name]["fix"]


@pytest.mark.parametrize("preset", ["nonsense", "front-desk"])
def test_a_preset_that_cannot_be_taken_lists_those_that_can(tmp_path: Path, preset: str) -> None:
    found = errors(new(tmp_path / "agent", "--json", "--preset", preset))
    assert "single-vm" in found["preset"]["fix"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_there_is_never_touched(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "taken"
    mine = place if kind == "file" else place / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    done = new(place)
    assert done.returncode == 2
    assert "DEST" in done.stderr
    assert mine.read_text() == "mine"


def test_a_file_of_answers_wins_over_the_preset_and_a_set_over_the_file(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yml"
    answers.write_text("agents: team\nproject_name: 007\nlanguages: [de]\n_commit: ignored\n")
    done = new(tmp_path / "agent", "--preset", "single-vm", "--answers", answers, "--set", "agents=single", "--json")
    assert done.returncode == 0, done.stdout
    recorded = (tmp_path / "agent" / ".copier-answers.yml").read_text()
    assert "agents: single" in recorded
    assert "project_name: '007'" in recorded
    assert "topology: vm" in recorded


@pytest.mark.parametrize(("text", "reason"), [("[1]", "no mapping"), ("a: [", "not YAML"), (None, "cannot be read")])
def test_a_wrong_file_is_named(tmp_path: Path, text: str | None, reason: str) -> None:
    answers = tmp_path / "answers.yml"
    if text is not None:
        answers.write_text(text)
    assert reason in errors(new(tmp_path / "agent", "--json", "--answers", answers))["--answers"]["reason"]


def test_neither_yes_nor_no_is_refused(tmp_path: Path) -> None:
    assert errors(new(tmp_path / "agent", "--json", "--set", "thinking_sound=maybe"))["thinking_sound"]["value"] == "maybe"


def test_an_empty_folder_where_one_stands_is_filled(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "livekit_planner", "new", ".", "--defaults", "--allow-dirty"]
    done = subprocess.run(command, cwd=tmp_path, env=LIMITED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "Makefile").is_file()


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "answers.yml").write_bytes(b"project_name: \xff\n")
    assert "UTF-8" in errors(new(tmp_path / "agent", "--json", "--answers", tmp_path / "answers.yml"))["--answers"]["reason"]


def test_a_dry_run_lists_and_writes_nothing(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", "--dry-run")
    assert done.returncode == 0
    assert "src/my_agent/worker.py" in done.stdout.splitlines()
    assert not list(tmp_path.iterdir())


def test_the_recorded_source_can_be_named(tmp_path: Path) -> None:
    assert new(tmp_path / "agent", "--source", "https://example.com/fork").returncode == 0
    assert "_src_path: https://example.com/fork" in (tmp_path / "agent" / ".copier-answers.yml").read_text()


def test_rendering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    new(tmp_path / "one", "--set", "agents=team")
    new(tmp_path / "two", "--set", "agents=team")
    assert subprocess.run(["diff", "-r", tmp_path / "one", tmp_path / "two"], check=False).returncode == 0


def test_options_lists_every_question_without_copier() -> None:
    code = "import sys; from livekit_planner.cli import main; main(['options', '--json'], standalone_mode=False); assert 'copier' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], env=LIMITED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = {question["name"]: question for question in json.loads(done.stdout)}
    assert "web-assistant" in listed["preset"]["choices"]
    assert "deepgram-nova-3" in listed["stt"]["choices"]
    assert "none" in listed["tts_fallback"]["choices"]
    assert "krisp-licence" in listed["noise_cancellation"]["choices"]
    assert "plan" not in listed


def test_options_of_one_question_tell_why_not() -> None:
    done = planner("options", "llm", "--set", "data_residency=eu", "--json")
    reasons = {choice["value"]: choice["reason"] for choice in json.loads(done.stdout)[0]["choices"]}
    assert "Groq has no endpoint" in reasons["groq-gpt-oss-120b"]
    assert not reasons["openai-gpt-4.1"]


def test_options_of_an_unknown_question_name_the_nearest() -> None:
    done = planner("options", "turn_detektion")
    assert done.returncode == 2
    assert "turn_detection" in done.stderr


def test_help_needs_no_copier() -> None:
    code = "import sys; from livekit_planner.cli import main; main(['--help'], standalone_mode=False); assert 'copier' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], env=LIMITED, check=False, capture_output=True).returncode == 0
