"""A call with the turn detector, interruption mode and noise filter of the project, as far as they run here."""

from __future__ import annotations

from pathlib import Path

from devkit import offline
from devkit.call import judged
from devkit.project import CHOSEN, ROOT
from devkit.script import load
from devkit.stack import Options, Stack

SCRIPT = ROOT / "devkit" / "calls" / "barge-in.yaml"


async def test_a_call_is_interrupted_and_ended_as_in_production(tmp_path: Path) -> None:
    with Stack(Options(scripts=[SCRIPT], product=True, folder=tmp_path)) as stack:
        report = await judged(stack, load(SCRIPT))
    assert report["missed"] == []
    assert report["hung_up_by_agent"]
    lacking = {setting for setting, (answer, needs) in CHOSEN.items() if needs}
    assert set(report["replaced_offline"]) == lacking
    assert len(offline.told(product=True, words_from="moonshine")) == len(lacking)
