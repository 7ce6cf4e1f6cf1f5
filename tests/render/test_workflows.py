"""The workflows of a project: pinned by hash, least permissions, and only where they were chosen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support import render


@pytest.mark.parametrize("stt", ["deepgram-nova-3", "google-chirp-3"])
def test_the_workflows_are_there_when_they_are_chosen(stt: str, tmp_path: Path) -> None:
    made = render(tmp_path / "made", {"preset": "single-vm", "delivery": "github-actions", "stt": stt})
    without = render(tmp_path / "without", {"preset": "single-vm", "stt": stt})
    assert not (without / ".github").exists()
    check, evidence = (yaml.safe_load((made / f".github/workflows/{name}.yml").read_text()) for name in ("check", "evidence"))
    assert "make setup check call" in str(check["jobs"]["check"]["steps"])
    assert check["permissions"] == evidence["permissions"] == {"contents": "read"}
    measure = evidence["jobs"]["measure"]
    assert measure["needs"] == "keys", "nothing is measured where a key is missing"
    assert measure["env"]["GROQ_API_KEY"] == "${{ secrets.GROQ_API_KEY }}"
    assert ("permissions" in measure) == (stt == "google-chirp-3"), "an identity instead of a key, for Google alone"
    uses = [step["uses"] for job in (*check["jobs"].values(), *evidence["jobs"].values()) for step in job["steps"] if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in uses)
