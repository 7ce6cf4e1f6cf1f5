"""What the plan's review calls a Blocker stops `new` and not plain Copier; both say what it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from livekit_planner import cli
from tests.cli.test_new import new
from tests.support import clean_clone, evaluate

BLOCKED = ("--set", "stt_concurrency=3", "--set", "drain_minutes=1")


def test_every_blocker_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", *BLOCKED)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert [line.split("=")[0] for line in lines if "=" in line] == ["stt_concurrency", "drain_minutes"]
    assert "stt_concurrency=3: Your contract holds 3 streams" in done.stderr
    assert "(Leave `drain_minutes` out" in done.stderr
    assert "--accept-blockers" in done.stderr
    assert not list(tmp_path.iterdir())


def test_programs_get_the_blockers_as_errors(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", *BLOCKED, "--json")
    assert done.returncode == 2
    found = {one["field"]: one for one in json.loads(done.stdout)["errors"]}
    assert found["stt_concurrency"]["value"] == 3
    assert "leave `stt_concurrency` out" in found["stt_concurrency"]["fix"]


def test_accepted_blockers_are_told_and_generated(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", *BLOCKED, "--accept-blockers", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    assert done.stderr.count("Blocker: ") == 2
    assert (tmp_path / "agent" / "Makefile").is_file()


def test_a_wrong_answer_is_told_before_any_blocker(tmp_path: Path) -> None:
    done = new(tmp_path / "agent", *BLOCKED, "--set", "stt=nonsense", "--json")
    assert [one["field"] for one in json.loads(done.stdout)["errors"]] == ["stt"]


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False)])
def test_a_person_is_asked(answer: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def ask() -> None:
        cli._review(list(evaluate({"stt_concurrency": 3}).values()), accepted=False, interactive=True)
        click.echo("went on")

    done = CliRunner().invoke(ask, input=answer)
    assert ("went on" in done.output) == goes_on
    assert "Blocker: stt_concurrency=3" in done.output


def test_plain_copier_copies_and_says_so(tmp_path: Path) -> None:
    clone = clean_clone(tmp_path / "template")

    def copied(streams: int) -> str:
        place = tmp_path / f"agent-{streams}"
        command = [sys.executable, "-m", "copier", "copy", "--defaults", "--vcs-ref=HEAD", "--data", f"stt_concurrency={streams}"]
        done = subprocess.run([*command, str(clone), str(place)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (place / "Makefile").is_file()
        return done.stderr

    assert "BLOCKER stt_concurrency: Your contract holds 3 streams" in copied(3)
    assert "BLOCKER" not in copied(300)
