"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: only an error stops the work."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One finding. `code` never changes its meaning; `mend` is a command or an act; empty when all is well."""

    code: str
    severity: Severity
    title: str
    meaning: str = ""
    mend: str = ""

    def record(self) -> dict[str, str]:
        """For programs."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "title": self.title,
            "meaning": self.meaning,
            "mend": self.mend,
        }


def ok(code: str, title: str) -> Finding:
    """Nothing to mend."""
    return Finding(code, Severity.OK, title)
