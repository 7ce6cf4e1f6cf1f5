"""docs/examples: the plan of each preset as golden files. `make examples` writes them anew."""

from __future__ import annotations

from pathlib import Path

from tests.document.pages import rendered
from tests.support import PRESETS, ROOT

PLACE = ROOT / "docs" / "examples"
FILES = ["PLAN.md", "design.md", "plan.json"]


def expected() -> dict[Path, str]:
    """Every golden file with its content."""
    return {PLACE / preset / file: rendered(preset, file) for preset in PRESETS for file in FILES}


if __name__ == "__main__":
    for path, text in expected().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
