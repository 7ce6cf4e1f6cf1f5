"""Google Cloud Text-to-Speech, the stream and the whole sentence. PCM only, as this project asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
from google.cloud import texttospeech_v1 as texttospeech

from .. import grpc_door
from ..grpc_door import GARBAGE, Door, wire
from ..hub import Hub, Peer
from ..speaking import spoken

STAGE: Final = "tts"
SERVICE: Final = "google.cloud.texttospeech.v1.TextToSpeech"

serve = grpc_door.serve


def service(hub: Hub, door: Door) -> Any:
    """The methods of this protocol."""

    async def stream(requests: AsyncIterator[Any], context: Any) -> None:
        first = await anext(requests)
        rate = await _rate(first.streaming_config.streaming_audio_config, context)

        async def talk(one: Peer) -> None:
            await _speak(hub, one, requests, context, rate)

        await door.converse(context, STAGE, f"{SERVICE}/StreamingSynthesize", first, talk)

    async def whole(request: Any, context: Any) -> Any:
        rate = await _rate(request.audio_config, context)

        async def talk(one: Peer) -> Any:
            return await _whole(hub, one, request.input.text, rate)

        return await door.converse(context, STAGE, f"{SERVICE}/SynthesizeSpeech", request, talk)

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(
                stream, texttospeech.StreamingSynthesizeRequest.deserialize, wire
            ),
            "SynthesizeSpeech": grpc.unary_unary_rpc_method_handler(
                whole, texttospeech.SynthesizeSpeechRequest.deserialize, wire
            ),
        },
    )


async def _rate(audio: Any, context: Any) -> int:
    """Sample rate, in Hz.

    Raises:
        grpc.aio.AbortError: the encoding is not PCM.
    """
    if audio.audio_encoding != texttospeech.AudioEncoding.PCM:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{audio.audio_encoding.name} is not emulated: use PCM")
    return int(audio.sample_rate_hertz)


async def _speak(hub: Hub, one: Peer, requests: AsyncIterator[Any], context: Any, rate: int) -> None:
    async for request in requests:
        if hub.strikes(STAGE, one, "garbage"):
            await context.write(GARBAGE)
            continue
        async for piece in spoken(hub, one, request.input.text, rate):
            await context.write(texttospeech.StreamingSynthesizeResponse(audio_content=piece))


async def _whole(hub: Hub, one: Peer, text: str, rate: int) -> Any:
    if hub.strikes(STAGE, one, "garbage"):
        return GARBAGE
    pieces = [piece async for piece in spoken(hub, one, text, rate)]
    return texttospeech.SynthesizeSpeechResponse(audio_content=b"".join(pieces))
