"""When we are open. Change the tables; everything else follows."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from .spoken import say_day, say_time

OPEN: Final[dict[str, tuple[time, time] | None]] = {
    "Monday": (time(9), time(18)),
    "Tuesday": (time(9), time(18)),
    "Wednesday": (time(9), time(18)),
    "Thursday": (time(9), time(20)),
    "Friday": (time(9), time(16)),
    "Saturday": (time(10), time(14)),
    "Sunday": None,
}
# Holidays and the like, for example date(2026, 12, 25).
CLOSED: Final[frozenset[date]] = frozenset()
SLOT_MINUTES: Final = 30


def opening(day: date) -> tuple[time, time] | None:
    """Tell from when to when we are open; None when we are closed."""
    return None if day in CLOSED else OPEN[_name(day)]


def slots(day: date) -> list[time]:
    """List the times at which an appointment can begin."""
    hours = opening(day)
    if hours is None:
        return []
    begin, end = (at.hour * 60 + at.minute for at in hours)
    return [time(minute // 60, minute % 60) for minute in range(begin, end - SLOT_MINUTES + 1, SLOT_MINUTES)]


def describe(day: date) -> str:
    """Say in one sentence when we are open on `day`."""
    hours = opening(day)
    if day in CLOSED:
        return f"On {say_day(day)}, we are closed."
    if hours is None:
        return f"On {_name(day)} we are closed."
    return f"On {_name(day)} we are open from {say_time(hours[0])} to {say_time(hours[1])}."


def _name(day: date) -> str:
    return tuple(OPEN)[day.weekday()]
