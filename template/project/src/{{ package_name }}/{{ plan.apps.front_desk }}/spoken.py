"""Days and times of day as callers say them, in every language of `words.py`.

A model that knows the date gives `2026-12-01` and `10:30`. The rest is for what it passes on as the caller said it.
What could mean two things is refused: the model then asks the caller, or finds the date itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .words import LANGUAGES

NOON_M: Final = 12 * 60
DAY_M: Final = 24 * 60


class Unclear(ValueError):
    """A day or a time that does not follow from what was said; the message is a sentence for the model."""


def parse_day(text: str, today: date) -> date:
    """Find the one day that `text` names: YYYY-MM-DD, the next weekday of that name after `today`, or `tomorrow`.

    Raises:
        Unclear: it names no day, more than one, or more than a day.
    """
    rest = without(fold(text), MORNING + LATER)
    days = {_date(found) for found in ISO.findall(rest)}
    rest = " ".join(ISO.sub(" ", rest).split())
    for phrase, ahead in AHEAD.items():
        rest, before = without(rest, [phrase]), rest
        if rest != before:
            days.add(today + timedelta(days=ahead))
    for weekday in {WEEKDAYS[name] for name in WEEKDAY.findall(rest)} - {day.weekday() for day in days}:
        days.add(today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1))
    if len(days) > 1:
        raise Unclear(f"{text!r} names more than one day: ask which one is meant.")
    if not days or bare(WEEKDAY.sub(" ", rest)):
        raise Unclear(f"{text!r} is not a day: give the date as YYYY-MM-DD, or ask the caller.")
    return days.pop()


def parse_time(text: str) -> time:
    """Find the time of day in `text`: `10:30`, `2 pm`, `14h`, `half past ten`, `noon`.

    Raises:
        Unclear: there is none.
    """
    said = fold(text)
    for half, phrases in (("", []), ("a", MORNING), ("p", LATER)):
        rest = without(said, phrases)
        if phrases and rest == said:
            continue
        if found := MERIDIEM.search(rest):
            half, rest = found[1], rest[: found.start()]
        minutes = _minutes(rest)
        if minutes is None:
            continue
        if half == "p" and minutes < NOON_M:
            minutes += NOON_M
        if half == "a" and minutes >= NOON_M:
            minutes -= NOON_M
        return time(minutes // 60, minutes % 60)
    raise Unclear(f"{text!r} is not a time of day: give it as HH:MM, or ask the caller.")


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Put `at` on `day` by the clock of `zone`. Of an hour that the clock shows twice, take the first.

    Raises:
        Unclear: clocks go forward over it.
    """
    found = datetime.combine(day, at, zone)
    if found.astimezone(UTC).astimezone(zone).time() != at:
        raise Unclear(f"There is no {say_time(at)} on that day, clocks go forward: ask for another time.")
    return found


def say_day(day: date) -> str:
    """Write a day as one says it: `Tuesday, 1 December`."""
    return f"{day:%A}, {day.day} {day:%B}"


def say_time(at: time) -> str:
    """Write a time as one says it: `10 am`, `2:30 pm`."""
    hour, half = at.hour % 12 or 12, "am" if at.hour < 12 else "pm"
    return f"{hour} {half}" if at.minute == 0 else f"{hour}:{at.minute:02d} {half}"


def fold(text: str) -> str:
    """Make `text` comparable: small letters, no accents, no commas, no hyphen between letters, single spaces."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    plain = plain.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("'", "' ")
    return " ".join(re.sub(r"(?<=[a-z])-(?=[a-z])|[,;!?]", " ", plain).split())


def without(text: str, phrases: Iterable[str]) -> str:
    """Remove these folded phrases where they stand as whole words, the longest first."""
    for phrase in sorted(phrases, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", " ", text)
    return " ".join(text.split())


def bare(text: str) -> str:
    """Remove words that stand around a day or a time without a meaning of their own."""
    return without(text, AROUND).strip(" .")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unclear(f"There is no {text} in the calendar: ask for another day.") from None


def _minutes(said: str) -> int | None:
    """Minutes since midnight, if `said` is a time and nothing else."""
    if found := DIGITS.fullmatch(bare(UNIT.sub(":", said)).strip(": ")):
        hour, minute = int(found[1]), int(found[2] or 0)
        return hour * 60 + minute if hour < 24 and minute < 60 else None
    return CLOCK.get(bare(UNIT.sub(" ", said)))


def _clock() -> dict[str, int]:
    """Every way to say a time in words, with its minutes since midnight."""
    found: dict[str, int] = {}
    for words in LANGUAGES.values():
        hours = {form: hour for hour, word in enumerate(words.hours, 1) for form in word.split("/")}
        hours |= dict.fromkeys(words.noon, 12) | dict.fromkeys(words.midnight, 0)
        hours |= {str(hour): hour for hour in range(24)}
        for phrase, extra in {"{h}": 0, **words.clock}.items():
            for word, hour in hours.items():
                found[bare(fold(phrase.format(h=word)))] = (hour * 60 + extra) % DAY_M
    return found


ISO: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
DIGITS: Final = re.compile(r"(\d{1,2})(?: ?[:.] ?(\d{2}))?(?::00)?")
MERIDIEM: Final = re.compile(r"(?<![a-z])([ap])\.? ?m\.?$")
_ALL: Final = LANGUAGES.values()
MORNING: Final = [fold(phrase) for words in _ALL for phrase in words.morning]
LATER: Final = [fold(phrase) for words in _ALL for phrase in words.later]
AROUND: Final = [fold(word) for words in _ALL for word in words.around]
WEEKDAYS: Final = {fold(name): number for words in _ALL for number, name in enumerate(words.weekdays)}
WEEKDAY: Final = re.compile(rf"\b({'|'.join(WEEKDAYS)})\w*")
_AHEAD: Final = {fold(phrase): days for words in _ALL for days, phrase in enumerate(words.ahead)}
AHEAD: Final = {phrase: _AHEAD[phrase] for phrase in sorted(_AHEAD, key=len, reverse=True)}
UNITS: Final = sorted((fold(unit) for words in _ALL for unit in words.units), key=len, reverse=True)
UNIT: Final = re.compile(rf"(?<![a-z])(?:{'|'.join(UNITS)})(?![a-z])")
CLOCK: Final = _clock()
