"""The plugins send what the plan promises: every record that is emitted, under every profile of compliance, in its own project."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.emitted import environment
from tests.support import STAGES, known, models, render

PROFILES: dict[str, dict[str, Any]] = {
    "none": {},
    "gdpr": {"compliance": ["gdpr"]},
    "hipaa": {"compliance": ["hipaa"]},
    "gdpr-eu": {"compliance": ["gdpr"], "data_residency": "eu"},
}
Project = dict[str, str]


def served(stage: str, profile: str) -> list[str]:
    """Records of a stage that are emitted and have an address where this profile wants its data."""
    place = PROFILES[profile].get("data_residency", "none")
    records = known(stage)
    homes = {key: records[key].get("residency", known("vendors")[records[key]["vendor"]]["residency"]) for key in models(stage)}
    return [key for key, home in homes.items() if place in home and records[key]["status"] == "emitted"]


def couples(stage: str, profile: str) -> list[Project]:
    """The records of a stage two by two, each beside another vendor's: a plugin does not know whether it is asked first."""
    left, made = served(stage, profile), []
    while left:
        first = left.pop(0)
        second = next((key for key in left if known(stage)[key]["vendor"] != known(stage)[first]["vendor"]), "none")
        left = [key for key in left if key != second]
        made.append({stage: first, f"{stage}_fallback": second})
    return made


def projects(profile: str) -> list[Project]:
    """As many as the stage with the most couples has; the others go round."""
    stages = [couples(stage, profile) for stage in STAGES]
    rounds = zip(*(itertools.cycle(stage) for stage in stages), strict=True)
    return [{**stt, **llm, **tts} for stt, llm, tts in itertools.islice(rounds, max(map(len, stages)))]


ROWS = [(profile, project) for profile in PROFILES for project in projects(profile)]


def test_every_record_is_there_under_every_profile() -> None:
    covered = {(profile, key) for profile, project in ROWS for key in project.values()} - {(profile, "none") for profile in PROFILES}
    assert covered == {(profile, key) for profile in PROFILES for stage in STAGES for key in served(stage, profile)}
    emitted = {key for stage in STAGES for key, record in known(stage).items() if record["status"] == "emitted"}
    assert {key for profile, key in covered if profile == "none"} == emitted
    assert len(ROWS) <= 12, "a project costs a quarter of a minute"


@pytest.mark.timed
@pytest.mark.parametrize(("profile", "project"), ROWS, ids=[f"{profile}-{project['llm']}" for profile, project in ROWS])
def test_its_plugins_send_what_its_plan_promises(profile: str, project: Project, tmp_path: Path) -> None:
    made = render(tmp_path / "project", {**PROFILES[profile], **project})
    command: list[str] = [
        str(environment() / "bin" / "python"),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/devkit/test_wire.py",
    ]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
