"""Layers 6 and 7: plain Copier gives the same bytes, and both ways a project can be updated without losing a line."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.emitted import environment, mypy_cache
from tests.support import ROOT, clean_clone, git

SETS = {"web-assistant": ["preset=web-assistant"], "single-vm": ["preset=single-vm", "agents=team", "vad=silero-plugin"]}
RELEASES: dict[str, str] = yaml.safe_load((ROOT / "releases.yml").read_text())
# Every release with the richer answers, the first and the last with the others too.
BORN = [("single-vm", release) for release in RELEASES] + [("web-assistant", list(RELEASES)[end]) for end in (0, -1)]
Way = Callable[[Path, Path, list[str]], Path]
RECORDED = ("_commit:", "_src_path:")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_clone(tmp_path_factory.mktemp("clone") / "livekit-planner")


def copier(*arguments: str | Path, cwd: Path | None = None) -> str:
    command = [str(Path(sys.executable).with_name("copier")), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def by_copier(clone: Path, place: Path, sets: list[str]) -> Path:
    copier("copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", *(part for one in sets for part in ("--data", one)), clone, place)
    return place


def by_planner(clone: Path, place: Path, sets: list[str]) -> Path:
    arguments = [part for one in sets for part in ("--set", one)]
    command = [sys.executable, "-m", "livekit_planner", "new", place, "--defaults", "--source", clone, *arguments]
    done = subprocess.run(
        list(map(str, command)),
        cwd=clone,
        env={"PYTHONPATH": "generator", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return place


def contents(project: Path) -> Iterator[tuple[str, bytes, bool]]:
    for path in sorted(project.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(project).parts:
            data = path.read_bytes()
            if path.name == ".copier-answers.yml":
                data = b"\n".join(line for line in data.splitlines() if not line.startswith(tuple(word.encode() for word in RECORDED)))
            yield str(path.relative_to(project)), data, bool(path.stat().st_mode & 0o100)


@pytest.mark.parametrize("preset", SETS)
def test_plain_copier_gives_the_same_bytes(clone: Path, tmp_path: Path, preset: str) -> None:
    plain = {name: (data, mode) for name, data, mode in contents(by_copier(clone, tmp_path / "plain", SETS[preset]))}
    ours = {name: (data, mode) for name, data, mode in contents(by_planner(clone, tmp_path / "ours", SETS[preset]))}
    assert plain.keys() == ours.keys()
    assert [name for name in plain if plain[name] != ours[name]] == []


@pytest.mark.parametrize("way", [by_copier, by_planner], ids=["copier", "planner"])
def test_an_update_keeps_what_people_wrote(clone: Path, tmp_path: Path, way: Way) -> None:
    template = tmp_path / "template"
    git(clone, "clone", "--quiet", str(clone), str(template))
    project = way(template, tmp_path / "project", ["preset=web-assistant"])
    git(project, "init", "--quiet")
    mine = project / "src" / "my_agent" / "app" / "hours.py"
    mine.write_text(mine.read_text().replace("time(18)", "time(19)"))
    (project / "src" / "my_agent" / "app" / "prompts" / "support.md").write_text("mine\n")
    (project / "devkit" / "calls" / "barge-in.yaml").unlink()
    managed = project / "Makefile"
    managed.write_text(managed.read_text() + "\nmine: ## Something of ours\n\t@echo mine\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "mine")

    newer = template / "template" / "project" / "devkit" / "words.py"
    newer.write_text(newer.read_text().replace('"""Comparing words', '"""Comparing, newly, words'))
    git(template, "commit", "--quiet", "--all", "--message", "newer")
    copier(
        "update",
        "--defaults",
        "--quiet",
        "--vcs-ref",
        "HEAD",
        "--data",
        "noise_cancellation=webrtc-apm",
        "--data",
        "agents=team",
        cwd=project,
    )

    assert "time(19)" in mine.read_text()
    assert "Something of ours" in managed.read_text()
    assert "newly" in (project / "devkit" / "words.py").read_text()
    assert (project / "src" / "my_agent" / "runtime" / "noise_webrtc.py").is_file()
    assert not (project / "src" / "my_agent" / "runtime" / "noise_krisp_cloud.py").exists()
    assert not (project / "devkit" / "calls" / "barge-in.yaml").exists(), "what was deleted stays deleted"
    assert (project / "src" / "my_agent" / "app" / "prompts" / "support.md").read_text() == "mine\n"
    assert "<<<<<<<" not in "".join(path.read_text() for path in project.rglob("*.py"))


@pytest.mark.timed
@pytest.mark.parametrize(("preset", "release"), BORN)
def test_a_project_of_an_earlier_release_updates_and_its_app_still_works(clone: Path, tmp_path: Path, preset: str, release: str) -> None:
    project = tmp_path / "project"
    sets = [part for one in SETS[preset] for part in ("--data", one)]
    copier("copy", "--defaults", "--quiet", "--vcs-ref", RELEASES[release], *sets, clone, project)
    git(project, "init", "--quiet")
    mine = project / "src" / "my_agent" / "app" / "hours.py"
    mine.write_text(mine.read_text() + "\n# ours\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "mine")
    copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", cwd=project)
    assert mine.read_text().endswith("# ours\n")
    assert git(project, "diff", "--name-only", "--diff-filter=U") == ""
    assert (project / "docs" / "architecture" / "PLAN.md").is_file()
    python = str(environment() / "bin" / "python")
    for tool in (["mypy", "--cache-dir", str(mypy_cache())], ["pytest", "-q", "-p", "no:cacheprovider", "tests/behaviour"]):
        done = subprocess.run([python, "-m", *tool], cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:]


def rules_of(project: Path) -> str:
    return (project / "src" / "my_agent" / "runtime" / "phrases.py").read_text().split("RULES")[1]


def test_what_the_agent_is_told_follows_the_answers_of_an_update(clone: Path, tmp_path: Path) -> None:
    """Language, disclosure and clock: managed code tells them, so that no prompt of the owner's has to change."""
    project = tmp_path / "project"
    copier("copy", "--defaults", "--quiet", "--vcs-ref", RELEASES["0.4.3"], "--data", "preset=single-vm", clone, project)
    git(project, "init", "--quiet")
    prompts = project / "src" / "my_agent" / "app" / "prompts"
    mine = {path.name: path.read_text() for path in prompts.glob("*.md")}
    for given, told, untold, zone in [
        (["languages=[de]", "compliance=[eu-ai-act]"], ["Deutsch", "never claim to be a person"], ["English"], "Europe/Berlin"),
        (
            ["languages=[en, de]", "primary_language=en", "compliance=[]", "time_zone=Asia/Tokyo"],
            ["English", "Deutsch"],
            ["person"],
            "Asia/Tokyo",
        ),
    ]:
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "before")
        copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", *(part for one in given for part in ("--data", one)), cwd=project)
        assert all(words in rules_of(project) for words in told)
        assert not any(words in rules_of(project) for words in untold)
        assert f'ZoneInfo("{zone}")' in (project / "src" / "my_agent" / "settings.py").read_text()
        assert {path.name: path.read_text() for path in prompts.glob("*.md")} == mine, "the owner's"


