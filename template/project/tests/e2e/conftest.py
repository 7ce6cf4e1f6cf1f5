"""One server, one worker, one set of speech models for all calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devkit.project import ROOT
from devkit.stack import Options, Stack

CALLS = ROOT / "devkit" / "calls"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(Options(scripts=sorted(CALLS.glob("*.yaml")), folder=ROOT / "build" / "e2e")) as started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.e2e)
