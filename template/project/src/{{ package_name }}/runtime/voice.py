"""A voice that speaks in time, or another one does.

The plugins wait 10 s and retry on the same connection, even a deaf one; `tts.FallbackAdapter` leaves the deadline to
them and ends a broken sentence as if it were whole. Here each sentence is a request of its own, held to a clock: the
sentence that breaks is known, and it alone is said again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, tokenize, tts

from .breaker import Breaker, admitted_first
from .pace import Pace
from .voice_stream import DeadlineStream


@dataclass(frozen=True)
class Candidate:
    """One voice, and what is known of its failures and of its pace."""

    voice: tts.TTS[Any]
    breaker: Breaker
    pace: Pace = field(default_factory=Pace)

    def failed(self, kind: str, waited_s: float) -> None:
        """It failed by `kind` after `waited_s`: it rests, and then begins anew."""
        renew(self.voice)
        self.breaker.failed(kind, waited_s=waited_s)


class DeadlineTTS(tts.TTS[Any]):
    """Speaks with the first voice that does not rest. All sound has the rate of the first one."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        first_audio_s: float,
        gap_s: float = 2.0,
        reads: Callable[[str], str] = str,
    ) -> None:
        """Hold each sentence to `first_audio_s` for its first sound and to `gap_s` of silence in it, both in s.

        Voices are given `reads(sentence)`; what is shown and remembered stays as it was written.
        """
        self.candidates = list(candidates)
        self.models = [candidate.voice for candidate in candidates]
        self.first_audio_s, self.gap_s, self.reads = first_audio_s, gap_s, reads
        self.sentences = tokenize.blingfire.SentenceTokenizer(retain_format=True)
        self.speaking = self.models[0]
        self._closing: set[asyncio.Task[None]] = set()
        super().__init__(
            capabilities=tts.TTSCapabilities(
                streaming=True,
                aligned_transcript=all(voice.capabilities.aligned_transcript for voice in self.models),
            ),
            sample_rate=self.models[0].sample_rate,
            num_channels=self.models[0].num_channels,
        )
        for voice in self.models:
            voice.on("metrics_collected", self._measured)

    @property
    def model(self) -> str:
        """Name of the model that spoke last."""
        return self.speaking.model

    @property
    def provider(self) -> str:
        """Provider of the voice that spoke last."""
        return self.speaking.provider

    def in_order(self) -> list[Candidate]:
        """Who is asked in one answer: each once, those that rest last; a lone voice twice."""
        order = [self.candidates[index] for index in admitted_first([one.breaker for one in self.candidates])]
        return order if len(order) > 1 else order * 2

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """The whole of `text`, by the same rules as `stream`."""
        return self._synthesize_with_stream(text, conn_options=conn_options)

    def stream(self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> DeadlineStream:
        """Speak text while it is written.

        Raises:
            APIConnectionError: from the stream, when no voice said a sentence to its end.
        """
        del conn_options  # the deadlines are our own
        return DeadlineStream(self)

    def prewarm(self) -> None:
        """Open the connection of the first voice. The others have theirs opened when they are needed."""
        self.models[0].prewarm()

    def put_away(self, voice: tts.TTS[Any], sound: tts.SynthesizeStream | tts.ChunkedStream) -> None:
        """Close what `voice` was asked for while the call goes on: a provider that hangs may hang in that, too."""
        task = asyncio.create_task(_close(voice, sound))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """Close all voices."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        for voice in self.models:
            voice.off("metrics_collected", self._measured)
            await voice.aclose()

    def _measured(self, *metrics: Any) -> None:
        self.emit("metrics_collected", *metrics)


def renew(voice: tts.TTS[Any]) -> None:
    """Let the next sentence of `voice` take a new connection: one that is open and deaf would swallow it, too.

    The plugin of ElevenLabs keeps such a socket until an option changes; the others drop what was given up.
    """
    if voice.provider == "ElevenLabs":
        elevenlabs: Any = voice
        chosen = voice.model
        elevenlabs.update_options(model="")
        elevenlabs.update_options(model=chosen)


async def _close(voice: tts.TTS[Any], sound: tts.SynthesizeStream | tts.ChunkedStream) -> None:
    """Close it, and at once the connection that it gave up: the pool would do so before the next sentence is sent."""
    await sound.aclose()
    pool: Any = getattr(voice, "_pool", None)
    if pool is not None:
        await pool._drain_to_close()