def test_a_new_project_says_nothing_in_its_prompts_that_an_answer_may_change(clone: Path, tmp_path: Path) -> None:
    one = by_planner(clone, tmp_path / "one", ["agents=team"])
    other = by_planner(clone, tmp_path / "other", ["agents=team", "languages=fr", "compliance=eu-ai-act", "time_zone=Europe/Paris"])
    written = [
        {path.name: path.read_text() for path in (place / "src/my_agent/app").rglob("*") if path.is_file()} for place in (one, other)
    ]
    assert len(written[0]) > 12
    assert written[0] == written[1]


def test_a_model_that_retired_meanwhile_stays_and_becomes_a_blocker(clone: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    git(clone, "clone", "--quiet", str(clone), str(template))
    project = by_copier(template, tmp_path / "project", ["tts=deepgram-aura-2"])
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "born")
    voices = template / "template" / "catalogue" / "tts.yml"
    before, record = voices.read_text().split("deepgram-aura-2:\n", 1)
    retired = record.replace("retires: null", 'retires: "2026-11-01"', 1)
    voices.write_text(f"{before}deepgram-aura-2:\n{retired}")
    git(template, "commit", "--quiet", "--all", "--message", "a voice has retired")
    copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", cwd=project)
    assert "tts: deepgram-aura-2" in (project / ".copier-answers.yml").read_text()
    findings = json.loads((project / "docs" / "architecture" / "plan.json").read_text())["findings"]
    assert [one["answer"] for one in findings if one["severity"] == "Blocker"] == ["tts"]


def test_a_package_name_that_is_taken_meanwhile_stays(clone: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    copier("copy", "--defaults", "--quiet", "--vcs-ref", RELEASES["0.4.3"], "--data", "package_name=pillow", clone, project)
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "born")
    copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", cwd=project)
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["package_name"] == "pillow"
    assert (project / "src" / "pillow" / "app" / "hours.py").is_file()
    assert [path.name for path in (project / "src").iterdir()] == ["pillow"]


def test_the_readme_s_updates_work_and_tell_what_stays_for_the_owner(clone: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    git(clone, "clone", "--quiet", str(clone), str(template))
    project = by_copier(template, tmp_path / "project", ["preset=web-assistant"])
    readme = (project / "README.md").read_text()
    settings = yaml.safe_load((ROOT / "copier.yml").read_text().split("\n---\n")[0])
    assert f"Copier {settings['_min_copier_version'].removesuffix('.0')} or newer" in readme
    git(project, "init", "--quiet")
    app = sorted((project / "src" / "my_agent" / "app").rglob("*"))
    commands = [shlex.split(line)[1:] for line in readme.splitlines() if line.startswith("    copier update ")]
    assert len(commands) == 3
    for command in commands:
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--allow-empty", "--message", "before")
        told = copier(*command, cwd=project)
        assert "make doctor tells what is still open" in told
    assert sorted((project / "src" / "my_agent" / "app").rglob("*")) == app
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert (answers["agents"], answers["languages"]) == ("team", ["en", "de"])
    assert "YOURS agents: `agents: team`: agents in `src/my_agent/app` hand over to each other" in told


def test_an_update_without_changes_changes_nothing(clone: Path, tmp_path: Path) -> None:
    project = by_copier(clone, tmp_path / "project", ["preset=single-vm"])
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "born")
    copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", cwd=project)
    assert git(project, "status", "--porcelain") == ""


def test_a_dirty_checkout_is_refused(clone: Path, tmp_path: Path) -> None:
    dirty = tmp_path / "dirty"
    git(clone, "clone", "--quiet", str(clone), str(dirty))
    (dirty / "template" / "project" / "NOTICE.jinja").write_text("changed {{ project_name }}\n")
    command = [sys.executable, "-m", "livekit_planner", "new", str(tmp_path / "agent"), "--defaults"]
    done = subprocess.run(
        command, cwd=dirty, env={"PYTHONPATH": "generator", "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--allow-dirty" in done.stderr
    assert not (tmp_path / "agent").exists()
