"""`livekit-planner update` in repositories as people have them: their configuration, line ends, folders and work trees."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.updating import LINES, born, committed, contents, process, snapshot, update, updated, write
from tests.support import git

HOSTILE = """\
[core]
\tattributesFile = {home}/attributes
\thooksPath = {home}/hooks
\tfsmonitor = {home}/hooks/fails
\tpager = false
\teditor = false
\twhitespace = trailing-space,space-before-tab
\tsafecrlf = true
\tquotePath = true
[apply]
\twhitespace = error
[status]
\tshowUntrackedFiles = no
\tshort = true
\tbranch = true
\trelativePaths = true
[merge]
\tconflictStyle = diff3
\trenames = false
\tdefault = broken
\tverifySignatures = true
[merge "broken"]
\tdriver = false
[diff]
\texternal = false
\tnoprefix = true
\trenames = false
\tmnemonicPrefix = true
\tignoreSubmodules = none
[color]
\tui = always
[commit]
\tgpgSign = true
[log]
\tshowSignature = true
[submodule]
\trecurse = true
[init]
\tdefaultObjectFormat = sha256
[fetch]
\tfsckObjects = true
[transfer]
\tfsckObjects = true
[tar]
\tumask = 0777
"""


@pytest.fixture
def project(source: Path, tmp_path: Path) -> Path:
    return edited(born(source, tmp_path / "project"))


def edited(project: Path) -> Path:
    """A project with a trailing space, a line at the end of a file that changes, a renamed one and a conflict."""
    write(
        project,
        {"lines.txt": LINES + "mine  \n", "words.txt": (project / "words.txt").read_text().replace("line 30\n", "line 30 of mine\n")},
    )
    git(project, "mv", "folder/tool.py", "folder/tools.py")
    return committed(project)


def merged(project: Path) -> None:
    """Check what an update must give in an edited project."""
    assert "line 5 of release 2" in (project / "lines.txt").read_text()
    assert (project / "lines.txt").read_text().endswith("mine  \n")
    assert "new = True" in (project / "folder/tools.py").read_text()
    assert "<<<<<<< your-project" in (project / "words.txt").read_text()
    assert "|||||||" not in (project / "words.txt").read_text()
    assert set(git(project, "diff", "--name-only", "--relative").splitlines()) == {"words.txt"}, "all else is staged"


def test_the_owner_s_configuration_of_git_changes_nothing(project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    configuration = HOSTILE.format(home=home)
    write(home, {"attributes": "* merge=broken -diff\n", ".gitconfig": configuration, "hooks/fails": "#!/bin/sh\nexit 1\n"})
    for hook in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fails"):
        write(home, {f"hooks/{hook}": "#!/bin/sh\nexit 1\n"})
        (home / "hooks" / hook).chmod(0o755)
    usual = tmp_path / "usual"
    shutil.copytree(project, usual)
    update(usual, "--yes", code=3)
    merged(usual)
    inside, before = project / ".git/config", (project / ".git/config").read_text()
    inside.write_text(before + configuration)
    (project / ".git/info/attributes").write_text("* merge=broken\n")
    hostile = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": "generator",
        "GIT_DIR": "/nowhere",
        "GIT_INDEX_FILE": "/nowhere",
        "GIT_EXTERNAL_DIFF": "false",
    }
    done = process(project, "--yes", environment=hostile)
    assert done.returncode == 3, done.stderr
    inside.write_text(before)
    assert contents(project) == contents(usual)


def test_a_work_tree_with_crlf_keeps_it(project: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    git(project, "rm", "--quiet", "--cached", "-r", ".")
    git(project, "reset", "--quiet", "--hard")
    assert b"line 1\r\n" in (project / "lines.txt").read_bytes()
    before = snapshot(project)
    update(project, "--yes", code=3)
    merged(project)
    for path in ("lines.txt", "added/deep/new.txt", "words.txt"):
        data = (project / path).read_bytes()
        assert data.count(b"\r\n") == data.count(b"\n") > 0, path
    assert "\r" not in git(project, "show", ":lines.txt")
    update(project, "--abort")
    assert snapshot(project) == before


def test_committed_crlf_is_no_conflict(project: Path) -> None:
    write(project, {"lines.txt": (LINES + "mine\n").replace("\n", "\r\n")})
    committed(project)
    updated(project, code=3)
    data = (project / "lines.txt").read_bytes()
    assert b"line 5 of release 2\r\n" in data
    assert data.endswith(b"mine\r\n")
    assert data.count(b"\r\n") == data.count(b"\n")


def test_links_are_not_followed(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.move(project / "app", outside)
    (project / "app").symlink_to(outside)
    committed(project)
    (project / "added").symlink_to(outside)
    told = updated(project, "--yours", code=3)
    assert sorted(path.name for path in outside.iterdir()) == ["mine.py", "prompt.md"]
    assert (outside / "mine.py").read_text() == "one = 1\n"
    assert "added/deep/new.txt" in [one["path"] for one in told["conflicts"]]
    assert (project / "app").is_symlink()
    assert (project / "added").is_symlink()


def test_a_project_in_a_folder_of_a_larger_repository(source: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write(whole, {"other/notes.txt": "notes\n", "lines.txt": LINES})
    committed(whole, init=True)
    project = born(source, whole / "agents" / "one äö")
    shutil.rmtree(project / ".git")
    committed(whole)
    edited(project)
    write(whole, {"other/notes.txt": "work\n", "other/staged.txt": "staged\n", "lines.txt": "work\n"})
    git(whole, "add", "other/staged.txt")
    before = snapshot(whole)
    update(project, "--yes", code=3)
    merged(project)
    assert (whole / "lines.txt").read_text() == "work\n"
    assert git(whole, "diff", "--cached", "--name-only", "--", "other") == "other/staged.txt"
    update(project, "--abort")
    assert snapshot(whole) == before
    update(project, "--yes", code=3)
    write(project, {"words.txt": "both\n"})
    git(project, "add", "words.txt")
    update(project, "--continue")
    assert not (whole / ".copier-answers.yml").exists()
    assert git(whole, "status", "--porcelain", "--", "other", "lines.txt").splitlines() == [
        "M lines.txt",
        " M other/notes.txt",
        "A  other/staged.txt",
    ]


def test_a_submodule_and_one_within(source: Path, tmp_path: Path) -> None:
    library = committed_file(tmp_path / "library")
    project = edited(born(source, tmp_path / "project"))
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "library")
    committed(project)
    outer = committed_file(tmp_path / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(project), "agent")
    committed(outer)
    write(outer / "agent", {"library/x": "x"})
    update(outer / "agent", "--yes", code=3)
    merged(outer / "agent")
    assert (outer / ".git/modules/agent/livekit-planner").is_dir()


def committed_file(place: Path) -> Path:
    write(place, {"file.txt": "text\n"})
    return committed(place, init=True)


def test_a_shallow_clone_a_linked_work_tree_and_a_detached_head(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", "shallow")
    git(project, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    git(project, "config", "extensions.worktreeConfig", "true")
    for place in (tmp_path / "shallow", tmp_path / "tree"):
        update(place, "--yes", code=3)
        merged(place)
    assert git(project, "status", "--porcelain") == ""
    assert (project / ".git/worktrees/tree/livekit-planner/lock").is_file()


def test_a_repository_with_longer_hashes(source: Path, tmp_path: Path) -> None:
    project = born(source, tmp_path / "project")
    shutil.rmtree(project / ".git")
    git(project, "init", "--quiet", "--object-format=sha256")
    edited(committed(project))
    before = snapshot(project)
    update(project, "--yes", code=3)
    merged(project)
    update(project, "--abort")
    assert snapshot(project) == before


def test_a_git_directory_on_another_file_system(source: Path, tmp_path: Path) -> None:
    memory = Path("/dev/shm")  # noqa: S108
    elsewhere = memory if memory.is_dir() else tmp_path
    project = edited(born(source, tmp_path / "project"))
    git_dir = elsewhere / f"livekit-planner-test-{os.getpid()}"
    try:
        shutil.move(project / ".git", git_dir)
        (project / ".git").write_text(f"gitdir: {git_dir}\n")
        before = snapshot(project)
        update(project, "--yes", code=3)
        merged(project)
        assert git(project, "ls-files", "--others", "--exclude-standard") == ""
        update(project, "--abort")
        assert snapshot(project) == before
    finally:
        shutil.rmtree(git_dir, ignore_errors=True)
