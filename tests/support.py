"""What several layers need: the questionnaire under some answers, rendered projects, a clean clone."""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import functools
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livekit_planner import answers as merge
from livekit_planner import engine, source
from livekit_planner.errors import Refused

_OPEN = contextlib.ExitStack()
atexit.register(_OPEN.close)
ROOT = Path(__file__).resolve().parents[1]
STAGES = ("stt", "llm", "tts")
EMITTED_PRESETS = ["web-assistant", "single-vm"]
PRESETS = [*EMITTED_PRESETS, "front-desk", "reminders", "contact-centre", "regulated-eu"]
RECORDED = {"_src_path": source.SOURCE, "_commit": "0" * 40}


@functools.cache
def questionnaire() -> engine.Questionnaire:
    """One questionnaire a process: it is evaluated anew each time."""
    return engine.Questionnaire(_OPEN.enter_context(source.staged(source.Template(ROOT))))


@functools.cache
def questions_alone() -> engine.Questionnaire:
    """The same without the plan, for those who ask only what can be chosen: four times as fast."""
    asked = engine.Questionnaire(_OPEN.enter_context(source.staged(source.Template(ROOT))))
    del asked.specifications["plan"]
    return asked


def reasons(kind: str) -> list[dict[str, Any]]:
    """All rows of one kind of reasons, in order, from however many files."""
    rows: list[Any] = questionnaire().specifications["reasons"]["default"][kind]
    return [row for part in rows for row in (part if isinstance(part, list) else [part])]


def known(name: str) -> dict[str, Any]:
    """One file of the catalogue, as the template sees it."""
    found: dict[str, Any] = questions_alone().specifications["catalogue"]["default"][name][0]
    return found


def models(stage: str) -> list[str]:
    """Every model of a stage that a project can be born with today."""
    today = dt.date.fromisoformat(known("versions")["as_of"])
    retires = {key: record["retires"] for key, record in known(stage).items()}
    return [key for key, date in retires.items() if not date or (dt.date.fromisoformat(date) - today).days >= 90]


def beside(stage: str, fallback: str) -> str:
    """A first choice that `fallback` can stand beside: another vendor's, the one that fits most answers."""

    def fits(key: str) -> int:
        record = known(stage)[key]
        return len(record["languages"]) + len(record.get("residency", known("vendors")[record["vendor"]]["residency"]))

    own = known(stage)[fallback]["vendor"]
    return max((key for key in models(stage) if known(stage)[key]["vendor"] != own), key=fits)


def evaluate(given: Mapping[str, Any], *, planning: bool = False) -> dict[str, engine.Step]:
    """All steps by name; while `planning`, what is not emitted yet can be chosen.

    Raises:
        Refused: an answer is wrong.
    """
    return {step.name: step for step in merge.judge(questionnaire(), given, planning=planning)}


def plan(**given: Any) -> dict[str, Any]:
    """The plan under these answers."""
    found: dict[str, Any] = evaluate(given)["plan"].value
    return found


def planned(**given: Any) -> dict[str, Any]:
    """The plan under these answers, of what is not emitted yet too. `planned(...)["document"]` is plan.json."""
    found: dict[str, Any] = evaluate(given, planning=True)["plan"].value
    return found


def possible(given: Mapping[str, Any], *, planning: bool = False) -> bool:
    """Whether the questionnaire accepts these answers."""
    try:
        merge.judge(questions_alone(), given, planning=planning)
    except Refused:
        return False
    return True


def choices(question: str, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Value and reason against it, for each choice."""
    step = next(step for step in merge.judge(questions_alone(), given) if step.name == question)
    return [(str(choice.value), choice.reason) for choice in step.choices()]


def render(destination: Path, given: Mapping[str, Any]) -> Path:
    """A project from the working tree, without git."""
    with source.staged(source.Template(ROOT)) as template:
        engine.render(template, destination, given, RECORDED)
    return destination


def git(folder: Path, *arguments: str) -> str:
    """One git command with an author of its own."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def clean_clone(destination: Path) -> Path:
    """This repository as others get it, with what is not committed yet as one more commit."""
    git(ROOT, "clone", "--quiet", "--no-hardlinks", "--no-tags", str(ROOT), str(destination))
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0"):
        if name and (ROOT / name).is_file():
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
            target.chmod((ROOT / name).stat().st_mode)
    git(destination, "add", "--all")
    git(destination, "commit", "--quiet", "--allow-empty", "--message", "as it is now")
    return destination
