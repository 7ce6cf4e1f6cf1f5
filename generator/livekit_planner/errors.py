"""Errors, in words for people and fields for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

DONE: Final = 0
WRONG: Final = 2
CONFLICTS: Final = 3
MISSING: Final = 4
FAILED: Final = 5


@dataclass(frozen=True)
class Problem:
    """One wrong answer or use: the field, its value, why it is wrong, what would be right."""

    field: str
    value: Any
    reason: str
    fix: str

    def line(self) -> str:
        """For people."""
        shown = "" if self.value is None else f"={self.value if isinstance(self.value, str) else repr(self.value)}"
        return f"{self.field}{shown}: {self.reason}" + (f" ({self.fix})" if self.fix else "")

    def record(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class Refused(Exception):
    """Nothing was written. `exit_code` is 2 (wrong use or answers), 3 (conflicts left) or 4 (something missing on this machine)."""

    def __init__(self, *problems: Problem, exit_code: int = WRONG) -> None:
        """All problems at once."""
        super().__init__("\n".join(problem.line() for problem in problems))
        self.problems = problems
        self.exit_code = exit_code
