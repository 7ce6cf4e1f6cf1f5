"""All the spoken calls of the emitted presets, by the command of their README."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.run.projects import Project
from tests.support import EMITTED_PRESETS

# The same code in every project: the first one calls for all.
ONCE = ("acts", "callers", "endings", "evidence", "machine")


@pytest.mark.parametrize("preset", EMITTED_PRESETS)
def test_all_its_spoken_calls_pass(born: Callable[..., Project], preset: str) -> None:
    project = born(preset)
    repeated = [] if preset == EMITTED_PRESETS[0] else [f"tests/e2e/test_{name}.py" for name in ONCE]
    assert [path for path in repeated if not (project.path / path).is_file()] == []
    shown = project.make("e2e", minutes=20, PYTEST_ADDOPTS=" ".join(f"--ignore={path}" for path in repeated)).stdout
    assert re.search(r"\d+ passed", shown)
    assert "failed" not in shown.splitlines()[-1]
