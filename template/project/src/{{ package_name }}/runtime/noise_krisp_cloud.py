"""Krisp's noise cancellation through LiveKit Cloud: models run on the worker, the licence comes with the room."""

from __future__ import annotations

import logging
from collections.abc import Callable

from livekit import rtc
from livekit.agents.voice.room_io.types import NoiseCancellationParams
from livekit.plugins import noise_cancellation

from ..settings import Settings

logger = logging.getLogger(__name__)

Selector = Callable[[NoiseCancellationParams], rtc.NoiseCancellationOptions]


def selector(settings: Settings) -> Selector | None:
    """Background voices removed; the telephone's variant for phones. None, and a loud line, without LiveKit Cloud."""
    if not settings.on_livekit_cloud:
        logger.error(
            "NO NOISE CANCELLATION: krisp-cloud works on LiveKit Cloud only, LIVEKIT_URL is not there; the call goes on"
        )
        return None
    return _choose


def _choose(params: NoiseCancellationParams) -> rtc.NoiseCancellationOptions:
    if params.participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP:
        return noise_cancellation.BVCTelephony()
    return noise_cancellation.BVC()
