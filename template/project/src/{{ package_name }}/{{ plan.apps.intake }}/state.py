"""What one call remembers. Nothing about a call lives in a module."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inbox import Inbox
from .request import Request


@dataclass
class CallState:
    """The request, where it is written down, and its number once it is."""

    request: Request = field(default_factory=Request)
    inbox: Inbox = field(default_factory=Inbox)
    number: int | None = None
