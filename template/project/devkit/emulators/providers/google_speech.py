"""Google Cloud Speech-to-Text v2, `StreamingRecognize` (Chirp and others)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import grpc
from google.cloud import speech_v2 as speech

from .. import grpc_door
from ..grpc_door import GARBAGE, Door, wire
from ..hearing import Listener, word_times
from ..hub import Hub, Peer

STAGE: Final = "stt"
SERVICE: Final = "google.cloud.speech.v2.Speech"
CONFIDENCE: Final = 0.9  # the plugin drops what is below 0.65

serve = grpc_door.serve


def service(hub: Hub, door: Door) -> Any:
    """The methods of this protocol."""

    async def recognize(requests: AsyncIterator[Any], context: Any) -> None:
        first = await anext(requests)
        config = first.streaming_config

        async def talk(one: Peer) -> None:
            await _Session(hub, one, context, config).run(requests)

        await door.converse(context, STAGE, f"{SERVICE}/StreamingRecognize", first, talk)

    handler = grpc.stream_stream_rpc_method_handler(recognize, speech.StreamingRecognizeRequest.deserialize, wire)
    return grpc.method_handlers_generic_handler(SERVICE, {"StreamingRecognize": handler})


class _Session:
    def __init__(self, hub: Hub, one: Peer, context: Any, config: Any) -> None:
        self._hub, self._peer, self._context = hub, one, context
        self._config, self._wanted = config.config, config.streaming_features
        self._id = str(uuid.uuid4())
        rate = self._config.explicit_decoding_config.sample_rate_hertz
        self._listener = Listener(hub, one, rate, self._tell)

    async def run(self, requests: AsyncIterator[Any]) -> None:
        """Hear until the client closes the stream."""
        async for request in requests:
            await self._listener.push(request.audio)
        await self._listener.finish()

    async def _tell(self, what: str, text: str) -> bool:
        if self._hub.muted(self._peer, what):
            return False
        if self._hub.strikes(STAGE, self._peer, "garbage"):
            await self._context.write(GARBAGE)
            return False
        written = self._hub.written(self._peer, what, text)
        told = what == "started" or (what == "final" and not self._hub.strikes(STAGE, self._peer, "no-end"))
        if told and self._wanted.enable_voice_activity_events:
            await self._write(speech_event_type=f"SPEECH_ACTIVITY_{'BEGIN' if what == 'started' else 'END'}")
        if what == "final" and self._hub.wordless(self._peer, text):
            return False
        if what == "final" or (what == "interim" and self._wanted.interim_results and text):
            await self._write(results=[self._result(written, final=what == "final")])
        return written == text

    async def _write(self, **fields: Any) -> None:
        await self._context.write(
            speech.StreamingRecognizeResponse(
                speech_event_offset=timedelta(seconds=self._listener.heard_s),
                metadata=speech.RecognitionResponseMetadata(request_id=self._id),
                **fields,
            )
        )

    def _result(self, text: str, *, final: bool) -> speech.StreamingRecognitionResult:
        start, end = self._listener.started_s, self._listener.heard_s
        alternative = speech.SpeechRecognitionAlternative(transcript=text, confidence=CONFIDENCE if text else 0.0)
        if self._config.features.enable_word_time_offsets:
            alternative.words = [_word(word) for word in word_times(text, start, end)]
        return speech.StreamingRecognitionResult(
            alternatives=[alternative],
            is_final=final,
            stability=0.0 if final else CONFIDENCE,
            result_end_offset=timedelta(seconds=end),
            language_code=self._config.language_codes[0],
        )


def _word(word: dict[str, Any]) -> speech.WordInfo:
    return speech.WordInfo(
        word=word["punctuated_word"],
        start_offset=timedelta(seconds=word["start"]),
        end_offset=timedelta(seconds=word["end"]),
        confidence=word["confidence"],
    )
