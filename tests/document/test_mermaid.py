"""Mermaid itself, in node with jsdom, parses every diagram."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.document.pages import ANSWERS, diagrams, page, sections
from tests.support import ROOT

HERE = Path(__file__).parent
PLACE = ROOT / "build" / "mermaid"


@pytest.fixture(scope="module")
def place() -> Path:
    """Mermaid and jsdom as pinned beside this file, installed once into build/."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not installed: Mermaid cannot parse the diagrams")
    PLACE.mkdir(parents=True, exist_ok=True)
    pinned = (HERE / "package.json").read_text()
    done = PLACE / "installed.json"
    if not done.is_file() or done.read_text() != pinned:
        (PLACE / "package.json").write_text(pinned)
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=PLACE, check=True, timeout=300)
        done.write_text(pinned)
    (PLACE / "mermaid.mjs").write_text((HERE / "mermaid.mjs").read_text())
    return PLACE


def test_every_diagram_is_parsed(place: Path) -> None:
    given = {f"{name} {number}": text for name in ANSWERS for number, text in enumerate(diagrams(page(name)))}
    assert len(given) == 4 * len(ANSWERS), "context, containers, deployment and one call"
    sequence = next(text for text in given.values() if text.startswith("sequenceDiagram"))
    planted = {"planted bracket": "flowchart LR\n  a[x (y] --> b", "planted loop": sequence + "  loop never ended\n"}
    done = subprocess.run(
        ["node", "mermaid.mjs"], cwd=place, input=json.dumps(given | planted), check=True, capture_output=True, text=True, timeout=120
    )
    errors = json.loads(done.stdout)
    assert set(errors) >= set(planted), "the parser lets mistakes pass"
    assert {name: error for name, error in errors.items() if name not in planted} == {}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_diagram_has_no_loose_end(name: str) -> None:
    """Who takes part is declared, and who is declared takes part."""
    text = diagrams(sections(page(name))["One call"])[0]
    declared = {line.split()[1] for line in text.splitlines() if line.strip().startswith("participant")}
    used = {part for line in text.splitlines() if ">>" in line for part in line.split(":")[0].replace("-->>", "->>").strip().split("->>")}
    assert declared == used
