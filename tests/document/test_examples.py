"""docs/examples shows what the template of this commit plans."""

from __future__ import annotations

from pathlib import Path

from tests.document.examples import PLACE, expected


def test_examples_are_what_is_planned() -> None:
    stale = [
        str(path.relative_to(PLACE)) for path, text in expected().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, "the plan changed: run `make examples`, look at the difference, commit it"


def test_nothing_else_lies_there_and_no_path_of_a_machine() -> None:
    files = [path for path in PLACE.rglob("*") if path.is_file()]
    assert set(files) == {*expected(), PLACE / "README.md"}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert str(Path.home()) not in text
        assert "/tmp/" not in text  # noqa: S108
