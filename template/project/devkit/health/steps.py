"""D5xx: what your own files must say for the answers of this project. An update never writes there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from .. import project
from .finding import Finding, Severity, ok

PLAN: Final = Path("docs/architecture/plan.json")


def owner() -> list[Finding]:
    """D501: the steps of docs/architecture/OPEN.md that are still open; each names the answer that asks for it."""
    steps = json.loads((project.ROOT / PLAN).read_text(encoding="utf-8"))["owner_steps"]
    left = open_steps(project.ROOT, steps)
    if not left:
        return [ok("D501", "app/ and devkit/calls/ say what the answers say")]
    return [Finding("D501", Severity.WARNING, f"open step: {one['id']}", one["what"], one["how"]) for one in left]


def open_steps(root: Path, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps whose files, below `root`, do not yet say what they must."""
    return [step for step in steps if not _done(root, step["done"])]


def _done(root: Path, done: dict[str, Any]) -> bool:
    texts = [path.read_text(encoding="utf-8") for glob in done["files"] for path in root.glob(glob)]
    wanted = done.get("has") or done["lacks"]
    found = any(re.search(wanted, text) for text in texts)
    return found if "has" in done else not found
