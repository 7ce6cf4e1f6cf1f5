"""One environment with everything that any project could need: rows share it instead of installing 27 times."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support import ROOT

VERSIONS = ROOT / "template" / "catalogue" / "versions.yml"
GROUPS = ("runtime", "plugins", "development", "speech", "espeak", "voice")
# Not pinned by any project: the browser test of the page is ours to run.
EXTRA = ("playwright==1.65.2",)


@functools.cache
def environment() -> Path:
    """The environment's folder; made on first use, remade when a pin changes."""
    versions = yaml.safe_load(VERSIONS.read_text())
    wanted = [f"{name}=={pin}" for group in GROUPS for name, pin in versions[group].items()] + list(EXTRA)
    digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    folder = ROOT / "build" / f"emitted-{digest}"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "emitted.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".ready").exists():
            uv = Path(sys.prefix) / "bin" / "uv"
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
            # Compiled once: where no bytecode is kept, each start of a project's process compiled all of it, for 4 s.
            install: list[str | Path] = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", folder / "bin" / "python"]
            subprocess.run([*install, *wanted], check=True)
            (folder / ".ready").touch()
    return folder


def mypy_cache() -> Path:
    """Where the type checker keeps what it knows of the packages: one folder for each process of these tests."""
    return ROOT / "build" / f"mypy-cache-{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
