"""When we are open. Change the table; everything else follows."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

OPEN: Final[dict[str, tuple[time, time] | None]] = {
    "monday": (time(9), time(18)),
    "tuesday": (time(9), time(18)),
    "wednesday": (time(9), time(18)),
    "thursday": (time(9), time(20)),
    "friday": (time(9), time(16)),
    "saturday": (time(10), time(14)),
    "sunday": None,
}
_CLOCK = re.compile(r"^(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?$")


def parse_day(text: str) -> str:
    """The weekday named in `text`, in lower case English.

    Raises:
        ValueError: none is named.
    """
    for day in OPEN:
        if day in text.casefold():
            return day
    raise ValueError(f"{text!r} is not a day of the week")


def parse_time(text: str) -> time:
    """A time of day such as `10:30`, `2 pm` or `14`.

    Raises:
        ValueError: it is none.
    """
    found = _CLOCK.match(text.casefold().replace(".m.", "m").replace("a.m", "am").strip())
    if not found:
        raise ValueError(f"{text!r} is not a time of day")
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    return time(hour, minute)


def describe(day: str) -> str:
    """A sentence about `day`, a key of OPEN."""
    hours = OPEN[day]
    if hours is None:
        return f"On {day.capitalize()} we are closed."
    return f"On {day.capitalize()} we are open from {spoken(hours[0])} to {spoken(hours[1])}."


def is_open(day: str, at: time) -> bool:
    """Whether somebody can come on `day` at `at`."""
    hours = OPEN[day]
    return hours is not None and hours[0] <= at < hours[1]


def spoken(at: time) -> str:
    """A time as one says it: `10 am`, `2:30 pm`."""
    hour = at.hour % 12 or 12
    half = "am" if at.hour < 12 else "pm"
    return f"{hour} {half}" if at.minute == 0 else f"{hour}:{at.minute:02d} {half}"
