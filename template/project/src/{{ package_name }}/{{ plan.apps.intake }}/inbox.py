"""Requests that were taken down, in a SQLite file. Replace `Inbox` by your ticket system."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from .request import Request

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    topic TEXT NOT NULL,
    urgency TEXT NOT NULL,
    summary TEXT NOT NULL,
    taken_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""
_WRITE: Final = """
INSERT INTO requests (id, name, contact, topic, urgency, summary) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, contact = excluded.contact, topic = excluded.topic,
    urgency = excluded.urgency, summary = excluded.summary
"""


class Inbox:
    """Requests of the last `kept_days` days. Each access opens the file anew: calls in other processes use it too."""

    def __init__(self, path: Path, kept_days: int) -> None:
        """`path` is made on first use."""
        self._path, self._kept = path, f"-{kept_days} days"

    def write(self, request: Request, number: int | None = None) -> int:
        """Write `request` down, over the one with `number` if there is one; returns its number."""
        row = (number, request.name, request.contact, request.topic, str(request.urgency), request.summary())
        with closing(self._connect()) as database, database:
            database.execute("DELETE FROM requests WHERE taken_at < datetime('now', ?)", (self._kept,))
            written = database.execute(_WRITE, row).lastrowid
        return number or int(written or 0)

    def summaries(self) -> list[str]:
        """One line for each request, the oldest first."""
        with closing(self._connect()) as database:
            return [line for (line,) in database.execute("SELECT summary FROM requests ORDER BY id")]

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=5)
        database.execute(_TABLE)
        return database
