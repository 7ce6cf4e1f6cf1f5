"""`livekit-planner update`: what is merged, offered, refused and told."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.updating import ENVIRONMENT, LINES, born, committed, recorded, release, released, snapshot, update, updated, write
from tests.support import git


def test_edits_and_the_new_version_are_merged_and_staged(project: Path, source: Path) -> None:
    write(project, {"lines.txt": LINES + "mine\n", "folder/tool.py": "import os\n" + (project / "folder/tool.py").read_text()})
    committed(project)
    told = update(project, "--yes")
    assert (project / "lines.txt").read_text() == LINES.replace("line 5\n", "line 5 of release 2\n") + "mine\n"
    assert (project / "folder/tool.py").read_text().startswith("import os\n")
    assert (project / "folder/tool.py").read_text().endswith("new = True\n")
    assert (project / "added/deep/new.txt").read_text() == "new\n"
    assert not (project / "going.txt").exists()
    assert (project / "run.sh").stat().st_mode & 0o111
    assert recorded(project)["_commit"] == f"2.0.0+git-0-g{released(source, '2.0.0')}", "not the commit that records it"
    assert (git(project, "diff", "--name-only"), git(project, "ls-files", "--others")) == ("", "")
    for words in ("Update from 1.0.0 to 2.0.0.\n", "What 2.0.0 changes.", "lines.txt (with your edits)", "Files dropped (1):\n  going.txt"):
        assert words in told


def test_the_record_for_programs_has_the_same_names_whatever_there_is_to_do(project: Path) -> None:
    told = [updated(project, "--dry-run"), updated(project), updated(project)]
    assert [one["status"] for one in told] == ["previewed", "updated", "up to date"]
    assert told[0].keys() == told[1].keys() == told[2].keys()
    assert told[2]["conflicts"] == told[2]["files"]["changed"] == []


def test_what_plain_copier_would_record_is_recorded(project: Path, source: Path, tmp_path: Path) -> None:
    update(project, "--yes", "--to", "2.0.0")
    fresh = born(source, tmp_path / "fresh", "2.0.0")
    ours, theirs = recorded(project), recorded(fresh)
    assert ours.pop("_commit").endswith(released(source, "2.0.0"))
    theirs.pop("_commit")
    assert ours == theirs
    for file in ("lines.txt", "words.txt", "folder/tool.py", "added/deep/new.txt", "run.sh"):
        assert (project / file).read_bytes() == (fresh / file).read_bytes()


def test_a_conflict_is_git_s_and_is_finished_or_undone(project: Path) -> None:
    write(project, {"lines.txt": LINES.replace("line 5\n", "line 5 of mine\n")})
    committed(project)
    before, old = snapshot(project), recorded(project)
    told = update(project, "--yes", code=3)
    assert "lines.txt" in told.split("in conflict:")[1]
    assert "git add" in told
    assert "--abort" in told
    assert git(project, "diff", "--name-only", "--diff-filter=U") == "lines.txt"
    assert [row.split()[2] for row in git(project, "ls-files", "-u").splitlines()] == ["1", "2", "3"]
    text = (project / "lines.txt").read_text()
    assert "<<<<<<< your-project\nline 5 of mine\n=======\nline 5 of release 2\n>>>>>>> livekit-planner-2.0.0\n" in text
    assert recorded(project) == old, "the version is recorded when nothing is left to decide"
    assert "not finished" in update(project, "--yes", code=3)
    update(project, "--abort")
    assert snapshot(project) == before
    update(project, "--yes", code=3)
    assert "still in conflict" in update(project, "--continue", code=3)
    git(project, "add", "lines.txt")
    assert "still in conflict" in update(project, "--continue", code=3), "markers were added"
    write(project, {"lines.txt": LINES.replace("line 5\n", "line 5 of both\n")})
    git(project, "add", "lines.txt")
    update(project, "--continue")
    assert recorded(project)["_commit"] != old["_commit"]
    assert git(project, "diff", "--name-only") == ""
    assert "no update to finish" in update(project, "--continue", code=2)


def test_an_update_that_was_reset_is_not_recorded(project: Path) -> None:
    write(project, {"lines.txt": LINES.replace("line 5\n", "line 5 of mine\n")})
    committed(project)
    update(project, "--yes", code=3)
    git(project, "reset", "--quiet", "--hard")
    assert "taken back" in update(project, "--continue", code=2)
    update(project, "--abort")
    update(project, "--yes", code=3)


def test_a_finished_update_is_undone_until_it_is_built_upon(project: Path) -> None:
    before = snapshot(project)
    update(project, "--yes")
    update(project, "--abort")
    assert snapshot(project) == before
    update(project, "--yes")
    write(project, {"lines.txt": "work\n"})
    assert "lines.txt: changed since the update" in update(project, "--abort", code=2).replace("--abort=", "")
    committed(project)
    assert "committed since" in update(project, "--abort", code=2)


def test_committed_markers_are_refused(project: Path) -> None:
    write(project, {"lines.txt": LINES + "<<<<<<< a\none\n=======\ntwo\n>>>>>>> b\n"})
    committed(project)
    before = snapshot(project)
    assert "lines.txt" in update(project, "--yes", code=3)
    assert snapshot(project) == before


def test_what_the_owner_deleted_stays_deleted_and_what_he_edited_is_not_dropped(project: Path) -> None:
    (project / "lines.txt").unlink()
    write(project, {"going.txt": (project / "going.txt").read_text() + "mine\n"})
    committed(project)
    told = updated(project, code=3)
    assert told["stay_deleted"] == ["lines.txt"]
    assert [one["path"] for one in told["conflicts"]] == ["going.txt"]
    assert not (project / "lines.txt").exists()
    assert (project / "going.txt").read_text().endswith("mine\n")
    assert git(project, "status", "--porcelain", "going.txt") == "UD going.txt"


def test_a_folder_in_place_of_a_file_and_a_file_in_place_of_a_folder_stay(project: Path) -> None:
    (project / "lines.txt").unlink()
    shutil.rmtree(project / "folder")
    write(project, {"lines.txt/mine.txt": "mine\n", "folder": "mine\n"})
    committed(project)
    told = updated(project)
    assert told["stay_deleted"] == ["folder/tool.py", "lines.txt"]
    assert ((project / "lines.txt/mine.txt").read_text(), (project / "folder").read_text()) == ("mine\n", "mine\n")
    assert (project / "added/deep/new.txt").is_file()


def test_a_renamed_file_gets_the_change(project: Path) -> None:
    git(project, "mv", "lines.txt", "renamed.txt")
    committed(project)
    update(project, "--yes")
    assert "line 5 of release 2" in (project / "renamed.txt").read_text()
    assert not (project / "lines.txt").exists()


def test_edits_follow_a_file_that_the_template_moves(source: Path, tmp_path: Path) -> None:
    later = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(source), str(later))
    project = born(later, tmp_path / "project")
    tool = project / "folder/tool.py"
    write(project, {"lines.txt": LINES + "mine\n", "folder/tool.py": "import os\n" + tool.read_text(), "folder/own.py": "own = 1\n"})
    committed(project)
    git(later, "mv", "template/project/lines.txt", "template/project/moved.txt")
    git(later, "mv", "template/project/folder", "template/project/place")
    release(later, "3.0.0")
    told = updated(project)
    assert (project / "moved.txt").read_text() == LINES.replace("line 5\n", "line 5 of release 2\n") + "mine\n"
    assert (project / "place/tool.py").read_text().startswith("import os\n")
    assert not (project / "lines.txt").exists()
    assert [path.name for path in (project / "folder").iterdir()] == ["own.py"], "a file of one's own stays where it is"
    assert sorted(told["files"]["dropped"]) == ["folder/tool.py", "going.txt", "lines.txt"]


@pytest.mark.parametrize("path", ["lines.txt", "words.txt"])
def test_a_binary_in_place_of_a_text_is_kept(project: Path, path: str) -> None:
    write(project, {path: b"\x89PNG\0\xff" * 9, "vm.txt": b"\0"})
    committed(project)
    assert [one["path"] for one in updated(project, code=3)["conflicts"]] == [path]
    assert (project / path).read_bytes() == b"\x89PNG\0\xff" * 9


def test_files_of_the_owner_are_offered_shown_and_never_merged(project: Path) -> None:
    write(project, {"app/prompt.md": "Be mine.\n"})
    committed(project)
    told = updated(project, "--dry-run", "--diff")
    assert told["yours"] == [
        {"path": "app/mine.py", "kind": "changed", "edited": False, "written": False},
        {"path": "app/more.md", "kind": "new", "edited": False, "written": False},
        {"path": "app/prompt.md", "kind": "changed", "edited": True, "written": False},
    ]
    assert "-Be mine.\n+Be kind and quick.\n" in told["diff"]
    update(project, "--yes")
    assert ((project / "app/mine.py").read_text(), (project / "app/more.md").exists()) == ("one = 1\n", False)
    update(project, "--abort")
    update(project, "--yes", "--yours")
    assert ((project / "app/mine.py").read_text(), (project / "app/more.md").read_text()) == ("one = 2\n", "More.\n")
    assert (project / "app/prompt.md").read_text() == "Be mine.\n"


def test_a_file_that_was_not_taken_at_one_update_is_offered_at_the_next(source: Path, tmp_path: Path) -> None:
    later = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(source), str(later))
    project = born(later, tmp_path / "project")
    update(project, "--yes")
    committed(project)
    write(later, {"template/project/app/mine.py": "one = 3\n"})
    release(later, "3.0.0")
    assert {one["path"]: one["edited"] for one in updated(project, "--dry-run")["yours"]}["app/mine.py"] is False
    update(project, "--yes", "--yours")
    assert (project / "app/mine.py").read_text() == "one = 3\n"


def test_a_file_that_becomes_the_owner_s_is_left_to_him(source: Path, tmp_path: Path) -> None:
    later = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(source), str(later))
    project = born(later, tmp_path / "project")
    write(project, {"lines.txt": "mine\n"})
    committed(project)
    plan = later / "template/logic/plan.jinja"
    plan.write_text(plan.read_text().replace("['app']", "['app/prompt.md', 'lines.txt']"))
    release(later, "3.0.0")
    update(project, "--yes")
    assert (project / "lines.txt").read_text() == "mine\n"
    assert (project / "app/mine.py").read_text() == "one = 2\n", "managed now, and was not edited"


def test_answers_that_change_along_are_told_with_the_reason(project: Path) -> None:
    told = updated(project, "--set", "place=vm", "--to", "1.0.0")
    changed = {one["name"]: (one["old"], one["new"], one["reason"]) for one in told["answers"]}
    assert changed["noise"] == ("krisp", "plain", "needs the cloud")
    assert changed["place"][:2] == ("cloud", "vm")
    assert changed["machines"][:2] == (None, 1)
    assert [one["code"] for one in told["findings"]] == ["alone"]
    assert (project / "vm.txt").is_file()
    committed(project)
    back = updated(project, "--set", "place=cloud", "--to", "1.0.0")
    assert {one["name"] for one in back["answers"]} == {"place", "machines"}, "noise stays, and nothing hides that"
    assert recorded(project)["noise"] == "plain"
    committed(project)
    updated(project, "--unset", "noise", "--to", "1.0.0")
    assert recorded(project)["noise"] == "krisp"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "package_name=other"], "package_name=other: cannot change"),
        (["--set", "project_name=Other"], "cannot change: it stays for good"),
        (["--set", "preset=large"], "--reseed PRESET"),
        (["--unset", "package_name"], "cannot change"),
        (["--unset", "nose"], "is no recorded answer"),
        (["--set", "nose=plain"], "did you mean noise?"),
        (["--set", "noise=loud"], "loud is not a choice"),
        (["--set", "machines=2"], "is not asked for these answers"),
        (["--set", "place=vm", "--set", "machines=20"], "machines=20: 1 to 9"),
        (["--set", "place=vm", "--set", "noise=krisp"], "needs the cloud"),
        (["--set", "place"], "has no '='"),
        (["--set", "noise=plain", "--unset", "noise"], "is set and unset"),
        (["--set", "retention_days=100"], "--accept-blockers"),
        (["--reseed", "huge"], "huge is not a choice"),
        (["--to", "7.0.0"], "choose one of 1.0.0, 2.0.0"),
        (["--to", "--help"], "has no such version"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_clear_line(project: Path, arguments: list[str], words: str) -> None:
    before = snapshot(project)
    told = update(project, "--yes", *arguments, code=2)
    assert words in told
    assert "Traceback" not in told
    assert snapshot(project) == before


def test_blockers_are_accepted_by_name_and_reseeding_takes_the_preset_s_answers(project: Path) -> None:
    told = updated(project, "--set", "retention_days=100", "--accept-blockers", "--reseed", "large", "--set", "organisation=Ours")
    assert {one["severity"] for one in told["findings"]} == {"Blocker", "High"}
    found = recorded(project)
    assert (found["preset"], found["place"], found["noise"], found["organisation"]) == ("large", "vm", "plain", "Ours")


def test_nothing_is_written_without_yes_or_with_dry_run(project: Path) -> None:
    before = snapshot(project)
    assert "--dry-run, then take --yes" in update(project, code=2)
    assert json.loads(update(project, "--json", code=2))["errors"][0]["field"] == "--yes"
    assert "Nothing was written." in update(project, "--dry-run")
    assert snapshot(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_work_that_is_not_committed_is_refused_only_where_it_would_be_written(project: Path) -> None:
    write(project, {"vm.txt": "my own file\n", "app/mine.py": "one = 9\n"})
    write(project, {"lines.txt": LINES + "mine\n"})
    before = snapshot(project)
    assert "lines.txt" in update(project, "--yes", code=2)
    assert snapshot(project) == before
    git(project, "checkout", "--quiet", "lines.txt")
    git(project, "add", "app/mine.py")
    update(project, "--yes")
    assert (project / "app/mine.py").read_text() == "one = 9\n"
    assert (project / "vm.txt").read_text() == "my own file\n"


def test_what_git_does_not_know_is_never_written(project: Path) -> None:
    (project / "going.txt").unlink()
    committed(project)
    write(project, {"added": "a file where the new version has a folder\n", "going.txt": "private\n"})
    (project / ".git/info/exclude").write_text("going.txt\n")
    told = updated(project, code=3)
    assert [one["path"] for one in told["conflicts"]] == ["added/deep/new.txt"]
    assert (project / "added").read_text() == "a file where the new version has a folder\n"
    assert (project / "going.txt").read_text() == "private\n"
    (project / "added").rename(project / "elsewhere")
    git(project, "checkout", "--theirs", "added/deep/new.txt")
    git(project, "add", "added")
    update(project, "--continue")


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_private_content_of_a_tracked_file_stays(project: Path, flag: str) -> None:
    git(project, "update-index", flag, "lines.txt")
    write(project, {"lines.txt": "secret\n"})
    before = snapshot(project)
    told = updated(project)
    assert told["not_written"] == ["lines.txt"]
    assert (project / "lines.txt").read_text() == "secret\n"
    assert "line 5 of release 2" in git(project, "show", ":lines.txt")
    assert git(project, "ls-files", "-v", "lines.txt")[0] in "Sh"
    update(project, "--abort")
    assert snapshot(project) == before


@pytest.mark.parametrize(("answer", "code"), [("y\r", 0), ("n\r", 130), ("\x03", 130)])
def test_a_person_is_shown_the_update_and_asked(project: Path, answer: str, code: int) -> None:
    before = snapshot(project)
    terminal = pexpect.spawn(
        sys.executable, ["-m", "livekit_planner", "update", str(project)], env=ENVIRONMENT, encoding="utf-8", timeout=60
    )
    terminal.expect("Update from 1.0.0 to 2.0.0")
    terminal.expect("Apply this update")
    terminal.send(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == code
    assert (snapshot(project) == before) == (code != 0)
