"""The deprecated turn detector that one choice uses is still there, and still the only thing that is silenced."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.emitted import environment
from tests.support import render


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(environment() / "bin" / "python"), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_upstream_still_has_it_and_still_deprecates_it(tmp_path: Path) -> None:
    done = python("-W", "error::DeprecationWarning", "-c", "import livekit.plugins.turn_detector.multilingual", cwd=tmp_path)
    assert "DeprecationWarning" in done.stderr, "no longer deprecated, or no longer there: see docs/decisions/named-packages.md"
    assert "ModuleNotFoundError" not in done.stderr


def test_a_project_that_chose_it_imports_without_a_warning(tmp_path: Path) -> None:
    project = render(tmp_path / "project", {"turn_detection": "text-model"})
    code = "import sys; sys.path.insert(0, 'src'); import my_agent.runtime.turns as turns; print(turns.MultilingualModel.__name__)"
    done = python("-W", "error", "-c", code, cwd=project)
    assert done.stdout.strip() == "MultilingualModel", done.stderr[-2000:]


def test_only_its_image_downloads_weights(tmp_path: Path) -> None:
    chosen = (render(tmp_path / "chosen", {"turn_detection": "text-model"}) / "Dockerfile").read_text()
    other = (render(tmp_path / "other", {}) / "Dockerfile").read_text()
    assert "download-files" in chosen
    assert "download" not in other
    assert "USER 10001" in other
    assert 'CMD ["python"' in other
