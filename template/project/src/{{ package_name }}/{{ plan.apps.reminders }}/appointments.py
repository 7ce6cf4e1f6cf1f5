"""Appointments and what became of them, in a SQLite file. Replace `Appointments` by your calendar; keep its errors."""

from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

OPEN: Final = (time(9), time(18))  # Monday to Friday
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS appointments (
    person TEXT NOT NULL,
    planned TEXT NOT NULL,
    name TEXT NOT NULL,
    at TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (person, planned)
);
CREATE UNIQUE INDEX IF NOT EXISTS one_move_a_time ON appointments (at) WHERE at <> planned AND answer <> 'cancelled';
"""
_WRITE: Final = """
INSERT INTO appointments VALUES (?, ?, ?, ?, ?)
ON CONFLICT (person, planned) DO UPDATE SET name = excluded.name, at = excluded.at, answer = excluded.answer
"""
_FIND: Final = "SELECT name, planned, at, answer FROM appointments WHERE person = ? ORDER BY at"


class NotPossible(Exception):
    """Why an appointment cannot be found or changed, as a sentence for the model."""


class Answer(StrEnum):
    """What the person said to the reminder."""

    NONE = "not answered"
    CONFIRMED = "confirmed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MESSAGE_LEFT = "message left"


@dataclass(frozen=True)
class Appointment:
    """An appointment: its person, when it was planned, when it is now, and the answer. Times are those of its place."""

    name: str
    planned: datetime
    at: datetime
    answer: Answer = Answer.NONE

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> Appointment:
        """The appointment that a call was dispatched with: `name`, and `appointment` as `2030-01-08T10:30`.

        Raises:
            ValueError: one of them is missing or cannot be read.
        """
        name, at = str(metadata.get("name", "")).strip(), datetime.fromisoformat(str(metadata.get("appointment", "")))
        if not name:
            raise ValueError("a name is missing")
        return cls(name, at, at)

    def describe(self) -> str:
        """All of it in one line."""
        return f"{self.name}, {self.at:%A, %Y-%m-%d at %H:%M}, {self.answer}"

    def moved(self, day: str, at: str, today: date) -> Appointment:
        """The same at another time, `today` or later.

        Raises:
            NotPossible: day or time is unclear or over, or nobody is there then.
        """
        try:
            wanted = datetime.fromisoformat(f"{day.strip()}T{at.strip().zfill(5)}")
        except ValueError:
            raise NotPossible(f"{day!r} at {at!r} is not a date and a time: ask which day and time.") from None
        if wanted.date() < today:
            raise NotPossible(f"{wanted:%Y-%m-%d} is in the past.")
        if wanted.weekday() > 4 or not OPEN[0] <= wanted.time() < OPEN[1]:
            raise NotPossible(f"{wanted:%A %H:%M} is outside Monday to Friday, {OPEN[0]:%H:%M} to {OPEN[1]:%H:%M}.")
        return replace(self, at=wanted, answer=Answer.MOVED)


class Appointments:
    """What was planned and answered, until `kept_days` days after the appointment.

    Each access opens the file anew: calls in other processes use it too.
    """

    def __init__(self, path: Path, kept_days: int) -> None:
        """`path` is made on first use."""
        self._path, self._kept = path, f"-{kept_days} days"

    def write(self, appointment: Appointment) -> None:
        """Write `appointment` down, over what was known of it.

        Raises:
            NotPossible: somebody else was moved to the same time, maybe just now.
        """
        one = appointment
        row = (_key(one.name), one.planned.isoformat(), one.name, one.at.isoformat(), str(one.answer))
        try:
            with closing(self._connect()) as database, database:
                database.execute("DELETE FROM appointments WHERE at < datetime('now', ?)", (self._kept,))
                database.execute(_WRITE, row)
        except sqlite3.IntegrityError:
            raise NotPossible("That time is taken.") from None

    def find(self, name: str) -> Appointment:
        """The appointment of `name`.

        Raises:
            NotPossible: there is none, or more than one.
        """
        with closing(self._connect()) as database:
            rows = database.execute(_FIND, (_key(name),)).fetchall()
        found = [
            Appointment(known, datetime.fromisoformat(planned), datetime.fromisoformat(at), Answer(answer))
            for known, planned, at, answer in rows
        ]
        if not found:
            raise NotPossible(f"There is no appointment for {name}: ask for the name again, letter by letter.")
        if len(found) > 1:
            days = ", ".join(one.describe() for one in found)
            raise NotPossible(f"{name} has several: {days}. A colleague has to help: ask the person to call again.")
        return found[0]

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5)
        database.executescript(_TABLE)
        return database


def _key(name: str) -> str:
    """A name as it is compared: however it is written, in one form."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
