"""`livekit-planner update` of projects of earlier releases: nothing that people wrote is lost, and nothing conflicts without a reason."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import Settings, run_copy, run_update

from livekit_planner.errors import Refused
from livekit_planner.update import rendering
from livekit_planner.update.carry import carry
from livekit_planner.update.history import History
from livekit_planner.update.paths import ANSWERS_FILE
from tests.cli.updating import committed, contents, lost, mark, remember_renderings, updated
from tests.support import ROOT, git, questions_alone

RELEASES: dict[str, str] = yaml.safe_load((ROOT / "releases.yml").read_text())
FIRST, *_, BEFORE, LAST = RELEASES
# Both presets, both ways of making a project, the first release, one from the middle, the last but one: HEAD may be the last.
BORN = [
    ("web-assistant", FIRST, "copier"),
    ("web-assistant", "0.4.0", "planner"),
    ("single-vm", FIRST, "planner"),
    ("single-vm", BEFORE, "copier"),
]


@pytest.fixture(scope="module")
def history() -> History:
    return History(Path(git(ROOT, "rev-parse", "--absolute-git-dir")), str(ROOT))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], Path]:
    return {}


def born(made: dict[tuple[str, str, str], Path], history: History, place: Path, key: tuple[str, str, str]) -> Path:
    """A committed project as a release made it; each is made once."""
    preset, release, way = key
    if key not in made:
        project = place / "-".join(key)
        if way == "copier":
            run_copy(str(ROOT), project, data={"preset": preset}, vcs_ref=RELEASES[release], defaults=True, quiet=True, settings=Settings())
        else:
            clone = place / "clone"
            git(place, "clone", "--quiet", "--no-checkout", str(ROOT), str(clone))
            git(clone, "checkout", "--quiet", RELEASES[release])
            command = [sys.executable, "-m", "livekit_planner", "new", str(project), "--defaults", "--preset", preset]
            subprocess.run(command, cwd=clone, env={"PYTHONPATH": "generator", "PATH": "/usr/bin:/bin"}, check=True, capture_output=True)
            shutil.rmtree(clone)
        made[key] = committed(project, init=True)
    return made[key]


@pytest.mark.parametrize(("preset", "release", "way"), BORN)
def test_the_recorded_version_is_rendered_as_it_was(
    made: dict[tuple[str, str, str], Path],
    history: History,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    preset: str,
    release: str,
    way: str,
) -> None:
    project = born(made, history, tmp_path_factory.getbasetemp(), (preset, release, way))
    recorded = yaml.safe_load((project / ANSWERS_FILE).read_text())
    commit = history.resolve(str(recorded["_commit"]))
    assert commit == RELEASES[release]
    beside = {name: recorded.pop(name) for name in ("_commit", "_src_path")}
    again = rendering.render(history.extract(commit, tmp_path / "template"), tmp_path / "again", recorded, beside)
    there = {
        str(path.relative_to(project)) for path in project.rglob("*") if path.is_file() and ".git" not in path.relative_to(project).parts
    }
    assert set(again.files) == there
    for path, file in again.files.items():
        assert (project / path).read_bytes() == file.data, path
        assert bool((project / path).stat().st_mode & 0o100) == (file.mode == "100755"), path


@pytest.mark.parametrize(("preset", "release", "way"), BORN)
def test_nothing_is_lost_and_nothing_conflicts_without_a_reason(
    made: dict[tuple[str, str, str], Path],
    history: History,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    preset: str,
    release: str,
    way: str,
) -> None:
    used = remember_renderings(monkeypatch)
    for where in ("nowhere", "end", "middle", "every 25 lines"):
        project = tmp_path / where
        shutil.copytree(born(made, history, tmp_path_factory.getbasetemp(), (preset, release, way)), project)
        marks = mark(project, where)
        committed(project)
        conflicts = {one["path"] for one in updated(project, code=None)["conflicts"]}
        new, old = used[-2:]
        assert lost(project, marks) == [], where
        assert [path for path in conflicts if old.files.get(path) == new.files.get(path)] == [], "conflicts without a reason"
        yours = {path for path in old.files if new.is_yours(path) or (old.is_yours(path) and path not in new.files)}
        assert len(yours) > 5
        assert [path for path in yours - marks.keys() if (project / path).read_bytes() != old.files[path].data] == []
        if where == "nowhere":
            managed = {path for path in new.files if not new.is_yours(path) and path != ANSWERS_FILE}
            assert conflicts == set()
            assert [path for path in managed if (project / path).read_bytes() != new.files[path].data] == []
            assert [path for path in old.files if path not in new.files and path not in yours and (project / path).exists()] == []


def test_a_project_of_the_last_release_is_up_to_date_until_the_template_changes(
    made: dict[tuple[str, str, str], Path], history: History, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(born(made, history, tmp_path_factory.getbasetemp(), ("single-vm", LAST, "copier")), project)
    told = updated(project)
    same = history.same(history.head(), RELEASES[LAST])
    assert told["status"] == ("up to date" if same else "updated")
    assert told["conflicts"] == []


def test_plain_copier_comes_to_the_same_files(tmp_path: Path) -> None:
    clone, plain, ours = tmp_path / "clone", tmp_path / "plain", tmp_path / "ours"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(ROOT), str(clone))
    run_copy(str(clone), plain, data={"preset": "web-assistant"}, vcs_ref=RELEASES[FIRST], defaults=True, quiet=True, settings=Settings())
    committed(plain, init=True)
    shutil.copytree(plain, ours)
    sets = {"topology": "vm", "languages": ["en", "de"], "agents": "team"}
    run_update(plain, data=sets, vcs_ref="HEAD", defaults=True, quiet=True, overwrite=True, settings=Settings())
    words = [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in sets.items()]
    updated(ours, *(part for one in words for part in ("--set", one)))
    differing = {name for name, value in files_of(plain).items() if files_of(ours).get(name) != value}
    assert files_of(plain).keys() == files_of(ours).keys()
    assert differing <= {ANSWERS_FILE}
    answers = [yaml.safe_load((place / ANSWERS_FILE).read_text()) for place in (plain, ours)]
    assert [name for name in answers[0] if answers[0][name] != answers[1].get(name) and not name.startswith("_")] == []
    assert answers[0].keys() == answers[1].keys()


def files_of(project: Path) -> dict[str, Any]:
    return {name: value for name, value in contents(project).items() if name != "index"}


def test_an_answer_that_goes_there_and_back_differs_only_where_it_was_said() -> None:
    """Files follow from answers alone: what is not told of them is as before."""
    questionnaire = questions_alone()
    start, _ = carry(questionnaire, {"preset": "web-assistant", "project_name": "My agent"}, {})
    tried = 0
    for step in questionnaire.evaluate(start, plan=False):
        possible: list[Any] = [choice.value for choice in step.choices() if not choice.reason]
        others = [possible] if step.question.multiselect else [not step.value] if step.question.get_type_name() == "bool" else possible
        if not step.visible or step.name in ("preset", "package_name") or others in ([], [step.value]):
            continue
        try:
            there, said = carry(questionnaire, {step.name: next(one for one in reversed(others) if one != step.value)}, start)
        except Refused:  # planned, not emitted yet
            continue
        back, said_again = carry(questionnaire, {step.name: step.value}, there)
        told = {one.name for one in (*said, *said_again)}
        differing = {name for name in {*start, *back} if start.get(name) != back.get(name)}
        assert differing <= told - {step.name}, step.name
        assert all(one.reason for one in (*said, *said_again))
        tried += 1
    assert tried > 15


def test_residency_and_topology_there_and_back_tell_what_stays_behind() -> None:
    questionnaire = questions_alone()
    start, _ = carry(questionnaire, {"preset": "web-assistant"}, {})
    there, said = carry(questionnaire, {"topology": "vm"}, start)
    reasons: dict[str, Any] = {one.name: (one.old, one.new, one.reason) for one in said}
    assert {"noise_cancellation", "interruptions"} <= reasons.keys()
    assert "needs LiveKit Cloud" in reasons["noise_cancellation"][2]
    assert start["noise_cancellation"] == reasons["noise_cancellation"][0] != there["noise_cancellation"]
    eu, said = carry(questionnaire, {"data_residency": "eu"}, start)
    assert "regions" in {one.name for one in said}
    again, said = carry(questionnaire, {"data_residency": "none"}, eu, ["regions", "home_region", "time_zone"])
    assert (again["regions"], again["home_region"]) == (start["regions"], start["home_region"])
