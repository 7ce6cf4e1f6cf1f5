"""Call backs that people asked for, in a SQLite file. Replace `Tickets` by your help desk; keep its errors."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NUMBER: Final = re.compile(r"\+?\d{5,15}")
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS tickets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    question TEXT NOT NULL,
    opened_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    done INTEGER NOT NULL DEFAULT 0
)
"""


class NotPossible(Exception):
    """Why a ticket cannot be opened, as a sentence for the model."""


@dataclass(frozen=True)
class Ticket:
    """One call back: whom, where, about what."""

    id: int
    name: str
    number: str
    question: str


class Tickets:
    """Open tickets, for `kept_days` days. Each access opens the file anew: calls in other processes use it too."""

    def __init__(self, path: Path, kept_days: int) -> None:
        """`path` is made on first use."""
        self._path, self._kept = path, f"-{kept_days} days"

    def open(self, name: str, number: str, question: str) -> Ticket:
        """Open a ticket, or find the same one: a caller who was told that something went wrong says it again.

        Raises:
            NotPossible: name or question is missing, or the number is none.
        """
        name, number, question = name.strip(), re.sub(r"[\s()/.-]", "", number), question.strip()
        if not name:
            raise NotPossible("A name is missing: ask for it.")
        if not question:
            raise NotPossible("The question is missing: ask what the call back is about.")
        if not _NUMBER.fullmatch(number):
            raise NotPossible(f"{number!r} is not a telephone number: ask for it digit by digit.")
        with closing(self._connect()) as database, database:
            database.execute("DELETE FROM tickets WHERE opened_at < datetime('now', ?)", (self._kept,))
            same = "SELECT id FROM tickets WHERE (name, number, question, done) = (?, ?, ?, 0)"
            known = database.execute(same, (name, number, question)).fetchone()
            made = "INSERT INTO tickets (name, number, question) VALUES (?, ?, ?)"
            number_of = known[0] if known else database.execute(made, (name, number, question)).lastrowid
        return Ticket(int(number_of or 0), name, number, question)

    def waiting(self) -> list[Ticket]:
        """All tickets that are not done, the oldest first."""
        with closing(self._connect()) as database:
            rows = database.execute("SELECT id, name, number, question FROM tickets WHERE NOT done ORDER BY id")
            return [Ticket(*row) for row in rows]

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5)
        database.execute(_TABLE)
        return database
