"""What the parts of one call share."""

from __future__ import annotations

import json
import logging
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from livekit.agents import JobContext
from opentelemetry import trace

from ..settings import Settings
from . import hooks
from .breaker import Board
from .outcomes import Outcome, Side
from .spare import SpareVoice

logger = logging.getLogger(__name__)


@dataclass
class Call:
    """One call: where it runs, what it was dispatched with, what the app remembers of it."""

    ctx: JobContext
    settings: Settings
    metadata: dict[str, Any]
    state: Any
    board: Board
    spare: SpareVoice = field(default_factory=SpareVoice)
    started_at: float = field(default_factory=time.monotonic)
    ending: Outcome | None = None
    ended_by: Side | None = None

    @classmethod
    def from_job(cls, ctx: JobContext, settings: Settings) -> Call:
        """Read the dispatch; log lines of this process carry call, room and job from here on."""
        ctx.log_context_fields = {"call": call_id(), "room": ctx.job.room.name, "job": ctx.job.id}
        metadata = read_metadata(ctx.job.metadata)
        logger.info("call started")
        return cls(ctx, settings, metadata, hooks.new_state(metadata, settings), Board(settings.provider_board))

    def ends(self, ending: Outcome, by: Side | None = None) -> None:
        """Note why this call ends, and the side that ended it once it has; the first of each counts."""
        self.ending = self.ending or ending
        self.ended_by = self.ended_by or by

    def takes_back(self) -> None:
        """Forget the reason: the caller has gone on talking before anybody hung up."""
        if self.ended_by is None:
            self.ending = None


def call_id() -> str:
    """What finds all lines of a call: the id of its trace, or a new one where nothing is traced."""
    span = trace.get_current_span().get_span_context()
    return trace.format_trace_id(span.trace_id) if span.is_valid else uuid.uuid4().hex


def read_metadata(text: str) -> dict[str, Any]:
    """The dispatch's metadata as a dictionary; what is not a JSON object is logged and ignored."""
    if not text:
        return {}
    try:
        loaded = json.loads(text)
    except ValueError:
        loaded = None
    if isinstance(loaded, dict):
        return loaded
    logger.warning("dispatch metadata is not a JSON object: ignored")
    return {}
