"""Paths of a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ANSWERS_FILE: Final = ".copier-answers.yml"


def under(path: str, places: Iterable[str]) -> bool:
    """Tell whether `path` is one of the files or folders `places`, or lies in one."""
    return any(path == place or path.startswith(f"{place}/") for place in places)
