"""A caller never waits for a call that is over."""

from __future__ import annotations

import asyncio

import pytest

from devkit import caller as callers
from devkit.caller import SILENCE, Caller
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
