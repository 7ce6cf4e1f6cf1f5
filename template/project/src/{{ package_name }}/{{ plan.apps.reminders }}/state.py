"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from .appointments import Appointment, Appointments


@dataclass
class CallState:
    """The appointment that the call is about, once it is known, and where all of them are written down."""

    appointments: Appointments
    zone: ZoneInfo
    appointment: Appointment | None = None
