"""`make drills`: lets the providers of a few projects fail over and over, and writes docs/resilience.md from what was heard."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.run.projects import Project
from tests.support import ROOT

PAGE = ROOT / "docs" / "resilience.md"
SPARE = {"stt_fallback": "openai-gpt-4o-transcribe", "llm_fallback": "gemini-3.6-flash", "tts_fallback": "deepgram-aura-2"}
# Beside the preset's answers. Without a second provider a hang can only end in an apology.
PROJECTS = {
    "Two providers for each stage": SPARE,
    "A hedged second request and a sound while the agent thinks besides": {**SPARE, "llm_hedging": "p90", "thinking_sound": "true"},
}
HEAD = """# What the caller hears when a provider fails

Made by `make drills`, never by hand: `make drill-faults` in two projects of the preset `web-assistant`, in which real calls are held
on one machine of two cores while providers fail. Each fault meets a worker that does not know of the one before. Times are ms after
the caller's last sample: until anything was heard, and until the answer was (from the moment of the fault, if that is later). *never*:
not within 20 s. The goals are 1500 and 3000 for 95 of 100. *The bare framework* is the same agent with the same first providers and
without what this project adds.

A model whose healthy turns often take longer than 1500 ms cannot reach the first goal by a filler when it hangs: it is not dead yet, and
a filler that came sooner would be heard in more than one healthy turn of twenty. There `thinking_sound: true` fills the wait.
"""


def drilled(answers: dict[str, str]) -> str:
    """The page of one project, without its heading and introduction.

    Raises:
        AssertionError: a caller was left in silence, heard two halves, or a session stayed open.
    """
    with tempfile.TemporaryDirectory() as place:
        project = Project(Path(place) / "project")
        sets = [part for name, value in answers.items() for part in ("--set", f"{name}={value}")]
        new = [sys.executable, "-m", "livekit_planner", "new", str(project.path), "--preset", "web-assistant", *sets]
        subprocess.run([*new, "--defaults", "--allow-dirty"], cwd=ROOT, check=True)
        project.make("setup", minutes=15)
        project.make("drill-faults", minutes=90)
        page = (project.path / "docs/architecture/resilience.md").read_text()
    return page[page.index("| setting") :]


def main() -> int:
    """Drill all, then write the page; a failure leaves the old one."""
    parts = [HEAD]
    for title, answers in PROJECTS.items():
        given = ", ".join(f"`{name}: {value}`" for name, value in answers.items())
        parts.append(f"## {title}\n\n{given}\n\n{drilled(answers)}")
    PAGE.write_text("\n".join(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
