"""What can go wrong with a provider: one vocabulary for all, armed and cleared from outside."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

MEANING: Final = {
    "refuse": "cuts the connection before it answers",
    "http-401": "does not accept the key",
    "http-404": "does not know the model, as when it has retired or is not served in the region",
    "http-429": "answers 429 Too Many Requests",
    "http-500": "answers 500 Internal Server Error",
    "garbage": "answers what no client can read",
    "empty": "answers properly, with nothing in it",
    "empty-final": "writes the words while they are spoken, and a final without one",
    "no-end": "writes what was said, and never that the speech has ended",
    "early-end": "ends properly after the first words",
    "cut-length": "ends after the first words, and says that it has reached its limit of tokens",
    "cut-filter": "ends after the first words, and says that a content filter has stopped it",
    "hang": "takes the connection and never answers",
    "stall": "begins to answer and stops, the connection stays open",
    "drip": "answers far too slowly",
    "disconnect": "cuts the connection in the middle of the answer",
    "silent": "listens and never writes a word",
}
# What an HTTP status is called. These, a cut and a hang meet a connection when it is opened: open ones go first.
REFUSALS: Final = {
    401: "invalid key",
    404: "model not found",
    429: "too many requests",
    500: "emulated failure",
}
AT_THE_DOOR: Final = ("refuse", *(f"http-{status}" for status in REFUSALS), "hang")
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "stt": (*AT_THE_DOOR, "garbage", "empty", "empty-final", "no-end", "stall", "disconnect", "silent"),
    "llm": (*AT_THE_DOOR, "garbage", "empty", "early-end", "cut-length", "cut-filter", "stall", "drip", "disconnect"),
    "tts": (*AT_THE_DOOR, "garbage", "empty", "early-end", "stall", "drip", "disconnect"),
}


def check(stage: str, kind: str) -> None:
    """Whether `stage` can fail this way.

    Raises:
        ValueError: it cannot; the message lists what can.
    """
    if stage not in KINDS:
        raise ValueError(f"fault stage {stage!r} does not exist: choose one of {', '.join(KINDS)}")
    if kind not in KINDS[stage]:
        raise ValueError(f"fault kind {kind!r} does not exist for {stage}: choose one of {', '.join(KINDS[stage])}")


@dataclass
class FaultBoard:
    """At most one fault a stage, from arming to clearing; what fired is remembered.

    `first` names the vendor of each stage that is asked first: a fault is its alone, unless it is everyone's.
    """

    first: dict[str, str] = field(default_factory=dict)
    armed: dict[str, str] = field(default_factory=dict)
    everyone: set[str] = field(default_factory=set)
    fired: list[dict[str, Any]] = field(default_factory=list)
    _struck: set[tuple[str, str]] = field(default_factory=set)  # stages and vendors, by what is armed now

    def arm(self, stage: str, kind: str, *, everyone: bool = False) -> None:
        """Let the first vendor of `stage`, or `everyone`, fail by `kind` until cleared.

        Raises:
            ValueError: there is no such fault.
        """
        check(stage, kind)
        self.armed[stage] = kind
        self._struck = {(armed, vendor) for armed, vendor in self._struck if armed != stage}
        self.everyone = self.everyone | {stage} if everyone else self.everyone - {stage}

    def clear(self) -> None:
        """End all faults; what fired stays on record."""
        self.armed.clear()
        self.everyone.clear()

    def meets(self, stage: str, vendor: str) -> bool:
        """Whether what is armed for `stage` is this vendor's."""
        return stage in self.everyone or self.first.get(stage, vendor) == vendor

    def strikes(self, stage: str, vendor: str, *kinds: str) -> str:
        """The kind among `kinds` that strikes this vendor now, or nothing; it counts as fired once an arming."""
        kind = self.armed.get(stage, "")
        if kind not in kinds or not self.meets(stage, vendor):
            return ""
        if (stage, vendor) not in self._struck:
            self._struck.add((stage, vendor))
            self.fired.append({"stage": stage, "kind": kind, "vendor": vendor, "t": time.time()})
        return kind
