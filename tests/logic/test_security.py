"""What somebody can do who holds a component: only what was chosen, only controls that are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import PRESETS, planned, render


def security(preset: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = planned(preset=preset)["document"]["security"]
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_each_component_has_one_row(preset: str) -> None:
    rows = security(preset)
    assert 5 <= len(rows) <= 8
    names = [row["component"] for row in rows]
    assert len(names) == len(set(names))
    for row in rows:
        assert row["can"]
        assert row["cannot"]
        assert row["control"]["text"]
        assert "${" not in str(row)
        assert row["control"]["file"] or "(planned)" in row["control"]["text"], row
    text = str(rows)
    assert ("LiveKit Cloud" in text) == (preset in {"web-assistant", "front-desk", "reminders"})
    assert ("phone" in text) == (preset not in {"web-assistant", "single-vm"})
    assert ("browser" in text) == (preset in {"web-assistant", "single-vm", "contact-centre"})


@pytest.mark.parametrize("preset", ["web-assistant", "single-vm"])
def test_a_control_is_there(preset: str, tmp_path: Path) -> None:
    project = render(tmp_path / "agent", {"preset": preset})
    for row in security(preset):
        assert (project / row["control"]["file"]).is_file(), row


def test_the_controls_are_what_they_are_called(tmp_path: Path) -> None:
    """Each claim of the table against the file that it names, for what is emitted."""
    project = render(tmp_path / "agent", {"preset": "web-assistant"})
    source = project / "src" / "my_agent"
    assert re.search(r"^USER 10001$", (project / "Dockerfile").read_text(), re.M)
    assert "--shell /usr/sbin/nologin agent" in (project / "Dockerfile").read_text()
    assert "record=False" in (source / "worker.py").read_text()
    assert ".env" in (project / ".gitignore").read_text().splitlines()
    keys = re.findall(r"^([A-Z_]+_(?:KEY|SECRET))=(.*)$", (project / ".env.example").read_text(), re.M)
    assert len(keys) >= 5
    assert not [name for name, value in keys if value]
    typed = re.findall(r"^    \w+_(?:api_key|secret): (\w+)", (source / "settings.py").read_text(), re.M)
    assert typed.count("SecretStr") >= 4
    assert "delattr(record, name)" in (source / "runtime" / "logs.py").read_text()
