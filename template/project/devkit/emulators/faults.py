"""What can go wrong with a provider: one vocabulary for all, armed and cleared from outside."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

MEANING: Final = {
    "refuse": "cuts the connection before it answers",
    "http-429": "answers 429 Too Many Requests",
    "http-500": "answers 500 Internal Server Error",
    "garbage": "answers what no client can read",
    "empty": "answers properly, with nothing in it",
    "early-end": "ends properly after the first words",
    "hang": "takes the connection and never answers",
    "stall": "begins to answer and stops, the connection stays open",
    "drip": "answers far too slowly",
    "disconnect": "cuts the connection in the middle of the answer",
    "silent": "listens and never writes a word",
}
KINDS: Final = {
    "stt": ("refuse", "http-429", "http-500", "garbage", "empty", "hang", "stall", "disconnect", "silent"),
    "llm": ("refuse", "http-429", "http-500", "garbage", "empty", "early-end", "hang", "stall", "drip", "disconnect"),
    "tts": ("refuse", "http-429", "http-500", "garbage", "empty", "early-end", "hang", "stall", "drip", "disconnect"),
}
# These meet a connection when it is opened; to strike, those that are open have to go first.
AT_THE_DOOR: Final = {"refuse", "http-429", "http-500", "hang"}


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
    """At most one fault a stage, from arming to clearing; what fired is remembered."""

    armed: dict[str, str] = field(default_factory=dict)
    fired: list[dict[str, Any]] = field(default_factory=list)

    def arm(self, stage: str, kind: str) -> None:
        """Let `stage` fail by `kind` until cleared.

        Raises:
            ValueError: there is no such fault.
        """
        check(stage, kind)
        self.armed[stage] = kind

    def clear(self) -> None:
        """End all faults; what fired stays on record."""
        self.armed.clear()

    def strikes(self, stage: str, *kinds: str) -> bool:
        """Whether one of `kinds` is armed for `stage`; if so it counts as fired."""
        kind = self.armed.get(stage)
        if kind is None or kind not in kinds:
            return False
        if not any(old["stage"] == stage and old["kind"] == kind for old in self.fired):
            self.fired.append({"stage": stage, "kind": kind, "t": time.time()})
        return True
