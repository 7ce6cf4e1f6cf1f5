"""D4xx: what is in the environment and in .env. Names and reasons are said, values never."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from .. import project
from .finding import Finding, Severity, ok

LIVEKIT = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
SHORTEST_KEY = 16
PLACEHOLDER = re.compile(
    r"your[-_ ]|change[-_ ]?me|replace|placeholder|example|dummy|todo|^x{3,}|x{6,}|^<.*>$|^\$?\{.*\}$|^\.{3}",
    re.IGNORECASE,
)


def providers() -> list[Finding]:
    """D401 and D402: which providers have keys, which are emulated, and which keys cannot be meant."""
    values = given()
    real = [name for name in project.PROVIDER_KEYS if values.get(name) and not is_placeholder(values[name])]
    emulated = [name for name in project.PROVIDER_KEYS if name not in real]
    title = f"keys: {len(real)} of {len(project.PROVIDER_KEYS)} given"
    findings = [ok("D401", title)]
    if emulated and values:
        meaning = f"No key: {', '.join(emulated)}. make call and make talk emulate all providers and need none."
        findings = [Finding("D401", Severity.INFO, title, meaning, "for real providers: fill in .env.example as .env")]
    wrong = [name for name in (*project.PROVIDER_KEYS, *LIVEKIT) if values.get(name) and _wrong(name, values[name])]
    if wrong:
        meaning = "These hold a placeholder or are too short to be real."
        mend = f"correct {', '.join(wrong)} in .env or in the environment"
        findings.append(Finding("D402", Severity.WARNING, f"placeholders: {', '.join(wrong)}", meaning, mend))
    return findings


def settings() -> list[Finding]:
    """D403: every variable has a value that the worker accepts; those only production needs are not missed here."""
    if not _env_file().is_file():
        filled = dict.fromkeys((*project.PROVIDER_KEYS, *LIVEKIT), "devkit") | {"LIVEKIT_URL": "ws://127.0.0.1"}
    else:
        filled = {}
    try:
        module = importlib.import_module(f"{project.PACKAGE}.settings")
    except ModuleNotFoundError as error:
        meaning = f"{error.name} cannot be imported."
        return [Finding("D403", Severity.ERROR, "the settings cannot be read", meaning, "make setup")]
    wrong = _validate(module, {name: value for name, value in filled.items() if not os.environ.get(name)})
    if not wrong:
        return [ok("D403", "settings are valid")]
    meaning = "With these the worker ends at its start; make call and make talk replace keys and addresses."
    missing_only = all(reason == "is missing" for _, reason in wrong)
    severity = Severity.WARNING if missing_only else Severity.ERROR
    title = "; ".join(f"{name} {reason}" for name, reason in wrong)
    return [Finding("D403", severity, title, meaning, "correct them in .env or in the environment; see .env.example")]


def secrecy() -> list[Finding]:
    """D404: .env is not in the history of git."""
    git = shutil.which("git")
    if git is None or not _env_file().is_file():
        return []
    command = [git, "ls-files", "--error-unmatch", ".env"]
    done = subprocess.run(command, cwd=project.ROOT, capture_output=True, timeout=10, check=False)
    if done.returncode:
        return [ok("D404", ".env is not in git")]
    meaning = "Whoever reads the repository has the keys; they stay in its history."
    mend = "git rm --cached .env, and make new keys at the providers"
    return [Finding("D404", Severity.ERROR, ".env is in git", meaning, mend)]


def data() -> list[Finding]:
    """D405: the folder in which the app keeps its files can be written."""
    named = os.environ.get("DATA_FOLDER") or given().get("DATA_FOLDER") or "data"
    folder = project.ROOT / named
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if there.is_dir() and os.access(there, os.W_OK):
        return [ok("D405", f"the app may keep its files in {named}")]
    meaning = "The app cannot keep its files, so nothing that a caller asks for can be written down."
    mend = f"make {there} a folder that you may write, or set DATA_FOLDER in .env"
    return [Finding("D405", Severity.ERROR, f"DATA_FOLDER={named} cannot be written", meaning, mend)]


def recordings() -> list[Finding]:
    """D408: what the agent says when its voice is dead was recorded by that voice."""
    listed = project.ROOT / "src" / project.PACKAGE / "spoken" / "phrases.json"
    if not listed.is_file():
        return []
    by, chosen = json.loads(listed.read_text("utf-8"))["spoken_by"], project.VENDORS["tts"][0]
    if by == chosen:
        return [ok("D408", f"apologies are recorded by {chosen}")]
    meaning = f"When {chosen} fails, callers hear another voice than before."
    mend = f"put {project.VOICE_KEY} into .env, then make phrases"
    return [Finding("D408", Severity.INFO, f"apologies are recorded by {by}", meaning, mend)]


def is_placeholder(value: str) -> bool:
    """Whether a key is one that somebody forgot to fill in."""
    return bool(PLACEHOLDER.search(value)) or len(value) < SHORTEST_KEY


def given() -> dict[str, str]:
    """The variables of `.env`, overridden by the environment, as the worker sees them; empty ones are left out."""
    values: dict[str, str] = {}
    if _env_file().is_file():
        for line in _env_file().read_text(encoding="utf-8", errors="replace").splitlines():
            name, sign, value = line.removeprefix("export ").partition("=")
            if sign and not line.lstrip().startswith("#"):
                values[name.strip()] = value.strip().strip("'\"")
    values |= {name: os.environ[name] for name in (*project.PROVIDER_KEYS, *LIVEKIT) if os.environ.get(name)}
    return {name: value for name, value in values.items() if value}


def _wrong(name: str, value: str) -> bool:
    # A key of LiveKit is short; an address or a project is no key.
    secret = name.endswith(("_KEY", "_SECRET")) and name != LIVEKIT[1]
    return is_placeholder(value) if secret else bool(PLACEHOLDER.search(value))


def _validate(module: Any, filled: dict[str, str]) -> list[tuple[str, str]]:
    """Name and reason of each variable that the settings refuse; `filled` stands in for what is absent."""
    arguments = {name.lower(): value for name, value in filled.items()}
    try:
        module.Settings(_env_file=_env_file(), **arguments)
    except module.ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        return [(str(detail["loc"][0]).upper(), _reason(detail)) for detail in details]
    return []


def _reason(detail: dict[str, Any]) -> str:
    return "is missing" if detail["type"] == "missing" else f"is wrong: {detail['msg']}"


def _env_file() -> Path:
    return project.ROOT / ".env"
