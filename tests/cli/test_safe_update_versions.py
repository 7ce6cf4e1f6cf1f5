"""`livekit-planner update`: from which version to which, and where the template comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from copier import Settings, run_update
from packaging.version import Version

from tests.cli.updating import LINES, born, committed, process, recorded, released, update, updated, write
from tests.support import git


def test_check_says_by_its_exit_code_whether_the_project_is_behind(project: Path, source: Path) -> None:
    assert "Behind: the project is at 1.0.0" in update(project, "--check", code=5)
    update(project, "--yes", "--to", "2.0.0")
    assert update(project, "--check").startswith("Up to date"), "the commit that records a release is no other template"
    update(project, "--yes", "--to", released(source, "2.0.0")[:12])


def test_a_project_goes_back_only_when_that_is_said(source: Path, tmp_path: Path) -> None:
    project = born(source, tmp_path / "project", "2.0.0")
    told = updated(project, "--to", "1.0.0")
    assert told["older"] is True
    assert (project / "going.txt").is_file()


def branched(source: Path, place: Path) -> tuple[Path, str]:
    """A clone of the template, and a commit that lies on a branch of it alone."""
    git(place.parent, "clone", "--quiet", str(source), str(place))
    git(place, "checkout", "--quiet", "-b", "side", released(source, "1.0.0"))
    write(place, {"template/project/lines.txt": LINES.replace("line 20\n", "line 20 of the branch\n")})
    committed(place)
    commit = git(place, "rev-parse", "HEAD")
    git(place, "checkout", "--quiet", "main")
    return place, commit


def test_a_project_made_beside_the_releases_updates(source: Path, tmp_path: Path) -> None:
    later, commit = branched(source, tmp_path / "template")
    project = born(later, tmp_path / "project", commit)
    assert updated(project)["to"] == "2.0.0"
    assert (project / "lines.txt").read_text() == LINES.replace("line 5\n", "line 5 of release 2\n")


def test_a_project_newer_than_what_is_there_is_not_taken_back_unasked(source: Path, tmp_path: Path) -> None:
    later, _ = branched(source, tmp_path / "template")
    write(later, {"template/project/lines.txt": LINES})
    committed(later)
    project = born(later, tmp_path / "project", git(later, "rev-parse", "HEAD"))
    git(later, "checkout", "--quiet", "-b", "old", released(source, "2.0.0"))
    assert "newer version" in update(project, "--yes", code=2)
    assert "newer version" in update(project, "--check", code=2)
    update(project, "--yes", "--to", "HEAD")


def test_the_version_of_a_tag_that_did_not_travel_is_looked_up(source: Path, tmp_path: Path) -> None:
    tagged, bare = tmp_path / "tagged", tmp_path / "bare"
    git(tmp_path, "clone", "--quiet", str(source), str(tagged))
    git(tagged, "tag", "v1.0.0", released(source, "1.0.0"))
    project = born(tagged, tmp_path / "project")
    assert recorded(project)["_commit"] == "v1.0.0"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(tagged), str(bare))
    assert updated(project, "--source", str(bare))["from"] == "1.0.0"


def test_what_is_recorded_is_a_version_between_releases_and_a_commit_without_tags(source: Path, tmp_path: Path) -> None:
    """Copier and git read the commit, Renovate the version: its manager for Copier orders `_commit` by PEP 440."""
    later, commit = branched(source, tmp_path / "template")
    project = born(source, tmp_path / "project", "1.0.0")
    update(project, "--yes", "--source", str(later), "--to", commit)
    name = recorded(project)["_commit"]
    assert name == f"1.0.0+git-1-g{commit}"
    assert Version("1.0.0") < Version(name) < Version("1.0.1")
    assert git(later, "tag") == ""
    assert git(later, "rev-parse", f"{name}^{{commit}}") == commit
    committed(project)
    run_update(project, vcs_ref="main", defaults=True, quiet=True, overwrite=True, settings=Settings())
    assert (project / "lines.txt").read_text() == LINES.replace("line 5\n", "line 5 of release 2\n")


def test_a_version_is_recorded_by_its_hash_where_there_is_no_release(source: Path, tmp_path: Path) -> None:
    bare = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(source), str(bare))
    (bare / "releases.yml").write_text("")
    committed(bare)
    project = born(bare, tmp_path / "project", "HEAD~1")
    write(bare, {"template/project/lines.txt": LINES})
    committed(bare)
    update(project, "--yes")
    assert recorded(project)["_commit"] == git(bare, "rev-parse", "HEAD")


def test_a_template_that_moved_is_named(source: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    git(tmp_path, "clone", "--quiet", str(source), str(tmp_path / "template"))
    project = born(tmp_path / "template", tmp_path / "project")
    (tmp_path / "template").rename(moved)
    assert "--source" in update(project, "--yes", code=4)
    assert "does not have it" in update(project, "--yes", "--source", str(project), code=4)
    update(project, "--yes", "--source", str(moved))
    assert recorded(project)["_src_path"] == str(moved)


def test_a_relative_source_is_one_from_the_project_and_becomes_absolute(source: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(source), str(tmp_path / "template"))
    project = born(tmp_path / "template", tmp_path / "project")
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(f"_src_path: {tmp_path}/template", "_src_path: ../template"))
    committed(project)
    update(project, "--yes")
    assert recorded(project)["_src_path"] == str(tmp_path / "template")


def test_an_address_is_copied_to_the_cache(source: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    update(project, "--yes", "--source", f"file://{source}")
    assert recorded(project)["_src_path"] == f"file://{source}"
    told = update(project, "--yes", "--source", f"file://{tmp_path}/nowhere", code=4)
    assert "--source /path/to/clone" in told


def test_what_is_missing_is_said_with_the_command_that_mends_it(project: Path, tmp_path: Path) -> None:
    assert "livekit-planner new" in update(tmp_path, code=2)
    (project / ".git").rename(tmp_path / "git")
    assert "git init" in update(project, code=4)
    git(project, "init", "--quiet")
    assert "git commit" in update(project, code=2)


def test_an_old_git_or_none_is_exit_code_4(project: Path, tmp_path: Path) -> None:
    old = tmp_path / "bin"
    write(old, {"git": "#!/bin/sh\necho git version 2.37.9\n"})
    (old / "git").chmod(0o755)
    done = process(project, "--yes", environment={"PYTHONPATH": "generator", "PATH": f"{old}:/usr/bin:/bin"})
    assert (done.returncode, "too old" in done.stderr) == (4, True)
    done = process(project, "--yes", environment={"PYTHONPATH": "generator", "PATH": str(tmp_path)})
    assert (done.returncode, "is not installed" in done.stderr) == (4, True)
