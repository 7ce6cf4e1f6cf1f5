"""Krisp's noise cancellation by your own licence, on any LiveKit server."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from livekit import rtc
from livekit.agents.voice.room_io.types import NoiseCancellationParams
from livekit.plugins import krisp

from ..settings import Settings

logger = logging.getLogger(__name__)

VARIABLES = ("KRISP_VIVA_SDK_LICENSE_KEY", "KRISP_VIVA_FILTER_MODEL_PATH")


def selector(settings: Settings) -> Callable[[NoiseCancellationParams], Any] | None:
    """Voices isolated; the telephone's variant for phones. None, and a loud line, without licence or model."""
    del settings  # the licence is read by the plugin itself
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        logger.error(
            "NO NOISE CANCELLATION: %s missing (from your contract with Krisp); the call goes on",
            " and ".join(missing),
        )
        return None
    return _choose


def _choose(params: NoiseCancellationParams) -> Any:
    try:
        if params.participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP:
            return krisp.voice_isolation_telephony()
        return krisp.voice_isolation()
    except Exception as error:  # a filter that does not start must not take the call down
        logger.error("NO NOISE CANCELLATION: Krisp did not start (%s); the call goes on", error)
        return None
