"""Layer 4: a decision's file is there when the decision is, short, and names files and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT, plan, reasons, render

CASES: dict[str, dict[str, Any]] = {
    "web-assistant": {"preset": "web-assistant"},
    "single-vm": {"preset": "single-vm"},
    "team, silence alone, no filter": {"agents": "team", "turn_detection": "vad", "noise_cancellation": "none"},
    "a licence, a second model": {
        "preset": "single-vm",
        "noise_cancellation": "krisp-licence",
        "llm_fallback": "openai-gpt-4.1",
        "interruptions": "disabled",
    },
}


@pytest.fixture(scope="module", params=CASES)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    given = CASES[request.param]
    folder = render(tmp_path_factory.mktemp("decisions") / "project", given)
    return folder, plan(**given)["document"]["decisions"]


def test_a_file_for_every_decision_and_no_other(project: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, decisions = project
    files = {path.stem for path in (folder / "docs/architecture/decisions").glob("*.md")}
    assert files == {decision["slug"] for decision in decisions}


def test_every_row_has_its_file_in_the_template() -> None:
    files = {path.name.removesuffix(".md.jinja") for path in (ROOT / "template/project/docs/architecture/decisions").iterdir()}
    rows = [row["slug"] for row in reasons("decisions")]
    assert files == set(rows)


def test_what_confirms_it_exists(project: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, decisions = project
    for decision in decisions:
        proof = decision["confirmation"]
        if proof["planned"]:
            continue
        assert (folder / proof["file"]).exists(), decision["slug"]
        path, _, name = proof["test"].partition("::")
        text = (folder / path).read_text()
        assert not name or re.search(rf"def {name}\(", text), decision["slug"]


def test_it_reads_as_markdown(project: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, decisions = project
    for decision in decisions:
        text = (folder / f"docs/architecture/decisions/{decision['slug']}.md").read_text()
        lines = text.splitlines()
        assert lines[0] == f"# {decision['title']}"
        assert len(lines) <= 60, decision["slug"]
        assert max(map(len, lines)) <= 140, decision["slug"]
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "\n\n\n" not in text
        assert text.count(" (chosen):") == 1
        for heading in ("Question", "What drives it", "Options", "Outcome", "Confirmation", "Undo, and what would change it"):
            assert f"\n## {heading}\n\n" in text


def test_commands_exist(project: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = project
    targets = set(re.findall(r"^([a-z0-9-]+):.*##", (folder / "Makefile").read_text(), re.M))
    for path in (folder / "docs/architecture/decisions").glob("*.md"):
        text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("Planned: "))
        assert set(re.findall(r"`make ([a-z0-9-]+)", text)) <= targets, path.name
