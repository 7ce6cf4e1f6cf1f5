"""Which providers rest after a failure. All calls of a worker know it: the second one does not wait again."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

REST_S: Final = 10.0
# Each failure in a row doubles the rest, up to this.
LONGEST_REST_S: Final = 60.0


@dataclass(frozen=True)
class Failure:
    """What a provider did, after how long: `kind` is a status (`http-500`), a deadline (`hang`) or an error's name."""

    stage: str
    provider: str
    kind: str
    waited_s: float


@dataclass
class Board:
    """The breakers of one call. Calls are processes, so what they share is one small file for each provider."""

    folder: Path
    on_failure: list[Callable[[Failure], None]] = field(default_factory=list)

    def breaker(self, stage: str, provider: str) -> Breaker:
        """The breaker of a provider in a stage (`stt`, `llm`, `tts`)."""
        return Breaker(self, stage, provider)


class Breaker:
    """Open while its provider rests. Then one caller probes it, while the others still go past it."""

    def __init__(self, board: Board, stage: str, provider: str) -> None:
        """Share the state of `provider` through the folder of `board`."""
        self.stage, self.provider = stage, provider
        self._board = board
        self._file = board.folder / "".join(c if c.isalnum() else "-" for c in f"{stage}-{provider}")

    def admits(self) -> bool:
        """Whether this provider may be asked first now. After a rest it is said once: who is told so is the probe."""
        try:
            until = self._file.stat().st_mtime
        except FileNotFoundError:
            return True
        if until > time.time():
            return False
        self._rest(REST_S)
        return True

    def failed(self, kind: str, *, waited_s: float = 0.0, rest_s: float | None = None, rests: bool = True) -> None:
        """Log the failure and tell the listeners; if it `rests`, the provider does: for `rest_s`, or ever longer."""
        failure = Failure(self.stage, self.provider, kind, round(waited_s, 3))
        logger.warning("provider failed", extra={**vars(failure)})
        if rests:
            in_a_row = self._in_a_row() + 1
            self._rest(min(rest_s or REST_S * 2 ** min(in_a_row - 1, 8), LONGEST_REST_S), in_a_row)
        for listener in self._board.on_failure:
            listener(failure)

    def healed(self) -> None:
        """It answered: its failures are forgotten."""
        with suppress(FileNotFoundError):
            self._file.unlink()

    def _in_a_row(self) -> int:
        try:
            return len(self._file.read_bytes())
        except FileNotFoundError:
            return 0

    def _rest(self, rest_s: float, in_a_row: int | None = None) -> None:
        """One byte for each failure in a row; the time of change lies ahead, when the rest is over."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if in_a_row is not None:
            self._file.write_bytes(b"." * in_a_row)
        until = time.time() + rest_s
        with suppress(FileNotFoundError):  # another call has just seen it heal
            os.utime(self._file, (until, until))


def admitted_first(breakers: Sequence[Breaker]) -> list[int]:
    """Indices of the providers in the order to ask them: those that rest come last, for they may be all there is."""
    rests = [not breaker.admits() for breaker in breakers]
    return sorted(range(len(breakers)), key=lambda index: rests[index])
