"""A voice that beeps once a word and knows what it was asked to say; it can fail as a test wants."""

from __future__ import annotations

import asyncio
from typing import Any

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, tts, utils

from devkit.speech.pcm import pieces
from devkit.speech.tone import ToneVoice

BEEP = ToneVoice()


class BeepTTS(tts.TTS[Any]):
    """One request a sentence, 16 kHz, 0.25 s a word, at once; `wait_s` before the first sound. Of what it
    says it makes no more than `share`; `error` instead of all."""

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=BEEP.rate, num_channels=1)
        self.wait_s, self.share = wait_s, 1.0
        self.error: Exception | None = None
        self.said: list[str] = []

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        self.said.append(text)
        return _Beeps(tts=self, input_text=text, conn_options=conn_options)


class _Beeps(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        owner = self._tts
        assert isinstance(owner, BeepTTS)
        await asyncio.sleep(owner.wait_s)
        if owner.error:
            raise owner.error
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=owner.sample_rate, num_channels=1, mime_type="audio/pcm"
        )
        beeps = list(pieces(BEEP.synthesize(self._input_text), BEEP.rate, 0.25))
        for piece in beeps[: round(len(beeps) * owner.share)]:
            output_emitter.push(piece)
        output_emitter.flush()
