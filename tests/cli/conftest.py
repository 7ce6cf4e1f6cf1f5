"""What the tests of updates begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.updating import born, template


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("update") / "template")


@pytest.fixture
def project(source: Path, tmp_path: Path) -> Path:
    return born(source, tmp_path / "project")
