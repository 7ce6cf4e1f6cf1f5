"""A template of few files with two releases, projects made from it, and updates of them by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from copier import Settings, run_copy

from livekit_planner.cli import main
from livekit_planner.update import rendering
from livekit_planner.update.paths import ANSWERS_FILE
from tests.support import ROOT, git

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
LINES = "".join(f"line {number}\n" for number in range(1, 41))

_COPIER = """\
_min_copier_version: "9.19.0"
_subdirectory: template/project
_answers_file: .copier-answers.yml
_envops: {undefined: jinja2.StrictUndefined, trim_blocks: true, lstrip_blocks: true, keep_trailing_newline: true}
_exclude:
  - |
    {% if plan is defined %}
    {% for path in plan.omit + (plan.yours if _copier_operation == 'update' else []) %}
    {{ path }}
    {% endfor %}
    {% endif %}
---
!include template/questions/10-all.yml
"""
_QUESTIONS = """\
preset: {type: str, choices: [small, large], default: small}
project_name: {type: str, default: My agent}
package_name: {type: str, default: my_agent}
organisation: {type: str, default: Example}
place: {type: str, choices: [cloud, vm], default: "{{ 'vm' if preset == 'large' else 'cloud' }}"}
noise:
  type: str
  choices:
    krisp: {value: krisp, validator: "{{ 'needs the cloud' if place == 'vm' else '' }}"}
    plain: plain
  default: "{{ 'krisp' if place == 'cloud' else 'plain' }}"
