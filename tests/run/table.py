"""`make providers`: calls every pipeline, checks every contract on the wire, and writes docs/providers.md from what was seen."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.render.test_wire import PROFILES, served
from tests.run.test_pipelines import RESULTS
from tests.support import ROOT, STAGES, known, models

PAGE = ROOT / "docs" / "providers.md"
TITLES = {"stt": "Recognition", "llm": "Language model", "tts": "Voice"}
HEAD = """# Providers, and what was seen of each

Made by `make providers`, never by hand: each row is a model of the catalogue, spoken to by its unmodified plugin through a real
LiveKit server, against the emulator of its provider. *Spoken* is the first turn of a call in which it was the first choice, from
the caller's last sample to the agent's first sound. *Takes over* is the same for a turn in which the first choice of its stage
failed in the way that is named and this one answered instead; nobody heard an apology. *Contract* are the profiles for which
everything that it is sent was compared with plan.json. Milliseconds of one run on two cores: an emulator is as fast as it is
told to be, so they show that it works and how long a failure is heard, not how fast the provider is.
"""


def page(results: list[dict[str, Any]]) -> str:
    """The page, from the results of the calls; the contracts were checked in the same run, or there is no page."""
    lines = [HEAD]
    for stage in STAGES:
        lines += [
            f"## {TITLES[stage]}",
            "",
            "| record | spoken | fails as first | takes over | contract | languages |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_line(stage, key, results) for key in models(stage)]
        lines.append("")
    return "\n".join(lines)


def _line(stage: str, key: str, results: list[dict[str, Any]]) -> str:
    first = [one for one in results if one["row"][stage] == key]
    second = [one for one in results if one["row"][f"{stage}_fallback"] == key]
    spoken = ", ".join(f"{one['row']['languages']} {one['first_ms']}" for one in first)
    failing = ", ".join(sorted({one["kinds"][stage] for one in first}))
    taking = ", ".join(f"{one['kinds'][stage]} {one['waited_ms'][stage]}" for one in second)
    contract = ", ".join(profile for profile in PROFILES if key in served(stage, profile))
    return f"| `{key}` | {spoken} | {failing} | {taking} | {contract} | {' '.join(known(stage)[key]['languages'])} |"


def main() -> int:
    """Run what is to be seen, then write the page; a failure leaves the old one."""
    for old in RESULTS.glob("*.json"):
        old.unlink()
    command = [sys.executable, "-m", "pytest", "-q", "tests/render/test_wire.py", "tests/run/test_pipelines.py"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        return 5
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("[0-9]*.json"))]
    PAGE.write_text(page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
