"""A recogniser that answers for every word: who fails, hangs or falls silent is replaced within the caller's turn.

`stt.FallbackAdapter` notices neither a connection that stays open and mute nor, in some plugins, one that never opens,
and what was said meanwhile is lost to it. Here the local voice detector knows when the caller has spoken; the sound is
kept until its words have come, and who takes over hears it from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectionError,
    APIConnectOptions,
    NotGivenOr,
    stt,
    utils,
    vad,
)
from livekit.agents.voice.events import ConversationItemAddedEvent

from .backchannel import Listener
from .breaker import admitted_first
from .hearing import Hearing
from .line import Recogniser
from .refusals import kind_of

__all__ = ["Patience", "Recogniser", "WatchedSTT"]


# What a recogniser that is asked in another's place may take for its words, in s.
ASKED_AGAIN_S: Final = 1.5


@dataclass(frozen=True)
class Patience:
    """How long after the caller's last sound, in s, a recogniser may go without any word, and without the final ones.

    `again_s` is what the one that is asked then may take.
    """

    word_s: float
    final_s: float
    again_s: float = ASKED_AGAIN_S


class WatchedSTT(stt.STT[Literal["words_late", "unheard"]]):
    """The first candidate that does its work, in the order given; those that failed rest.

    Emits `words_late`, without arguments, when words are due, no recogniser has said that there are none, and another
    one is asked for them. Emits `unheard` with an `Unheard` when that one had none either: noise, as a rule.
    """

    def __init__(self, recognisers: Sequence[Recogniser], detector: vad.VAD, patience: Patience) -> None:
        """Hold the recognisers to `patience`; `detector` tells when the caller speaks.

        `listener`, which may be replaced until the first stream, keeps backchannels from the session.
        """
        each = [one.plugin.capabilities for one in recognisers]
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True,
                interim_results=all(one.interim_results for one in each),
                diarization=all(one.diarization for one in each),
                aligned_transcript=each[0].aligned_transcript if all(one.aligned_transcript for one in each) else False,
                keyterms=any(one.keyterms for one in each),
                chat_context=any(one.chat_context for one in each),
                manual_flush=all(one.manual_flush for one in each),
            )
        )
        self.recognisers, self.detector, self.patience = list(recognisers), detector, patience
        self.models = [one.plugin for one in recognisers]
        self.listener = Listener((), lambda: None)
        self.active = 0
        self._recognize_metrics_needed = False  # those of the plugins are passed on
        for model in self.models:
            model.on("metrics_collected", self._pass_on)

    @property
    def model(self) -> str:
        """Name of the model that listens."""
        return self.models[self.active].model

    @property
    def provider(self) -> str:
        """Provider of the model that listens."""
        return self.models[self.active].provider

    def in_order(self) -> list[int]:
        """Indices of the recognisers: those that rest come last."""
        return admitted_first([one.breaker for one in self.recognisers])

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        """Words for the sound that is pushed. It never fails: who is down is tried again until the stream is closed."""
        del conn_options  # its retries and its limit of time are ours
        return Hearing(self, language)

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        once = APIConnectOptions(max_retry=0, timeout=conn_options.timeout)
        failure: Exception = APIConnectionError("no recogniser")
        for one in [self.recognisers[index] for index in self.in_order()]:
            try:
                return await one.plugin.recognize(buffer, language=language, conn_options=once)
            except Exception as error:
                one.breaker.failed(kind_of(error))
                failure = error
        raise APIConnectionError("no recogniser answered") from failure

    def prewarm(self) -> None:
        """Open the connection of the first."""
        self.models[0].prewarm()

    async def aclose(self) -> None:
        """Close all plugins."""
        for model in self.models:
            model.off("metrics_collected", self._pass_on)
            await model.aclose()

    def _pass_on(self, *measured: Any) -> None:
        self.emit("metrics_collected", *measured)

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        for model in self.models:
            model._update_session_keyterms(keyterms)

    def _push_conversation_item(self, ev: ConversationItemAddedEvent) -> None:
        for model in self.models:
            model._push_conversation_item(ev)
