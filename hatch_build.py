"""Records in a distribution which commit its template is: a project made from it must be able to update."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RECORD = "source.json"


class RecordCommit(BuildHookInterface[Any]):
    """An sdist carries the record at its root; a wheel beside the bundled template."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        record = root / RECORD
        place = RECORD if self.target_name == "sdist" else f"livekit_planner/_template/{RECORD}"
        if not record.is_file() or (root / ".git").exists():
            record = root / "build" / RECORD
            record.parent.mkdir(exist_ok=True)
            record.write_text(json.dumps({"commit": _commit(root)}) + "\n")
        if version != "editable":
            build_data["force_include"][str(record)] = place


def _commit(root: Path) -> str:
    """The commit of a clean checkout."""
    changed = _git(root, "status", "--porcelain", "--", "copier.yml", "template", "generator")
    if changed and not os.environ.get("LIVEKIT_PLANNER_ALLOW_DIRTY"):
        raise RuntimeError(f"uncommitted changes would not be in the recorded commit:\n{changed}")
    return _git(root, "rev-parse", "HEAD")


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()
