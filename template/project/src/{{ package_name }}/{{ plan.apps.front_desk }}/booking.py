"""Appointments: the rules of the house, without a word of LiveKit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

from . import hours
from .spoken import Unclear, local, parse_day, parse_time, say_day, say_time

AHEAD: Final = timedelta(days=365)
OFFERED: Final = 3  # free times that are named when one is taken


class NotPossible(Exception):
    """Why an appointment cannot be made or cancelled, as a sentence for the model."""


class Taken(Exception):
    """Another caller has this time."""


@dataclass(frozen=True)
class Appointment:
    """A name and a time, by the clock of the business."""

    name: str
    at: datetime

    def describe(self) -> str:
        """Write it as one says it."""
        return f"{self.name}, {say_day(self.at.date())}, {say_time(self.at.time())}"


class Calendar(Protocol):
    """Where appointments are kept. Replace `SqliteCalendar` by the calendar of your business: it has these methods."""

    async def add(self, wanted: Appointment, caller: str) -> None:
        """Keep `wanted`. The same again changes nothing; another name by the same caller corrects the name.

        Raises:
            Taken: another caller has this time.
        """

    async def find(self, name: str, after: datetime, *, cancelled: bool = False) -> list[Appointment]:
        """List the appointments of `name` after a time, the earliest first: those that stand, or those `cancelled`."""

    async def cancel(self, known: Appointment) -> None:
        """Cancel it, and give its time to others."""

    async def taken(self, day: date) -> set[datetime]:
        """List the times of `day` that are taken."""


@dataclass
class FrontDesk:
    """Books and cancels for one caller. Asking twice does no harm: a caller who heard nothing says it again."""

    calendar: Calendar
    zone: ZoneInfo
    caller: str = field(default_factory=lambda: uuid4().hex)
    now: Callable[[ZoneInfo], datetime] = datetime.now

    def hours(self, day: str) -> str:
        """Say when we are open on `day`.

        Raises:
            NotPossible: it is not clear which day is meant.
        """
        return hours.describe(self._day(day))

    async def book(self, name: str, day: str, at: str) -> Appointment:
        """Make an appointment.

        Raises:
            NotPossible: something is missing or unclear, we are closed then, or the time is taken.
        """
        wanted = Appointment(" ".join(name.split()), self._moment(day, at))
        if not wanted.name:
            raise NotPossible("A name is missing: ask for it.")
        try:
            await self.calendar.add(wanted, self.caller)
        except Taken:
            raise NotPossible(f"That time is taken. {await self._free(wanted.at)}") from None
        return wanted

    async def cancel(self, name: str, day: str = "", at: str = "") -> Appointment:
        """Cancel the appointment of `name`; `day` and `at` tell which one.

        Raises:
            NotPossible: there is none, or more than one.
        """
        now = self.now(self.zone)
        known = await self.calendar.find(name, now)
        fits = [one for one in known if self._fits(one, day, at)]
        if len(fits) > 1:
            listed = "; ".join(one.describe() for one in fits)
            raise NotPossible(f"There are {len(fits)} appointments: {listed}. Ask which one to cancel.")
        if fits:
            await self.calendar.cancel(fits[0])
            return fits[0]
        if known:
            raise NotPossible(f"There is none at that time, but {known[0].describe()}: ask whether it is meant.")
        for one in await self.calendar.find(name, now, cancelled=True):
            if self._fits(one, day, at):
                return one
        raise NotPossible(f"There is no appointment for {name}.")

    def _fits(self, one: Appointment, day: str, at: str) -> bool:
        return (not day or one.at.date() == self._day(day)) and (not at or one.at.time() == self._time(at))

    def _day(self, text: str) -> date:
        try:
            return parse_day(text, self.now(self.zone).date())
        except Unclear as error:
            raise NotPossible(str(error)) from None

    def _time(self, text: str) -> time:
        try:
            return parse_time(text)
        except Unclear as error:
            raise NotPossible(str(error)) from None

    def _moment(self, day_text: str, time_text: str) -> datetime:
        day, at, now = self._day(day_text), self._time(time_text), self.now(self.zone)
        if not now.date() <= day <= now.date() + AHEAD:
            raise NotPossible(f"{day} is in the past or more than a year ahead: ask for another day.")
        if at not in hours.slots(day):
            raise NotPossible(f"{hours.describe(day)} {_instead(at, hours.slots(day))}")
        try:
            moment = local(day, at, self.zone)
        except Unclear as error:
            raise NotPossible(str(error)) from None
        if moment <= now:
            raise NotPossible("That time is over: ask for another one.")
        return moment

    async def _free(self, wanted: datetime) -> str:
        """Say which times near `wanted` are free on its day."""
        begins = {datetime.combine(wanted, at, self.zone) for at in hours.slots(wanted.date())}
        free = {at for at in begins - await self.calendar.taken(wanted.date()) if at > self.now(self.zone)}
        near = sorted(sorted(free, key=lambda at: abs(at - wanted))[:OFFERED])
        listed = ", ".join(say_time(at.time()) for at in near)
        return f"Offer {listed}." if near else "Nothing else is free on that day."


def same(name: str) -> str:
    """Make names comparable: one person is found again however the name is written in Unicode."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def _instead(at: time, slots: list[time]) -> str:
    """Say what to do about a time at which no appointment begins."""
    if not slots:
        return "Offer another day."
    later = at.replace(hour=(at.hour + 12) % 24)
    if later in slots:
        return f"If {say_time(later)} is meant, book {later:%H:%M}; else offer another time."
    return f"Appointments begin every {hours.SLOT_MINUTES} minutes: offer another time."
