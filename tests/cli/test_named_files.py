"""A plan names files: each is in the project, or the sentence says that it is planned, or who makes it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from livekit_planner import engine, source
from tests.support import PRESETS, RECORDED, ROOT

# Speaks of the owner's own files, which may be older than the template.
OF_THE_OWNER = "OPEN.md"
# Made by running something, or by the owner on request: where a page names it, it says so.
MADE = re.compile(r"build/.*|livekit\.toml|docs/decisions/[a-z-]+\.md|\.env")
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`|\]\(([^)#:]+)\)")
SUFFIXES = {".py", ".md", ".yml", ".yaml", ".json", ".toml"}


def is_path(name: str) -> bool:
    """Whether a word in a page is meant as a file or folder of the project."""
    top = name.split("/")[0]
    return Path(name).suffix in SUFFIXES or top in {
        "src",
        "app",
        "runtime",
        "docs",
        "devkit",
        "tests",
        "infra",
        "observability",
        "telephony",
        "web",
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_plan_names_only_files_that_exist_or_says_that_they_are_planned(preset: str, tmp_path: Path) -> None:
    project = tmp_path / "agent"
    with source.staged(source.Template(ROOT)) as template:
        engine.render(template, project, {"preset": preset, "planning": True}, RECORDED)
    bases = [project, project / "src" / "my_agent", project / "docs" / "architecture"]
    pages = [page for page in sorted((project / "docs" / "architecture").rglob("*.md")) if page.name != OF_THE_OWNER]
    assert len(pages) > 10
    named, missing = 0, []
    for page in pages:
        for number, line in enumerate(page.read_text().splitlines(), 1):
            for found in NAMED.finditer(line):
                name = (found[1] or found[2]).rstrip("/")
                if not is_path(name) or MADE.fullmatch(name):
                    continue
                named += 1
                there = any(Path(os.path.normpath(base / name)).exists() for base in [*bases, page.parent])
                if not there and "planned" not in line.casefold():
                    missing.append(f"{page.relative_to(project)}:{number}: {name}")
    assert named > 40
    assert missing == []
