"""Appointments: rules without a word of LiveKit. Replace `Diary` by your calendar; keep its errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

from . import hours


class NotPossible(Exception):
    """Why an appointment cannot be made or cancelled, as a sentence for the model."""


@dataclass(frozen=True)
class Appointment:
    """Who comes when."""

    name: str
    day: str
    at: time

    def describe(self) -> str:
        """As one says it."""
        return f"{self.name}, {self.day.capitalize()} at {hours.spoken(self.at)}"


@dataclass
class Diary:
    """Appointments made in this call.

    Asking twice for the same thing does no harm: a caller who was told that something went wrong says it again.
    """

    appointments: list[Appointment] = field(default_factory=list)
    cancelled: list[Appointment] = field(default_factory=list)

    def book(self, name: str, day: str, at: str) -> Appointment:
        """Make an appointment.

        Raises:
            NotPossible: day or time is unclear, we are closed, or the time is taken.
        """
        try:
            wanted = Appointment(name.strip(), hours.parse_day(day), hours.parse_time(at))
        except ValueError as error:
            raise NotPossible(f"{error}: ask the caller again.") from None
        if not wanted.name:
            raise NotPossible("A name is missing: ask for it.")
        if not hours.is_open(wanted.day, wanted.at):
            raise NotPossible(f"{hours.describe(wanted.day)} Offer another time.")
        if wanted in self.appointments:
            return wanted
        if any((known.day, known.at) == (wanted.day, wanted.at) for known in self.appointments):
            raise NotPossible("That time is taken: offer another one.")
        self.appointments.append(wanted)
        return wanted

    def cancel(self, name: str) -> Appointment:
        """Cancel the appointment of `name`.

        Raises:
            NotPossible: there is none.
        """
        for known in self.appointments:
            if known.name.casefold() == name.strip().casefold():
                self.appointments.remove(known)
                self.cancelled.append(known)
                return known
        for known in self.cancelled:
            if known.name.casefold() == name.strip().casefold():
                return known
        raise NotPossible(f"There is no appointment for {name}.")
