"""D3xx: programs beside Python."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from .. import project, server
from ..processes import Trouble
from .finding import Finding, Severity, ok

PAGE = project.ROOT / "build" / "page" / "node_modules" / "livekit-client" / "package.json"


def livekit_server() -> list[Finding]:
    """D301: a LiveKit server of the wanted version, or a way to get one."""
    wanted = project.LIVEKIT_SERVER_VERSION
    try:
        found = server.find()
    except Trouble as error:
        return [Finding("D301", Severity.ERROR, str(error), "No call can be held.", "unset LIVEKIT_SERVER")]
    if found is None:
        if shutil.which("go"):
            meaning = "It is fetched, or built in about two minutes, when it is first needed."
            return [Finding("D301", Severity.WARNING, f"no livekit-server {wanted} yet", meaning, "make setup")]
        meaning = "It can be had from its release, if this machine may fetch that; else Go is needed to build it."
        mend = "make setup; if that fails: install Go or put livekit-server on PATH, then make setup"
        return [Finding("D301", Severity.ERROR, f"no livekit-server {wanted} and no Go", meaning, mend)]
    version = server.version_of(found)
    if not version:
        mend = f"rm {found} && make setup"
        return [Finding("D301", Severity.ERROR, f"{found} does not run", "No call can be held.", mend)]
    if wanted not in version:
        meaning = "It is not the version that this project is tested with."
        return [Finding("D301", Severity.WARNING, f"{version} at {found}, {wanted} wanted", meaning, "make setup")]
    return [ok("D301", f"{version} at {found}")]


def go() -> list[Finding]:
    """D302: Go, which builds the server where its release cannot be fetched."""
    return [_optional("D302", "go", "It is needed only to build livekit-server.", "apt install golang")]


def npm() -> list[Finding]:
    """D303: npm, which brings the module of the page."""
    return [_optional("D303", "npm", "It is needed only for the page of make talk.", "apt install npm")]


def page() -> list[Finding]:
    """D304: the page's module, in the pinned version."""
    wanted = project.LIVEKIT_CLIENT_VERSION
    version = client_version(PAGE)
    if version == wanted:
        return [ok("D304", f"livekit-client {version}")]
    if version is None:
        title, meaning = "livekit-client is not installed", "make talk goes on in text."
    else:
        title, meaning = f"livekit-client {version}, {wanted} wanted", "The page is not tested with it."
    mend = "make setup" if version is None else "rm -r build/page && make setup"
    return [Finding("D304", Severity.WARNING, title, meaning, f"{mend} (needs npm)")]


def client_version(package: Path) -> str | None:
    """The version in a package.json; None if there is none."""
    try:
        return str(json.loads(package.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None


def _optional(code: str, program: str, meaning: str, mend: str) -> Finding:
    found = shutil.which(program)
    return ok(code, f"{program} at {found}") if found else Finding(code, Severity.INFO, f"no {program}", meaning, mend)
