"""docs/providers.md is of today: each model stands there, spoken, failing, taking over, and held to its contract."""

from __future__ import annotations

import pytest

from tests.support import ROOT, known, models

PAGE = (ROOT / "docs" / "providers.md").read_text()
STAGES = ("stt", "llm", "tts")


@pytest.mark.parametrize(("stage", "key"), [(stage, key) for stage in STAGES for key in models(stage)])
def test_a_model_was_seen(stage: str, key: str) -> None:
    row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{key}` |")), "")
    assert row, "run: make providers"
    assert all(cell.strip() for cell in row.strip("|").split("|"))
    assert row.strip("| ").split("|")[-1].split() == known(stage)[key]["languages"]
