"""Sentences by which the agent says that something failed, recognised in what was heard: asked for is not said."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from . import project
from .words import breaks_off, coverage, normal

NAMES: Final = ("apology", "not_heard", "giving_up")
PREPARED: Final = "apology"  # spoken when the voice itself is dead
# Of the words of a phrase: so many are a whole one, a recogniser's slips allowed, and so many the beginning of one.
WHOLE, BEGUN = 0.8, 0.4
# Of the length of a phrase, where no recogniser knows the language: voices differ in pace, and pauses are no sound.
WHOLE_LENGTH: Final = 0.75


@dataclass(frozen=True)
class Apology:
    """One that was heard: the name of its phrase, and whether all of it was."""

    phrase: str
    whole: bool


def texts() -> dict[str, str]:
    """The project's own sentences by name: `app.PHRASES`, else the template's."""
    phrase: Callable[[str], str] = importlib.import_module(f"{project.PACKAGE}.runtime.hooks").phrase
    return {name: phrase(name) for name in NAMES}


def in_words(heard: str, phrases: dict[str, str]) -> Apology | None:
    """The apology in what a recogniser heard."""
    name, covered = max(((name, coverage(text, heard)) for name, text in phrases.items()), key=lambda one: one[1])
    if covered >= BEGUN:
        return Apology(name, covered >= WHOLE)
    broken = next((name for name, text in phrases.items() if breaks_off(text, heard)), None)
    return Apology(broken, whole=False) if broken else None


def in_sound(heard_s: float, asked: str, lengths_s: dict[str, float], phrases: dict[str, str]) -> Apology | None:
    """The apology in `heard_s` of a voice that no recogniser here understands; `asked` is what it was asked to say.

    The sentence that is prepared beforehand is never asked for.
    """
    said = next((name for name, text in phrases.items() if normal(text) in normal(asked)), None)
    if said is None and asked:
        return None
    name = said or PREPARED
    return Apology(name, heard_s >= WHOLE_LENGTH * lengths_s[name])
