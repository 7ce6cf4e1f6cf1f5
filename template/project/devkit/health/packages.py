"""D1xx: Python and the packages that pyproject.toml pins."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from typing import Any

from .. import project, speech
from .finding import Finding, Severity, ok

PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^;\s]+)")
NEEDED_GROUPS = ("dev",)
BOUND = re.compile(r"(>=|<)\s*(\d+)\.(\d+)")


def python() -> list[Finding]:
    """D101: the version of Python is one that the project supports."""
    here = sys.version_info[:2]
    wanted = str(_pyproject()["project"]["requires-python"])
    title = f"Python {here[0]}.{here[1]} (the project says {wanted})"
    fits = all(
        here >= (int(major), int(minor)) if sign == ">=" else here < (int(major), int(minor))
        for sign, major, minor in BOUND.findall(wanted)
    )
    if fits:
        return [ok("D101", title)]
    meaning = "Packages of this project are not made for this version."
    return [Finding("D101", Severity.ERROR, title, meaning, "make clean setup PYTHON=python3.13")]


def pinned() -> list[Finding]:
    """D102 and D103: packages are there, in the versions that are pinned."""
    content = _pyproject()
    requirements: list[str] = list(content["project"]["dependencies"])
    for group in NEEDED_GROUPS:
        requirements += content.get("dependency-groups", {}).get(group, [])
    absent, other = [], []
    for requirement in requirements:
        found = PINNED.match(requirement)
        if found is None:
            continue
        version = installed(found["name"])
        if version is None:
            absent.append(found["name"])
        elif version != found["version"]:
            other.append(f"{found['name']} {version} instead of {found['version']}")
    if not absent and not other:
        return [ok("D102", f"{len(requirements)} packages, all as pinned")]
    findings = []
    if absent:
        meaning = "The agent or its tests cannot run."
        findings.append(Finding("D102", Severity.ERROR, f"missing: {', '.join(absent)}", meaning, "make setup"))
    if other:
        meaning = "Other versions than the tested ones are installed."
        findings.append(Finding("D103", Severity.WARNING, "; ".join(other), meaning, "make clean setup"))
    return findings


def voice() -> list[Finding]:
    """D104: which local voice speaks, and whether spoken words are recognised."""
    best = speech.best_voice(project.ESPEAK_VOICE)
    heard = project.LANGUAGE == "en" and speech.installed("moonshine_voice")
    title = f"local speech: voice {best}, words {'recognised' if heard else 'taken from the script'}"
    if best == "tone":
        meaning = "No voice is installed: calls are made of tones, and nothing can be recognised."
        return [Finding("D104", Severity.WARNING, title, meaning, "make clean setup")]
    return [ok("D104", title)]


def installed(name: str) -> str | None:
    """The version of an installed package; None if it is not."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((project.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
