"""A caller without sound: a test says when they speak, and when their words arrive."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from livekit.agents import LanguageCode, stt, vad

from .memory_call import Ear


class Mouth(vad.VAD):
    """A voice detector that detects what a test says."""

    def __init__(self) -> None:
        super().__init__(capabilities=vad.VADCapabilities(update_interval=0.1))
        self._stream: _Detected | None = None
        self._began = 0.0

    def stream(self) -> vad.VADStream:
        self._stream = _Detected(self)
        return self._stream

    def begins(self) -> None:
        """To speak."""
        self._began = time.time()
        self._tell(vad.VADEventType.START_OF_SPEECH)

    def goes_on(self) -> None:
        """Speaking, as the detector says again and again."""
        self._tell(vad.VADEventType.INFERENCE_DONE)

    def stops(self) -> None:
        """Speaking, just now."""
        self._tell(vad.VADEventType.END_OF_SPEECH)

    def _tell(self, kind: vad.VADEventType) -> None:
        assert self._stream is not None
        length_s = time.time() - self._began
        self._stream.tell(
            vad.VADEvent(type=kind, samples_index=0, timestamp=0.0, speech_duration=length_s, silence_duration=0.0)
        )


class _Detected(vad.VADStream):
    async def _main_task(self) -> None:
        async for _ in self._input_ch:
            pass

    def tell(self, event: vad.VADEvent) -> None:
        self._event_ch.send_nowait(event)


class Caller:
    """Speaks and is understood: `vad` and `stt` are for the session."""

    def __init__(self) -> None:
        self.vad, self.stt = Mouth(), Ear()

    def options(self, end_of_turn_s: float, **interruption: Any) -> dict[str, Any]:
        """Arguments of `AgentSession`, with preemptive generation. A turn is committed `end_of_turn_s` late."""
        return {
            "vad": self.vad,
            "stt": self.stt,
            "turn_handling": {
                "turn_detection": "vad",
                "endpointing": {"mode": "fixed", "min_delay": end_of_turn_s, "max_delay": end_of_turn_s},
                "interruption": {"enabled": True, "mode": "vad", "min_duration": 0.4, **interruption},
                "preemptive_generation": {"enabled": True, "preemptive_tts": False},
            },
            "aec_warmup_duration": None,
            "session_close_transcript_timeout": 0.05,
        }

    async def speaks(self, length_s: float = 0.2) -> None:
        """Makes sound for so long; words are another matter."""
        self.vad.begins()
        await asyncio.sleep(length_s)
        self.vad.stops()

    async def interrupts(self, length_s: float) -> None:
        """Makes sound for so long while the agent speaks."""
        self.vad.begins()
        for _ in range(round(length_s / 0.1)):
            await asyncio.sleep(0.1)
            self.vad.goes_on()
        self.vad.stops()

    def is_understood(self, text: str) -> None:
        """The final words for what was said arrive."""
        heard = [stt.SpeechData(text=text, language=LanguageCode("en"), confidence=1.0)]
        event = stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=heard)
        self.stt.streams[-1].tell(event)

    async def says(self, text: str, length_s: float = 0.2, words_late_s: float = 0.0) -> None:
        """Speaks for so long; the words arrive so much later."""
        await self.speaks(length_s)
        await asyncio.sleep(words_late_s)
        self.is_understood(text)
