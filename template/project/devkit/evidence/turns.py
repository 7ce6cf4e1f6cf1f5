"""One turn of each stage, through the plugins as the project builds them: how long until it answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from livekit import rtc
from livekit.agents import APIConnectOptions, llm, stt, tts, utils

from ..caller import FRAME, RATE, SILENCE
from ..speech.pcm import seconds
from .material import Spoken
from .plan import Used

PATIENCE_S = 15.0
SETTLED_S = 1.0  # a final that no other one follows for so long was the last
FRAME_S = FRAME / RATE
FEWEST_TOKENS = 10  # a shorter answer tells nothing of the pace
ONCE = APIConnectOptions(max_retry=0, timeout=10.0)


@dataclass(frozen=True)
class Turn:
    """How long a stage took, in ms, and what it used; `heard` by a recogniser, `pace` of a model in tokens a second."""

    ms: float
    used: Used
    heard: str = ""
    pace: float | None = None


class NoAnswer(Exception):
    """The provider ended or stayed silent, without an error."""


async def recognise(model: stt.STT[Any], line: Spoken) -> Turn:
    """From the last sample of speech, in real time, to the last final transcript.

    Raises:
        NoAnswer: there was none within 15 s.
        APIError: what the provider or the way to it refused.
    """
    finals: list[tuple[float, str]] = []
    start = time.perf_counter()
    async with model.stream(conn_options=ONCE) as stream:
        listening = asyncio.create_task(_listen(stream, finals))
        try:
            ended = await _say(stream, line.pcm, listening)
            now = ended
            while not (finals and finals[-1][0] > ended and now - finals[-1][0] > SETTLED_S):
                if now - ended > PATIENCE_S:
                    raise NoAnswer("no final transcript")
                now = await _say(stream, SILENCE, listening)
        finally:
            await utils.aio.cancel_and_wait(listening)
    used = Used(minutes=(now - start) / 60)
    return Turn((finals[-1][0] - ended) * 1000, used, heard=" ".join(text for _, text in finals))


async def _listen(stream: stt.RecognizeStream, finals: list[tuple[float, str]]) -> None:
    async for event in stream:
        if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives[0].text:
            finals.append((time.perf_counter(), event.alternatives[0].text))


async def _say(stream: stt.RecognizeStream, pcm: bytes, listening: asyncio.Task[None]) -> float:
    """Push sound as a microphone does, each frame when it is over; when the last one was, in s."""
    now = time.perf_counter()
    step = len(SILENCE)
    for number, at in enumerate(range(0, len(pcm), step), 1):
        due = now + number * FRAME_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if listening.done():
            listening.result()
            raise NoAnswer("the stream ended")
        stream.push_frame(rtc.AudioFrame(pcm[at : at + step].ljust(step, b"\0"), RATE, 1, FRAME))
    return now + seconds(pcm, RATE)


async def think(model: llm.LLM[Any], prompt: llm.ChatContext, tools: list[llm.Tool]) -> Turn:
    """From the request to the first token of an answer or of a tool call.

    Raises:
        NoAnswer: the answer was empty.
        TimeoutError: it was not over after 15 s.
        APIError: what the provider or the way to it refused.
    """
    start, first, usage = time.perf_counter(), 0.0, None
    async with asyncio.timeout(PATIENCE_S), model.chat(chat_ctx=prompt, tools=tools, conn_options=ONCE) as stream:
        async for chunk in stream:
            if not first and chunk.delta and (chunk.delta.content or chunk.delta.tool_calls):
                first = time.perf_counter()
            usage = chunk.usage or usage
    if not first:
        raise NoAnswer("the answer was empty")
    lasted = time.perf_counter() - first
    tokens = usage.completion_tokens if usage else 0
    pace = tokens / lasted if tokens >= FEWEST_TOKENS and lasted else None
    used = Used(tokens_in=usage.prompt_tokens if usage else 0, tokens_out=tokens)
    return Turn((first - start) * 1000, used, pace=pace)


async def speak(model: tts.TTS[Any], text: str) -> Turn:
    """From the text to the first sound.

    Raises:
        NoAnswer: there was no sound.
        TimeoutError: it was not over after 15 s.
        APIError: what the provider or the way to it refused.
    """
    start, first, length_s = time.perf_counter(), 0.0, 0.0
    async with asyncio.timeout(PATIENCE_S), _voice(model, text) as stream:
        async for event in stream:
            first = first or time.perf_counter()
            length_s += event.frame.duration
    if not first:
        raise NoAnswer("no sound")
    return Turn((first - start) * 1000, Used(minutes=length_s / 60, characters=len(text)))


def _voice(model: tts.TTS[Any], text: str) -> tts.SynthesizeStream | tts.ChunkedStream:
    if not model.capabilities.streaming:
        return model.synthesize(text, conn_options=ONCE)
    stream = model.stream(conn_options=ONCE)
    stream.push_text(text)
    stream.end_input()
    return stream
