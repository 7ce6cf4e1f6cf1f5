"""What a caller can do besides speaking reaches the room, and a call goes on through it."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from livekit import api, rtc

from devkit import project, server, speech
from devkit.acts import Acts
from devkit.call import judged
from devkit.caller import Caller
from devkit.script import Script, load
from devkit.stack import Stack
from devkit.talk import SCRIPT

WHOLE = load(SCRIPT)
LINES = WHOLE.turns
SLOW_S = 10.0
MUTES, KEYS_AND_TEXT = ("muted", "unmuted"), ("key 1", "key 2", "key #", "text Hello?")
AGAIN = ("caller leaves", "caller joins", "microphone")


class Observer:
    """Is in the room before the caller, so that no agent is called, and notes what the caller does."""

    def __init__(self, url: str, room: str) -> None:
        self._url = url
        grants = api.VideoGrants(room_join=True, room=room)
        token = api.AccessToken(server.KEY, server.SECRET).with_identity("observer").with_ttl(timedelta(minutes=5))
        self._token = token.with_grants(grants).to_jwt()
        self._room = rtc.Room()
        self._reading: list[asyncio.Task[None]] = []
        self.seen: list[str] = []

    async def __aenter__(self) -> Observer:
        self._room.on("participant_connected", lambda one: self.seen.append(f"{one.identity} joins"))
        self._room.on("participant_disconnected", lambda one: self.seen.append(f"{one.identity} leaves"))
        self._room.on("track_published", lambda *_: self.seen.append("microphone"))
        self._room.on("track_muted", lambda *_: self.seen.append("muted"))
        self._room.on("track_unmuted", lambda *_: self.seen.append("unmuted"))
        self._room.on("sip_dtmf_received", lambda one: self.seen.append(f"key {one.digit}"))
        self._room.register_text_stream_handler(
            "lk.chat", lambda reader, _: self._reading.append(asyncio.create_task(self._read(reader)))
        )
        await self._room.connect(self._url, self._token)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._room.disconnect()

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        self.seen.append(f"text {await reader.read_all()}")

    async def sees(self, *wanted: str) -> bool:
        """Whether the caller did this, in this order, since it was asked last."""
        until = time.monotonic() + SLOW_S
        while time.monotonic() < until:
            if [one for one in self.seen if one in wanted] == list(wanted):
                self.seen.clear()
                return True
            await asyncio.sleep(0.05)
        return False


def script(*turns: dict[str, object], ends: bool = False) -> Script:
    head = {"name": "acts", "summary": "What a caller can do.", "language": project.LANGUAGE, "ends": ends}
    return Script.model_validate({**head, "metadata": WHOLE.metadata, "turns": turns})


async def test_what_a_caller_does_arrives(stack: Stack) -> None:
    deeds = script(
        {"acts": [{"mute": True}, {"pause_ms": 200}, {"mute": False}]},
        {"acts": [{"keys": "12#"}, {"type": "Hello?"}]},
        {"acts": [{"rejoin": {"how": "lost", "after_ms": 500}}]},
        {"acts": [{"rejoin": {"how": "reload", "after_ms": 500}}]},
        {"acts": [{"rejoin": {"how": "rebuilt"}}]},
        {"acts": [{"noise": {"kind": "cough", "ms": 300}}, {"say": LINES[0].words, "hang_up_after_ms": 500}]},
    )
    announced: list[dict[str, object]] = []

    async def announce(line: dict[str, object]) -> None:
        announced.append(line)

    room = f"acts-{time.time_ns()}"
    async with Observer(stack.url, room) as observer, Caller(stack.url, room) as caller:
        acts = Acts(caller, speech.voice("auto", project.ESPEAK_VOICE), deeds, announce)
        assert await observer.sees("caller joins", "microphone")
        for turn, expected in zip(deeds.turns[:-1], [MUTES, KEYS_AND_TEXT, AGAIN, AGAIN, AGAIN], strict=True):
            await acts.perform(turn)
            assert await observer.sees(*expected), f"{turn.shown}: {observer.seen}"
            assert not caller.hung_up.is_set()
        began = time.time()
        line = await acts.perform(deeds.turns[-1])
        assert caller.hung_up.is_set()
        assert await observer.sees("caller leaves")
    assert line.end - began == pytest.approx(0.8, abs=0.5)
    assert [one for one in announced if one.get("noise") or one["text"]] == [
        {"text": "", "more": True, "noise": True},
        {"text": LINES[0].words, "more": True, "noise": False},
    ]


async def test_a_call_goes_on_through_pauses_noise_keys_and_text(stack: Stack) -> None:
    words = LINES[0].words.split()
    half = len(words) // 2
    deeds = script(
        {
            "caller": f"{' '.join(words[:half])} [900 ms] {' '.join(words[half:])}",
            "expect": LINES[0].expect.model_dump(exclude_defaults=True),
        },
        {"acts": [{"noise": {"kind": "cough", "ms": 400}}]},
        {"acts": [{"keys": "12#"}]},
        {"acts": [{"type": LINES[-1].words}], "expect": LINES[-1].expect.model_dump(exclude_defaults=True)},
        ends=True,
    )
    report = await judged(stack, deeds)
    assert report["missed"] == []
    assert [bool(turn["agent"]) for turn in report["turns"]] == [True, False, False, True]
    assert report["hung_up_by_agent"]
