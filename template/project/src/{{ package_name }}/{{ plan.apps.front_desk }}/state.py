"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass, field

from .booking import Diary


@dataclass
class CallState:
    """Who calls and what has been agreed; handed from agent to agent."""

    caller_name: str = ""
    diary: Diary = field(default_factory=Diary)
