"""A long answer and a caller who listens: an "uh-huh" changes nothing, as sound shows."""

from __future__ import annotations

import asyncio
import time

from devkit import project, speech
from devkit.caller import RATE, Caller
from devkit.project import ROOT
from devkit.script import load
from devkit.speech.pcm import resample
from devkit.stack import Stack

BARGE_IN = load(ROOT / "devkit" / "calls" / "barge-in.yaml")
LISTENS = "Uh-huh."
RESUMED_WITHIN_S = 2.0


def sound(text: str) -> bytes:
    voice = speech.voice("auto", project.ESPEAK_VOICE)
    return resample(voice.synthesize(text), voice.rate, RATE)


async def test_a_listener_does_not_end_the_answer(stack: Stack) -> None:
    await asyncio.to_thread(stack.forget)
    question = BARGE_IN.turns[0].caller
    async with Caller(stack.url, f"backchannel-{time.time_ns()}") as caller:
        await caller.wait_for_sound(caller.joined_at, 30)
        await caller.wait_for_quiet()
        await asyncio.to_thread(stack.control, "POST", "expect", {"text": question})
        asked = await caller.say(sound(question))
        began = await caller.wait_for_sound(asked.end, 20)
        assert began is not None
        await asyncio.sleep(max(0.0, began + 2.0 - time.time()))
        await asyncio.to_thread(stack.control, "POST", "expect", {"text": LISTENS})
        listened = await caller.say(sound(LISTENS))
        resumed = await caller.wait_for_sound(listened.end, RESUMED_WITHIN_S)
        assert resumed is not None
        await caller.wait_for_quiet(quiet_s=2.5)
        heard_on_s = caller.ear.last_sound() - listened.end
    assert heard_on_s > 4.0, "the rest of the answer"
    written = await asyncio.to_thread(stack.journal, "stt", "final", listened.start)
    assert any(one["text"] for one in written), "the recogniser had words for it"
    assert await asyncio.to_thread(stack.journal, "llm", "request", listened.start) == []
