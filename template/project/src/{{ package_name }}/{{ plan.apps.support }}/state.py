"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass

from .tickets import Tickets


@dataclass
class CallState:
    """Who calls, and where call backs are written down."""

    tickets: Tickets
    caller_name: str = ""
