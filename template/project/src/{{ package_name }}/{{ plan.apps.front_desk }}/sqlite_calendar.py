"""The calendar in one file: enough for one machine. Calls are processes of their own, and the file keeps them apart."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from .booking import Appointment, Taken, same

BUSY_S: Final = 3.0  # how long one call waits for another one's write
TABLE: Final = """
    CREATE TABLE IF NOT EXISTS appointments
        (id INTEGER PRIMARY KEY, at TEXT NOT NULL, name TEXT NOT NULL, same TEXT NOT NULL, caller TEXT NOT NULL,
         cancelled INTEGER NOT NULL DEFAULT 0)
"""
KNOWN: Final = "SELECT same, caller FROM appointments WHERE at = ? AND NOT cancelled"
ONCE: Final = "CREATE UNIQUE INDEX IF NOT EXISTS a_time_is_given_once ON appointments (at) WHERE NOT cancelled"


@dataclass(frozen=True)
class SqliteCalendar:
    """Keeps appointments in `file`, times in UTC, until `kept_days` days after them. Each method works in a thread."""

    file: Path
    zone: ZoneInfo
    kept_days: int

    async def add(self, wanted: Appointment, caller: str) -> None:
        """See `Calendar.add`."""
        await asyncio.to_thread(self._add, wanted, caller)

    async def find(self, name: str, after: datetime, *, cancelled: bool = False) -> list[Appointment]:
        """See `Calendar.find`."""
        return await asyncio.to_thread(self._find, name, after, cancelled)

    async def cancel(self, known: Appointment) -> None:
        """See `Calendar.cancel`."""
        await asyncio.to_thread(self._cancel, known)

    async def taken(self, day: date) -> set[datetime]:
        """See `Calendar.taken`."""
        return await asyncio.to_thread(self._taken, day)

    def _add(self, wanted: Appointment, caller: str) -> None:
        at, key = _utc(wanted.at), same(wanted.name)
        outdated = _utc(datetime.now(UTC) - timedelta(days=self.kept_days))
        with self._transaction() as rows:
            rows.execute("DELETE FROM appointments WHERE at < ?", (outdated,))
            known = rows.execute(KNOWN, (at,)).fetchone()
            if known is None:
                row = (at, wanted.name, key, caller)
                rows.execute("INSERT INTO appointments (at, name, same, caller) VALUES (?, ?, ?, ?)", row)
            elif key != known[0] and caller != known[1]:
                raise Taken
            else:
                changed = (wanted.name, key, at)
                rows.execute("UPDATE appointments SET name = ?, same = ? WHERE at = ? AND NOT cancelled", changed)

    def _find(self, name: str, after: datetime, cancelled: bool) -> list[Appointment]:
        query = "SELECT name, at FROM appointments WHERE same = ? AND at > ? AND cancelled = ? ORDER BY at"
        with self._transaction() as rows:
            found = rows.execute(query, (same(name), _utc(after), cancelled)).fetchall()
        return [Appointment(known, datetime.fromisoformat(at).astimezone(self.zone)) for known, at in found]

    def _cancel(self, known: Appointment) -> None:
        with self._transaction() as rows:
            rows.execute("UPDATE appointments SET cancelled = 1 WHERE at = ? AND NOT cancelled", (_utc(known.at),))

    def _taken(self, day: date) -> set[datetime]:
        begin = datetime.combine(day, time(), self.zone)
        query = "SELECT at FROM appointments WHERE at BETWEEN ? AND ? AND NOT cancelled"
        with self._transaction() as rows:
            found = rows.execute(query, (_utc(begin), _utc(begin + timedelta(days=1)))).fetchall()
        return {datetime.fromisoformat(at).astimezone(self.zone) for (at,) in found}

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one read or write that no other call comes between."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.file, timeout=BUSY_S, isolation_level=None)) as rows, rows:
            rows.execute("BEGIN IMMEDIATE")
            rows.execute(TABLE)
            rows.execute(ONCE)
            yield rows


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
