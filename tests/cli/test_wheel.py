"""Every distribution gives the files that a checkout gives, works where there is nothing else, and its projects can update."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_update import by_copier, by_planner, contents
from tests.support import ROOT, clean_clone, git

UV = Path(sys.executable).with_name("uv")
JUNK = (
    "__pycache__/old.cpython-311.pyc",
    "stray.pyc",
    ".DS_Store",
    "._worker.py",
    "Thumbs.db",
    ".worker.py.swp",
    "worker.py~",
    "#worker.py#",
    ".mypy_cache/CACHEDIR.TAG",
    ".idea/workspace.xml",
    "worker.py.orig",
)
PLACES = ("", "devkit", "src/{{ package_name }}/runtime")
Files = dict[str, tuple[bytes, bool]]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def litter(template: Path) -> None:
    """Leave in the template's folder what Python, systems and editors leave there."""
    for place in PLACES:
        for name in JUNK:
            path = template / "template" / "project" / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"junk")


def files_of(project: Path) -> Files:
    return {name: (data, mode) for name, data, mode in contents(project)}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in use: its template's folder holds junk, which git ignores as people tell it to."""
    made = clean_clone(tmp_path_factory.mktemp("clone") / "livekit-planner")
    (made / ".git" / "info" / "exclude").write_text("\n".join(f"{name.split('/')[0]}".replace("#", "[#]") for name in JUNK))
    litter(made)
    assert git(made, "status", "--porcelain") == ""
    return made


@pytest.fixture(scope="module")
def expected(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The project by plain Copier from git: what is committed and nothing else."""
    return files_of(by_copier(clone, tmp_path_factory.mktemp("plain") / "agent", ["preset=web-assistant"]))


@pytest.fixture(scope="module")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", place, clone)
    return place


def installed_by_pip(place: Path, wheel: Path) -> None:
    run(sys.executable, "-m", "venv", place)
    pip: list[str | Path] = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "--requirement", ROOT / "requirements.txt")
    run(*pip, "--no-deps", wheel)
    assert list(place.rglob("_template/**/*.pyc")), "pip compiles what it installs: the case that this test is about"


def installed_by_uv(place: Path, wheel: Path) -> None:
    run(UV, "venv", "--quiet", "--python", sys.executable, place)
    uv: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", place / "bin" / "python"]
    run(*uv, "--require-hashes", "--requirement", ROOT / "requirements.txt")
    run(*uv, "--no-deps", wheel)


def test_a_checkout_with_junk_emits_none(clone: Path, expected: Files, tmp_path: Path) -> None:
    assert files_of(by_planner(clone, tmp_path / "agent", ["preset=web-assistant"])) == expected


def test_plain_copier_from_a_folder_with_junk_emits_none(clone: Path, expected: Files, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    run("git", "worktree", "add", "--quiet", "--detach", folder, cwd=clone)
    (folder / ".git").unlink()
    litter(folder)
    run(Path(sys.executable).with_name("copier"), "copy", "--defaults", "--quiet", folder, tmp_path / "agent")
    assert files_of(tmp_path / "agent") == expected


def test_an_archive_without_history_is_refused_with_the_way_out(clone: Path, tmp_path: Path) -> None:
    """Also within another repository, whose commit would be recorded otherwise."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "somebody else's")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    run("git", "archive", "--output", tmp_path / "archive.tar", "HEAD", cwd=clone)
    run("tar", "--extract", "--file", tmp_path / "archive.tar", "--directory", folder)
    build = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", folder], capture_output=True, text=True, check=False
    )
    assert build.returncode != 0
    assert "build from a clone of the repository or from its sdist" in build.stdout + build.stderr
    command = [sys.executable, "-m", "livekit_planner", "new", str(tmp_path / "agent"), "--defaults"]
    new = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": "generator", "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert new.returncode == 4
    assert "clone the repository with git" in new.stderr


