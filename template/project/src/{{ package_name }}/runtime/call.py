"""What the parts of one call share."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from livekit.agents import JobContext

from ..settings import Settings
from . import hooks
from .breaker import Board
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

    @classmethod
    def from_job(cls, ctx: JobContext, settings: Settings) -> Call:
        """Read the dispatch; log lines of this process carry room and job from here on."""
        ctx.log_context_fields = {"room": ctx.job.room.name, "job": ctx.job.id}
        metadata = read_metadata(ctx.job.metadata)
        logger.info("call started")
        return cls(ctx, settings, metadata, hooks.new_state(metadata), Board(settings.provider_board))


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
