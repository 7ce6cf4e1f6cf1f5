"""The wheel carries the template, works where there is nothing else, and its projects know where they come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import ROOT, clean_clone, git


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def test_a_project_from_the_installed_wheel_can_update(tmp_path: Path) -> None:
    clone = clean_clone(tmp_path / "livekit-planner")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path / "dist", clone)
    wheel = next((tmp_path / "dist").glob("*.whl"))
    uv = Path(sys.executable).with_name("uv")
    empty = tmp_path / "empty"
    run(uv, "venv", "--quiet", "--python", sys.executable, empty)
    run(
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        empty / "bin" / "python",
        "--require-hashes",
        "--requirement",
        ROOT / "requirements.txt",
    )
    run(uv, "pip", "install", "--quiet", "--python", empty / "bin" / "python", "--no-deps", wheel)
    project = tmp_path / "agent"
    run(empty / "bin" / "livekit-planner", "new", project, "--preset", "web-assistant", "--defaults", "--source", clone, cwd=tmp_path)
    recorded = (project / ".copier-answers.yml").read_text()
    assert f"_commit: {git(clone, 'rev-parse', 'HEAD')}" in recorded
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "born")
    run(Path(sys.executable).with_name("copier"), "update", "--defaults", "--quiet", "--vcs-ref", "HEAD", cwd=project)
    assert git(project, "status", "--porcelain") in ("", "M .copier-answers.yml"), "nothing but how Copier writes the same version"