def test_wheels_from_checkout_and_sdist_hold_the_same_and_no_junk(clone: Path, built: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, clone)

    def held(folder: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}

    assert held(tmp_path) == held(built)
    committed = {f"livekit_planner/_template/{name}" for name in git(clone, "ls-files", "copier.yml", "template").splitlines()}
    bundled = {name for name in held(built) if "/_template/" in name}
    assert bundled == committed | {"livekit_planner/_template/source.json"}


def version_of(clone: Path) -> tuple[str, str]:
    """What a checkout records: its commit, or the newest release that has the same template, by hash and by name."""
    told = "from livekit_planner import source; it = source.version_of(source.find()); print(it.commit, it.recorded)"
    commit, recorded = run(sys.executable, "-c", told, cwd=clone / "generator").split()
    return commit, recorded


def test_a_release_stays_the_version_while_its_template_is_the_same(tmp_path: Path) -> None:
    clone = clean_clone(tmp_path / "clone")
    (clone / "template" / "project" / "NOTICE.jinja").write_text("released\n")
    git(clone, "commit", "--quiet", "--all", "--message", "what is released")
    released = git(clone, "rev-parse", "HEAD")
    git(clone, "tag", "--annotate", "--message", "9.9.9", "v9.9.9")
    assert version_of(clone) == (released, f"9.9.9+git-0-g{released}") == sdist_version(clone, tmp_path / "dist"), "by its tag alone"
    git(clone, "tag", "--delete", "v9.9.9")
    earlier = version_of(clone)
    assert earlier[1].endswith(f"-g{released}"), "after the release before it"
    assert earlier == sdist_version(clone, tmp_path / "dist")
    with (clone / "releases.yml").open("a") as record:
        record.write(f'"9.9.9": {released}\n')
    git(clone, "commit", "--quiet", "--all", "--message", "record 9.9.9")
    assert version_of(clone) == (released, f"9.9.9+git-0-g{released}") == sdist_version(clone, tmp_path / "dist")
    (clone / "template" / "project" / "NOTICE.jinja").write_text("changed\n")
    git(clone, "commit", "--quiet", "--all", "--message", "change")
    head = git(clone, "rev-parse", "HEAD")
    assert version_of(clone) == (head, f"9.9.9+git-2-g{head}") == sdist_version(clone, tmp_path / "dist")
    git(clone, "checkout", "--quiet", "--orphan", "without-history")
    git(clone, "commit", "--quiet", "--message", "no release is in it")
    head = git(clone, "rev-parse", "HEAD")
    assert version_of(clone) == (head, head) == sdist_version(clone, tmp_path / "dist")


def sdist_version(clone: Path, place: Path) -> tuple[str, str]:
    run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", place, clone)
    record = json.loads((clone / "build" / "source.json").read_text())
    return record["commit"], record["recorded"]


@pytest.mark.parametrize("install", [installed_by_pip, installed_by_uv])
def test_a_project_from_the_installed_wheel_is_the_same_and_can_update(
    install: Callable[[Path, Path], None], clone: Path, built: Path, expected: Files, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    install(environment, next(built.glob("*.whl")))
    project = tmp_path / "agent"
    planner = environment / "bin" / "livekit-planner"
    run(planner, "new", project, "--preset", "web-assistant", "--defaults", "--source", clone, cwd=tmp_path)
    assert files_of(project) == expected
    recorded = (project / ".copier-answers.yml").read_text()
    assert f"_commit: {version_of(clone)[1]}\n" in recorded
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "born")
    run(Path(sys.executable).with_name("copier"), "update", "--defaults", "--quiet", "--vcs-ref", "HEAD", cwd=project)
    assert git(project, "status", "--porcelain") in ("", "M .copier-answers.yml"), "nothing but how Copier writes the same version"
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "updated by copier")
    told = run(planner, "update", project, "--set", "agents=team", "--yes", "--source", clone, cwd=tmp_path)
    assert "agents: single -> team" in told
    git(project, "commit", "--quiet", "--message", "team")
    run(planner, "update", project, "--set", "agents=single", "--yes", cwd=tmp_path)
    assert "agents: single" in (project / ".copier-answers.yml").read_text()
