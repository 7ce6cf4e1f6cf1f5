"""A real collector takes the configuration of each backend, takes out what is personal and counts calls without an agent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import collector
from tests.emitted import environment
from tests.support import render


@pytest.mark.parametrize(("preset", "telemetry"), [("web-assistant", "gcp"), ("web-assistant", "otlp"), ("single-vm", "grafana")])
def test_a_real_collector_does_what_its_configuration_says(preset: str, telemetry: str, tmp_path: Path) -> None:
    program = collector.binary()
    made = render(tmp_path / "project", {"preset": preset, "telemetry": telemetry})
    done = subprocess.run(
        [environment() / "bin" / "python", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/unit/test_collector.py"],
        cwd=made,
        env={**os.environ, "OTELCOL": str(program)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout
