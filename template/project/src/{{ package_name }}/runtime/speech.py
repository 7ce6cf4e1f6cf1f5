"""What counts as speech, for all parts that listen."""

from __future__ import annotations

from typing import Final

COUGH_S: Final = 0.5
"""A single sound shorter than this may be a cough or a door: the caller is told nothing about it. In s of voice."""
