"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass, field

from .appointments import Appointment, Appointments


@dataclass
class CallState:
    """The appointment that the call is about, once it is known, and where all of them are written down."""

    appointment: Appointment | None = None
    appointments: Appointments = field(default_factory=Appointments)
