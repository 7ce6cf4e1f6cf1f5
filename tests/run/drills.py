"""`make drills`: lets the providers of a project fail over and over, and writes docs/resilience.md from what was heard."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.run.projects import Project
from tests.support import ROOT

PAGE = ROOT / "docs" / "resilience.md"
# Beside the preset's answers. Without a second provider a hang can only end in an apology.
ANSWERS = {
    "stt_fallback": "openai-gpt-4o-transcribe",
    "llm_fallback": "gemini-3.6-flash",
    "tts_fallback": "deepgram-aura-2",
    "llm_hedging": "p90",
    "thinking_sound": "true",
}
HEAD = """# What the caller hears when a provider fails

Made by `make drills`, never by hand: `make drill-faults` in a project of the preset `web-assistant` with {answers}.
Real calls are held on one machine of two cores while providers fail, each time in a worker that does not know of the failure before.
Times are ms after the caller's last sample: until anything was heard, and until the answer was (from the moment of the fault, if that
is later). *never*: not within 20 s. The goals are 1500 and 3000 for 95 of 100. *The bare framework* is the same agent with the same
first providers and without what this project adds.

A model whose healthy turns often take longer than 1500 ms cannot reach the first goal by a filler when it hangs: it is not dead yet, and
a filler that came sooner would be heard in more than one healthy turn of twenty. There `thinking_sound: true` fills the wait, and
`llm_hedging: p90` brings the answer forward.

"""


def drilled() -> str:
    """The tables of the project's page.

    Raises:
        AssertionError: a caller was left in silence, heard two halves, or a session stayed open.
    """
    with tempfile.TemporaryDirectory() as place:
        project = Project(Path(place) / "project")
        sets = [part for name, value in ANSWERS.items() for part in ("--set", f"{name}={value}")]
        new = [sys.executable, "-m", "livekit_planner", "new", str(project.path), "--preset", "web-assistant", *sets]
        subprocess.run([*new, "--defaults", "--allow-dirty"], cwd=ROOT, check=True)
        project.make("setup", minutes=15)
        project.make("drill-faults", minutes=90)
        page = (project.path / "docs/architecture/resilience.md").read_text()
    return page[page.index("| setting") :]


def main() -> int:
    """Drill, then write the page; a failure leaves the old one."""
    answers = ", ".join(f"`{name}: {value}`" for name, value in ANSWERS.items())
    found = drilled()
    PAGE.write_text(HEAD.format(answers=answers) + found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
