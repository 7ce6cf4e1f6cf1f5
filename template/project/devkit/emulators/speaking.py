"""How the emulated voices speak: sound in pieces, with the faults that a voice can have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from ..speech.pcm import pieces, resample, seconds
from .hub import CutOff, Hub, Peer

PIECE_S = 0.25
CLAUSE_END = re.compile(r"(?<=[,.;:!?])\s+")  # spoken clause by clause: the first sound comes early
DRIP_S = 1.0


async def spoken(hub: Hub, one: Peer, text: str, rate: int) -> AsyncIterator[bytes]:
    """`text` as 16-bit PCM at `rate` Hz, piece by piece.

    Raises:
        CutOff: a fault cut the connection, or held it until it was of no use.
    """
    hub.note("tts", "request", one.vendor, text=text)
    if hub.strikes("tts", one, "hang"):  # a socket that was open before the fault was armed
        await hub.stand_still("tts")
    if hub.strikes("tts", one, "empty"):
        return
    sent = 0
    length_s = 0.0
    for part in CLAUSE_END.split(text):
        pcm = resample(await hub.in_thread(hub.voice.synthesize, part), hub.voice.rate, rate)
        length_s += seconds(pcm, rate)
        for piece in pieces(pcm, rate, PIECE_S):
            if sent == 0:
                hub.note("tts", "first_audio", one.vendor)
            elif await _fails(hub, one):
                return
            sent += 1
            yield piece
    hub.note("tts", "synthesized", one.vendor, text=text, audio_ms=round(length_s * 1000))


async def _fails(hub: Hub, one: Peer) -> bool:
    """Whether the voice ends here; a drip only waits."""
    if hub.strikes("tts", one, "disconnect"):
        one.cut()
        raise CutOff
    if hub.strikes("tts", one, "stall"):
        await hub.stand_still("tts")
    if hub.strikes("tts", one, "drip"):
        await asyncio.sleep(DRIP_S)
    return hub.strikes("tts", one, "early-end")
