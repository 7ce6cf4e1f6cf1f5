"""`python -m devkit setup`: what packages do not bring: the LiveKit server, and the page's module from npm."""

from __future__ import annotations

import shutil
import subprocess

from . import project, server

PAGE_FOLDER = project.ROOT / "build" / "page"
NPM_TIMEOUT_S = 120.0


def main(argv: list[str]) -> int:
    """Get both; without npm the page is left out, which is said and is no failure.

    Raises:
        Trouble: there is no way to a LiveKit server.
    """
    del argv  # takes none
    print(f"LiveKit server: {server.provide()}")
    print(f"page of make talk: {install_page()}")
    print("Go on with: make call")
    return 0


def install_page() -> str:
    """Install livekit-client for `make talk`; what came of it, in words."""
    if (PAGE_FOLDER / "node_modules" / "livekit-client").is_dir():
        return "ready"
    npm = shutil.which("npm")
    if npm is None:
        return "left out, there is no npm (make talk TEXT=1 needs none)"
    PAGE_FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = f"livekit-client@{project.LIVEKIT_CLIENT_VERSION}"
    command = [
        npm,
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(PAGE_FOLDER),
        wanted,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NPM_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return "left out, npm did not answer (make talk TEXT=1 needs none)"
    return "ready" if done.returncode == 0 else "left out, npm could not install it (make talk TEXT=1 needs none)"
