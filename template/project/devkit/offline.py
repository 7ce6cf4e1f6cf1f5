"""What runs on this machine in place of what callers get, and what `make call PRODUCT=1` runs after all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from . import project


@dataclass(frozen=True)
class Replacement:
    """A setting of the worker that differs here: `here` is its value, `instead` says it in words."""

    setting: str
    part: str
    here: str
    instead: str


REPLACEMENTS: Final = (
    Replacement("TURN_DETECTION", "turn detector", "vad", "plain silence"),
    Replacement("INTERRUPTIONS", "interruption mode", "vad", "any voice stops the agent"),
    Replacement("NOISE_CANCELLATION", "noise filter", "none", "none"),
)
# Answers whose setting changes nothing: they are the replacement, or do not read it.
SAME: Final = ("vad", "none", "disabled")


def replaced(product: bool) -> list[Replacement]:
    """What differs from production; with `product`, only what cannot run on this machine."""
    return [
        one
        for one in REPLACEMENTS
        if project.CHOSEN[one.setting][0] not in SAME and (project.CHOSEN[one.setting][1] or not product)
    ]


def environment(product: bool) -> dict[str, str]:
    """The worker's variables that replace it."""
    return {one.setting: one.here for one in replaced(product)}


def replaced_by(product: bool, words_from: str) -> dict[str, str]:
    """What differs from production, for a report: the settings, and `RECOGNISER` where words come from the script."""
    return environment(product) | ({"RECOGNISER": "script"} if words_from == "script" else {})


def told(product: bool, words_from: str) -> list[str]:
    """What differs from production, in sentences. `words_from`: the emulators' recogniser, or `script`."""
    lines = []
    for one in replaced(product):
        chosen, needs = project.CHOSEN[one.setting]
        why = f"it needs {needs}" if needs else "PRODUCT=1 runs it"
        lines.append(f"{one.part}: {one.instead} in place of {chosen} ({why})")
    if words_from == "script":
        lines.append("recognised words: those of the script (no recogniser here hears this voice and language)")
    return lines
