"""A caller never waits for a call that is over."""

from __future__ import annotations

import asyncio

import pytest

from devkit import caller as callers
from devkit.caller import FILLER_TRACK, SILENCE, TYPING_TRACK, Caller
from devkit.processes import Trouble


async def never() -> None:
    await asyncio.Event().wait()


async def broken() -> None:
    raise RuntimeError("the sound has nowhere to go")


@pytest.mark.parametrize("speaking", [never, broken])
async def test_a_line_ends_with_the_call(speaking: object) -> None:
    caller = Caller("ws://127.0.0.1:9", "room")
    caller._speaking = asyncio.create_task(speaking())  # type: ignore[operator]
    saying = asyncio.create_task(caller.say(SILENCE))
    await asyncio.sleep(0.05)
    if speaking is never:
        assert not saying.done()
        caller.hung_up.set()
    line = await asyncio.wait_for(saying, 1)
    assert line.end >= line.start
    caller._speaking.cancel()
    await asyncio.gather(caller._speaking, return_exceptions=True)


async def test_a_microphone_that_takes_no_sound_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "STUCK_S", 0.05)
    caller = Caller("ws://127.0.0.1:9", "room")
    caller._speaking = asyncio.create_task(never())
    with pytest.raises(Trouble, match="microphone"):
        await caller.say(SILENCE)
    caller._speaking.cancel()
    await asyncio.gather(caller._speaking, return_exceptions=True)


async def test_whatever_sounds_first_ends_the_silence() -> None:
    caller = Caller("ws://127.0.0.1:9", "room")
    assert caller.first_audible(1.0) is None
    caller.ear.loud += [0.5, 4.0]
    caller.ears[FILLER_TRACK].loud.append(3.0)
    assert caller.first_audible(1.0) == 3.0
    caller.ears[TYPING_TRACK].loud.append(2.0)
    assert caller.first_audible(1.0) == 2.0
