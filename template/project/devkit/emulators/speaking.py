"""How the emulated voices speak: sound in pieces, with the faults that a voice can have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from aiohttp import web

from ..speech.pcm import pieces, resample, seconds
from .hub import CutOff, Hub, cut

PIECE_S = 0.25
CLAUSE_END = re.compile(r"(?<=[,.;:!?])\s+")  # spoken clause by clause: the first sound comes early
DRIP_S = 1.0


async def spoken(hub: Hub, request: web.Request, text: str, rate: int) -> AsyncIterator[bytes]:
    """`text` as 16-bit PCM at `rate` Hz, piece by piece.

    Raises:
        CutOff: a fault cut the connection, or held it until it was of no use.
    """
    hub.note("tts", "request", text=text)
    if hub.faults.strikes("tts", "hang"):  # a socket that was open before the fault was armed
        hub.note("tts", "fault", kind="hang")
        await hub.stand_still("tts")
    if hub.faults.strikes("tts", "empty"):
        hub.note("tts", "fault", kind="empty")
        return
    sent = 0
    length_s = 0.0
    for part in CLAUSE_END.split(text):
        pcm = resample(await hub.in_thread(hub.voice.synthesize, part), hub.voice.rate, rate)
        length_s += seconds(pcm, rate)
        for piece in pieces(pcm, rate, PIECE_S):
            if sent == 0:
                hub.note("tts", "first_audio")
            elif await _fails(hub, request):
                return
            sent += 1
            yield piece
    hub.note("tts", "synthesized", text=text, audio_ms=round(length_s * 1000))


async def _fails(hub: Hub, request: web.Request) -> bool:
    """Whether the voice ends here; a drip only waits."""
    if hub.faults.strikes("tts", "disconnect"):
        hub.note("tts", "fault", kind="disconnect")
        cut(request)
        raise CutOff
    if hub.faults.strikes("tts", "stall"):
        hub.note("tts", "fault", kind="stall")
        await hub.stand_still("tts")
    if hub.faults.strikes("tts", "drip"):
        await asyncio.sleep(DRIP_S)
    return hub.faults.strikes("tts", "early-end")
