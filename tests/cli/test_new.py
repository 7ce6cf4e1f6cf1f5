"""`livekit-planner new` and `options`, as a process: exit codes, errors all at once, nothing half-written."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livekit_planner import answers as merge
from livekit_planner.errors import Refused
from tests.support import ROOT, git, questions_alone

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


def test_a_new_repository_is_an_empty_place(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "agent")
    done = new(tmp_path / "agent", "--json")
    assert done.returncode == 0, done.stdout
    assert not [name for name in json.loads(done.stdout)["files"] if name.startswith(".git/")]
    assert "Makefile" in git(tmp_path / "agent", "status", "--porcelain", "--untracked-files=all")
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "--quiet")
    (tmp_path / "other" / "mine.txt").write_text("mine")
    assert "is not empty" in errors(new(tmp_path / "other", "--json"))["DEST"]["reason"]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("peak_calls_per_hour", "1,200", "write 1200 (1 to 20000 calls an hour)"),
        ("peak_calls_per_hour", "1 200", "write 1200"),
        ("peak_calls_per_hour", "1.200", "write 1200"),
        ("peak_calls_per_hour", "90 calls", "write 90"),
        ("peak_calls_per_hour", "1e3", "write 1000"),
        ("peak_calls_per_hour", "many", "is not a whole number (1 to 20000 calls an hour)"),
        ("mean_call_minutes", "2,5", "write 2.5 (0.5 to 60 minutes)"),
        ("mean_call_minutes", "4 minutes", "write 4"),
        ("mean_call_minutes", "6oo", "is not a number (0.5 to 60 minutes)"),
    ],
)
def test_a_number_written_otherwise_is_understood_and_told(name: str, value: str, meant: str) -> None:
    with pytest.raises(Refused) as refused:
        merge.judge(questions_alone(), {name: value})
    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == (name, value)
    assert meant in problem.reason


@pytest.mark.parametrize("written", ["de", "de,en", "[de]", "['de', \"en\"]", "[de, en]"])
def test_a_text_where_a_list_is_meant(written: str) -> None:
    steps = {step.name: step for step in merge.judge(questions_alone(), {"languages": written})}
    assert steps["languages"].value == (["en", "de"] if "en" in written else ["de"])


def test_what_is_not_asked_is_told_without_a_template() -> None:
    with pytest.raises(Refused) as refused:
        merge.judge(questions_alone(), {"sip_carrier": "twilio", "livekit_plan": "ship", "topology": "vm"})
    told = {one.field: one.line() for one in refused.value.problems}
    assert told["sip_carrier"].endswith("is not asked for these answers (leave it out, or change channels)")
    assert told["livekit_plan"].endswith("(leave it out, or change topology)")
    assert "{{" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("", []),
        ("organisation=O'Neil", ["organisation=O'Neil"]),
        ("agents=team  organisation=O'Neil & Sons vad=bundled", ["agents=team", "organisation=O'Neil & Sons", "vad=bundled"]),
        ("""project_name='Front desk' organisation="A B" """, ["project_name=Front desk", "organisation=A B"]),
        ("languages=de, en agents=team", ["languages=de, en", "agents=team"]),
    ],
)
def test_answers_in_one_text(text: str, sets: list[str]) -> None:
    assert merge.split_words(text) == sets


def test_make_new_takes_names_with_quotes(tmp_path: Path) -> None:
    place = tmp_path / "O'Neil's agent"
    command = ["make", "--no-print-directory", "new", f"DEST={place}", "PRESET=single-vm", "SET=organisation=O'Neil & Sons agents=team"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    recorded = (place / ".copier-answers.yml").read_text()
    assert "organisation: O'Neil & Sons" in recorded
    assert "agents: team" in recorded


def test_high_findings_are_told_with_the_answers_that_remove_them(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", "--preset", "single-vm")
    assert done.returncode == 0, done.stderr
    told = done.stdout.split("The plan's review has ")[1]
    sets = [part for line in told.splitlines() if "Removed by" in line for part in shlex.split(line.split("Removed by ")[1])]
    assert "llm_fallback=openai-gpt-5.6-luna" in sets
    assert "Nobody takes over from gpt-oss-120b on Groq" in told
    before = json.loads(new(tmp_path / "same", "--preset", "single-vm", "--json").stdout)["findings"]
    after = json.loads(new(tmp_path / "other", "--preset", "single-vm", "--json", "--dry-run", *sets).stdout)["findings"]
    removed = {one["answer"] for one in before if one["set"]}
    assert len(before) == told.count("  High ")
    assert not {one["answer"] for one in after} & removed


def test_the_default_preset_has_nothing_grave(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", "--json", "--dry-run")
    assert json.loads(done.stdout)["findings"] == []
    assert "finding" not in new(tmp_path / "agent").stdout


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


def test_a_recorded_folder_is_absolute_and_there(tmp_path: Path) -> None:
    (tmp_path / "fork").mkdir()
    relative = os.path.relpath(tmp_path / "fork", ROOT)
    assert new(tmp_path / "agent", "--source", relative).returncode == 0
    assert f"_src_path: {tmp_path / 'fork'}\n" in (tmp_path / "agent" / ".copier-answers.yml").read_text()
    done = new(tmp_path / "other", "--source", "nowhere")
    assert done.returncode == 2
    assert "--source=nowhere: is no folder and no address" in done.stderr
    assert not (tmp_path / "other").exists()


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


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("peak_calls_per_hour",), ["  takes: 1 to 20000 calls an hour", "  default: 60"]),
        (("languages",), ["  default: en", "    pt: Português (Brasil)"]),
        (("languages", "--set", "languages=de"), ["  default: de"]),
        (("agents",), ["    team: a receptionist who hands over to specialists"]),
        (("jobs_per_worker",), ["  default: left out, the plan derives it"]),
        (("compliance",), ["  default: none"]),
    ],
)
def test_options_of_one_question_show_labels_ranges_and_the_default(arguments: tuple[str, ...], lines: list[str]) -> None:
    shown = planner("options", *arguments).stdout.splitlines()
    assert not set(lines) - set(shown)
    assert "None" not in " ".join(shown)


def test_options_of_an_unknown_question_name_the_nearest() -> None:
    done = planner("options", "turn_detektion")
    assert done.returncode == 2
    assert "turn_detection" in done.stderr


def test_help_needs_no_copier() -> None:
    code = "import sys; from livekit_planner.cli import main; main(['--help'], standalone_mode=False); assert 'copier' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], env=LIMITED, check=False, capture_output=True).returncode == 0
