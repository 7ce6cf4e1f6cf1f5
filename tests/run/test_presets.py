"""All the spoken calls of the emitted presets, by the command of their README."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.run.projects import Project
from tests.support import EMITTED_PRESETS


@pytest.mark.parametrize("preset", EMITTED_PRESETS)
def test_all_its_spoken_calls_pass(born: Callable[..., Project], preset: str) -> None:
    shown = born(preset).make("e2e", minutes=20).stdout
    assert re.search(r"\d+ passed", shown)
    assert "failed" not in shown.splitlines()[-1]
