"""The checks with which a newborn project begins: linter, formatter, types, tests."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.run.projects import Project
from tests.support import EMITTED_PRESETS


@pytest.mark.timed
@pytest.mark.parametrize("preset", EMITTED_PRESETS)
def test_its_own_tests_pass_when_it_is_born(born: Callable[..., Project], preset: str) -> None:
    assert re.search(r"\d+ passed", born(preset).make("check", minutes=15).stdout)
