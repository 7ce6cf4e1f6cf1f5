"""Records in a distribution which commit its template is: a project made from it must be able to update."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RECORD = "source.json"
TEMPLATE = ("copier.yml", "template")


class RecordCommit(BuildHookInterface[Any]):
    """Puts the template's own files and their record into an sdist (at its root) or a wheel (as bundled template)."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        record = root / RECORD
        if not record.is_file() and not (root / ".git").exists():
            raise RuntimeError("the commit is unknown: build from a clone of the repository or from its sdist, not from an archive")
        if (root / ".git").exists():
            record = root / "build" / RECORD
            record.parent.mkdir(exist_ok=True)
            record.write_text(json.dumps({**_version(root), "files": _files(root)}, indent=1) + "\n")
        if version == "editable":
            return
        place = "" if self.target_name == "sdist" else "livekit_planner/_template/"
        files = [name for name in json.loads(record.read_text())["files"] if (root / name).is_file()]
        build_data["force_include"] |= {str(root / name): place + name for name in files} | {str(record): place + RECORD}


def _version(root: Path) -> dict[str, str]:
    """Return commit and recorded name of a clean checkout, as `source.version_of` does: a test holds them equal.

    Raises:
        RuntimeError: there are changes that it does not hold.
    """
    changed = _git(root, "status", "--porcelain", "--", *TEMPLATE, "generator")
    if changed and not os.environ.get("LIVEKIT_PLANNER_ALLOW_DIRTY"):
        raise RuntimeError(f"uncommitted changes would not be in the recorded commit:\n{changed}")
    head = _git(root, "rev-parse", "HEAD")
    releases = re.findall(r'^"(.+)": ([0-9a-f]{40})$', _git(root, "show", "HEAD:releases.yml"), re.MULTILINE)
    version, commit = next(((version, released) for version, released in reversed(releases) if _is_in_history(root, released)), ("", head))
    count = "0"
    if _parts(root, commit) != _parts(root, head):
        commit, count = head, _git(root, "rev-list", "--count", f"{commit}..{head}")
    for tag in _git(root, "for-each-ref", f"--points-at={commit}", "--format=%(refname)", "refs/tags").splitlines():
        if found := re.fullmatch(r"refs/tags/v?(\d+(?:\.\d+)+)", tag):  # a release does not list itself yet
            version, count = found[1], "0"
    return {"commit": commit, "recorded": f"{version}+git-{count}-g{commit}" if version else commit}


def _is_in_history(root: Path, commit: str) -> bool:
    return not subprocess.run(["git", "merge-base", "--is-ancestor", commit, "HEAD"], cwd=root, check=False, capture_output=True).returncode


def _parts(root: Path, commit: str) -> list[str]:
    """Return the hashes of the template's parts at a commit."""
    return [_git(root, "rev-parse", f"{commit}:{part}") for part in TEMPLATE]


def _files(root: Path) -> list[str]:
    """List the template's files. What else lies in its folder (bytecode, editors' files) stays where it is."""
    return _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *TEMPLATE).rstrip("\0").split("\0")


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()