machines: {type: int, when: "{{ place == 'vm' }}", default: 1, validator: "{{ '' if 0 < machines < 10 else '1 to 9' }}"}
retention_days: {type: int, default: 30}
plan: {type: json, when: false, default: "{% from 'template/logic/plan.jinja' import plan with context %}{{ plan | to_json }}"}
"""
_PLAN = """\
{% set findings = [{"code": "alone", "severity": "High", "answer": "place", "effect": "One machine.", "remedy": "Take two."}] if place == 'vm' else [] %}
{% set blocked = [{"code": "long", "severity": "Blocker", "answer": "retention_days", "effect": "Too long.", "remedy": "Less."}] if retention_days > 99 else [] %}
{% set plan = {"omit": [] if place == 'vm' else ['vm.txt'], "yours": ['app'], "document": {"findings": findings + blocked}} %}
"""
_PROJECT = {
    "{{ _copier_conf.answers_file }}.jinja": "# by updates only\n{{ dict(_copier_answers, **(dist | default({}))) | to_nice_yaml -}}\n",
    "lines.txt": LINES,
    "words.txt.jinja": "{{ project_name }} in {{ place }}, {{ noise }}\n" + LINES,
    "folder/tool.py": '"""A tool."""\n\n' + "".join(f"value_{number} = {number}\n" for number in range(30)),
    "going.txt": LINES.replace("line", "going"),
    "run.sh": "#!/bin/sh\necho 1\n",
    "vm.txt": LINES.replace("line", "vm"),
    "app/mine.py": "one = 1\n",
    "app/prompt.md": "Be kind.\n",
}
_RELEASE_2 = {
    "lines.txt": LINES.replace("line 5\n", "line 5 of release 2\n"),
    "words.txt.jinja": "{{ project_name }} in {{ place }}, {{ noise }}\n" + LINES.replace("line 30\n", "line 30 of release 2\n"),
    "folder/tool.py": _PROJECT["folder/tool.py"] + "new = True\n",
    "run.sh": "#!/bin/sh\necho 2\n",
    "added/deep/new.txt": "new\n",
    "app/mine.py": "one = 2\n",
    "app/prompt.md": "Be kind and quick.\n",
    "app/more.md": "More.\n",
}


def template(place: Path) -> Path:
    """A template with releases 1.0.0 and 2.0.0, each recorded by the commit after it."""
    git(place.parent, "init", "--quiet", "--initial-branch=main", str(place))
    files = {"copier.yml": _COPIER, "template/questions/10-all.yml": _QUESTIONS, "template/logic/plan.jinja": _PLAN}
    write(place, files | {f"template/project/{path}": text for path, text in _PROJECT.items()})
    (place / "template/project/run.sh").chmod(0o755)
    release(place, "1.0.0")
    write(place, {f"template/project/{path}": text for path, text in _RELEASE_2.items()})
    (place / "template/project/going.txt").unlink()
    release(place, "2.0.0")
    return place


def release(place: Path, version: str) -> str:
    """Commit what is there as a release, and its record as the next commit."""
    changelog = place / "CHANGELOG.md"
    before = changelog.read_text().removeprefix("# Changelog\n") if changelog.exists() else ""
    changelog.write_text(f"# Changelog\n\n## {version}\n\nWhat {version} changes.\n{before}")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", version)
    commit = git(place, "rev-parse", "HEAD")
    with (place / "releases.yml").open("a") as record:
        record.write(f'"{version}": {commit}\n')
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", f"record {version}")
    return commit


def released(place: Path, version: str) -> str:
    """The full hash of a release; what is none stays."""
    lines = (place / "releases.yml").read_text().splitlines()
    return next((line.split()[1] for line in lines if line.startswith(f'"{version}"')), version)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, making their folders."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)


def born(source: Path, place: Path, version: str = "1.0.0", **answers: Any) -> Path:
    """A committed project, made by plain Copier."""
    run_copy(str(source), place, data=answers, vcs_ref=released(source, version), defaults=True, quiet=True, settings=Settings())
    return committed(place, init=True)


def committed(place: Path, *, init: bool = False) -> Path:
    """Commit what lies there."""
    if init:
        git(place, "init", "--quiet", "--initial-branch=main")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--allow-empty", "--message", "as it is")
    return place


def update(project: Path, *arguments: str, code: int | None = 0) -> str:
    """Update in this process and return what was told; without `code`, with conflicts or not."""
    done: Result = CliRunner().invoke(main, ["update", str(project), *arguments], env=dict(os.environ))
    told = done.output + (f"\n{done.exception!r}" if done.exception else "")
    assert done.exit_code in ((0, 3) if code is None else (code,)), told
    return done.output


def updated(project: Path, *arguments: str, code: int | None = 0) -> dict[str, Any]:
    """Update in this process, and return the record for programs."""
    found: dict[str, Any] = json.loads(update(project, "--json", "--yes", *arguments, code=code))
    return found


def lost(project: Path, marks: dict[str, list[bytes]]) -> list[bytes]:
    """Lines of ours that are not in their files any more."""
    texts = {path: set((project / path).read_bytes().splitlines()) if (project / path).is_file() else set() for path in marks}
    return [line for path, lines in marks.items() for line in lines if line not in texts[path]]


def mark(project: Path, where: str) -> dict[str, list[bytes]]:
    """Write lines of our own into every text file of a project: at the end, in the middle, or again and again."""
    marks: dict[str, list[bytes]] = {}
    for path in git(project, "ls-files").splitlines():
        lines = (project / path).read_bytes().splitlines(keepends=True)
        places = {"end": [len(lines)], "middle": [len(lines) // 2], "every 25 lines": [*range(0, len(lines) + 1, 25)], "nowhere": []}[where]
        if path == ANSWERS_FILE or not lines or b"\0" in b"".join(lines) or not places:
            continue
        marks[path] = [f"MARK {path} {place}".encode() for place in places]
        for place, text in zip(reversed(places), reversed(marks[path]), strict=True):
            lines[place:place] = [text + b"\n"]
        (project / path).write_bytes(b"".join(lines))
    return marks


_RENDERED: dict[tuple[str, str], rendering.Rendering] = {}


def remember_renderings(patch: pytest.MonkeyPatch) -> list[rendering.Rendering]:
    """Render each version once in this process: what is tried comes after it. The result names those that are used, in order."""
    render = rendering.render
    used: list[rendering.Rendering] = []

    def once(template: Path, place: Path, answers: Mapping[str, Any], recorded: Mapping[str, str]) -> rendering.Rendering:
        key = (recorded["_commit"], json.dumps([dict(answers), dict(recorded)], sort_keys=True))
        if key not in _RENDERED:
            _RENDERED[key] = render(template, place, answers, recorded)
        used.append(_RENDERED[key])
        return used[-1]

    class Started:
        def __init__(self, *given: Any) -> None:
            self._given = given

        def finish(self) -> rendering.Rendering:
            return once(*self._given)

        def stop(self) -> None:
            """Nothing runs."""

    patch.setattr(rendering, "render", once)
    patch.setattr(rendering, "Started", Started)
    return used


def process(project: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Update in a process of its own."""
    command = [sys.executable, "-m", "livekit_planner", "update", str(project), *arguments]
    return subprocess.run(command, env=ENVIRONMENT if environment is None else environment, capture_output=True, text=True, check=False)


def recorded(project: Path) -> dict[str, Any]:
    """The answers file."""
    found: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return found


def contents(project: Path) -> dict[str, Any]:
    """Files of a work tree with their modes, and what git's index says."""
    return {name: value if name == "index" else value[:2] for name, value in snapshot(project).items()}


def snapshot(project: Path) -> dict[str, Any]:
    """Everything of a work tree that must survive: files with mode and time, and what git's index says."""
    found: dict[str, Any] = {"index": git(project, "ls-files", "--stage", "-v")}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if name.parts[0] != ".git" and (path.is_symlink() or not path.is_dir()):
            found[str(name)] = (
                os.readlink(path) if path.is_symlink() else path.read_bytes(),
                path.lstat().st_mode,
                path.lstat().st_mtime_ns,
            )
    return found
