"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass

from .booking import FrontDesk


@dataclass
class CallState:
    """Who calls, and the desk that books for this caller; handed from agent to agent."""

    desk: FrontDesk
    caller_name: str = ""
