"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inbox import Inbox
from .request import Request


@dataclass
class CallState:
    """The request, where it is written down, and its number once it is."""

    inbox: Inbox
    request: Request = field(default_factory=Request)
    number: int | None = None
