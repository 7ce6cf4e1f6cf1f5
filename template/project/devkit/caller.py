"""A caller in the room: speaks in real time, hears, keeps both sides, measures by sound and not by states."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from livekit import api, rtc

from . import project, server
from .processes import Trouble
from .speech.pcm import samples

RATE = 16_000
FRAME_MS = 20
QUEUE_MS = 200  # of sound to come: how long this process may be held up before its line has a hole
FRAME = RATE * FRAME_MS // 1000
LOUD = 500  # of 32767: sound, not noise
QUIET_S = 1.0
STUCK_S = 20.0
# The framework's names for the agent's voice and for the typing while it thinks, and ours for what bridges a wait.
TRACKS = VOICE_TRACK, TYPING_TRACK, FILLER_TRACK = "roomio_audio", "background_audio", "filler"
SILENCE = bytes(2 * FRAME)
KEYS = "0123456789*#ABCD"  # by their codes
KEY_S = 0.12  # from one key to the next


@dataclass
class Line:
    """Something said by the caller: unix times of its first and last sample, in s."""

    start: float
    end: float


@dataclass
class Ear:
    """What was heard of the agent: all of it as sound, and when it was loud."""

    pcm: bytearray = field(default_factory=bytearray)
    loud: list[float] = field(default_factory=list)

    def first_sound(self, after: float) -> float | None:
        """When the agent was first heard after `after`."""
        return next((at for at in self.loud if at > after), None)

    def last_sound(self) -> float:
        """When the agent was last heard; 0 if never."""
        return self.loud[-1] if self.loud else 0.0


class Caller:
    """Joins `room` and asks for the agent, as a browser with a token would. `async with` leaves the room at the end."""

    def __init__(
        self,
        url: str,
        room: str,
        identity: str = "caller",
        metadata: str = "",
        tracks: Sequence[str] = TRACKS,
    ) -> None:
        """Nothing happens yet; of the agent's tracks only `tracks` will be listened to."""
        self.room_name, self.identity = room, identity
        self._url, self._metadata = url, metadata
        self._room = rtc.Room()
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=QUEUE_MS)
        self._to_say: asyncio.Queue[tuple[bytes, asyncio.Future[Line]]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: list[asyncio.Task[None]] = []
        self.ears = {name: Ear() for name in tracks}
        self.ear = self.ears[VOICE_TRACK]
        self.spoken = bytearray()
        self.states: list[tuple[float, str]] = []
        self.joined_at = 0.0
        self.hung_up = asyncio.Event()

    async def __aenter__(self) -> Caller:
        """Join and open the microphone."""
        await self._join()
        self._speaking = asyncio.create_task(self._speak())
        self._tasks.append(self._speaking)
        return self

    async def _join(self) -> None:
        room = self._room = rtc.Room()
        room.on("track_subscribed", self._subscribed)
        room.on("participant_attributes_changed", self._attributes)
        room.on("disconnected", lambda *_: self.hung_up.set() if room is self._room else None)
        await room.connect(self._url, self._token())
        self.joined_at = self.joined_at or time.time()
        self._microphone = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await room.local_participant.publish_track(self._microphone, options)

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        for task in [*self._tasks, *self._listening]:
            task.cancel()
        await _leave(self._room)

    def _token(self) -> str:
        agent = api.RoomAgentDispatch(agent_name=project.AGENT_NAME, metadata=self._metadata)
        # The agent deletes the room when its caller has left. A server of 1.13 that is about to close it by itself just
        # then opens it once more, and calls an agent into it: it must wait longer than the agent does.
        room = api.RoomConfiguration(empty_timeout=20, departure_timeout=20, agents=[agent])
        token = api.AccessToken(server.KEY, server.SECRET).with_identity(self.identity).with_ttl(timedelta(minutes=10))
        return token.with_grants(api.VideoGrants(room_join=True, room=self.room_name)).with_room_config(room).to_jwt()

    def _attributes(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        del participant  # only the agent has this attribute
        if state := changed.get("lk.agent.state"):
            self.states.append((time.time(), state))

    def _subscribed(self, track: rtc.Track, publication: rtc.RemoteTrackPublication, *_: object) -> None:
        if ear := self.ears.get(publication.name):
            self._listening.append(asyncio.create_task(self._hear(track, ear)))

    async def _hear(self, track: rtc.Track, ear: Ear) -> None:
        async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=FRAME_MS):
            pcm = bytes(event.frame.data.cast("b"))
            now = time.time()
            missing = int((now - self.joined_at) * RATE) * 2 - len(pcm) - len(ear.pcm)
            if missing > RATE // 5:  # keeps both sides on one clock
                ear.pcm += bytes(missing)
            ear.pcm += pcm
            if pcm and int(np.abs(samples(pcm).astype(np.int32)).max()) > LOUD:
                ear.loud.append(now)

    async def _speak(self) -> None:
        while True:
            if self._to_say.empty():
                await self._send(SILENCE)
                continue
            pcm, done = self._to_say.get_nowait()
            start = time.time() + self._source.queued_duration
            for at in range(0, len(pcm), len(SILENCE)):
                await self._send(pcm[at : at + len(SILENCE)].ljust(len(SILENCE), b"\0"))
            if not done.done():
                done.set_result(Line(start, time.time() + self._source.queued_duration))

    async def _send(self, pcm: bytes) -> None:
        self.spoken += pcm
        await self._source.capture_frame(rtc.AudioFrame(bytearray(pcm), RATE, 1, FRAME))

    async def say(self, pcm: bytes) -> Line:
        """Say 16-bit PCM, mono, 16 kHz; returns when its last sample is out, or when the call ended meanwhile.

        Raises:
            Trouble: the sound is not taken in the time that it lasts.
        """
        done: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        start = time.time()
        self._to_say.put_nowait((pcm, done))
        over = asyncio.create_task(self.hung_up.wait())
        ends: list[asyncio.Future[Any]] = [done, over, self._speaking]
        limit_s = len(pcm) / (2 * RATE) + STUCK_S
        first, _ = await asyncio.wait(ends, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not first:
            raise Trouble("the caller's microphone is stuck: its sound is not taken")
        if done not in first:
            done.cancel()
            return Line(start, time.time())
        line = done.result()
        await asyncio.sleep(max(0.0, line.end - time.time()))
        return line

    def mute(self, on: bool) -> None:
        """Mute or unmute the microphone; the caller may go on speaking."""
        if on:
            self._microphone.mute()
        else:
            self._microphone.unmute()

    async def write(self, text: str) -> None:
        """Type `text` to the agent."""
        await self._room.local_participant.send_text(text, topic="lk.chat")

    async def press(self, keys: str) -> None:
        """Press keys of a telephone: digits, `*`, `#` and `A` to `D`."""
        for key in keys:
            await self._room.local_participant.publish_dtmf(code=KEYS.index(key), digit=key)
            await asyncio.sleep(KEY_S)

    async def rejoin(self, how: str, after_s: float) -> None:
        """Be away for `after_s`, then be there again under the same identity.

        `lost`: the connection dies without a word, and the server notices when the caller comes back. `reload`: as a
        browser does, it is closed before. `rebuilt`: the client library makes a new one by itself, at once.
        """
        old = self._room
        if how == "rebuilt":
            await old.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_FULL_RECONNECT)
            return
        for task in self._listening:
            task.cancel()
        self._listening.clear()
        self._room = rtc.Room()  # what becomes of the old one is no hang-up
        if how == "reload":
            await _leave(old)
        await asyncio.sleep(after_s)
        await self._join()
        await _leave(old)

    async def hang_up(self) -> None:
        """Leave the call, even in the middle of a word."""
        await _leave(self._room)
        self.hung_up.set()

    @property
    def alone(self) -> bool:
        """Whether no agent is in the room."""
        agent = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        return not any(person.kind == agent for person in self._room.remote_participants.values())

    async def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Whether `condition` came true in time; ends early when the call ended."""
        until = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > until or self.hung_up.is_set():
                return condition()
            await asyncio.sleep(0.02)
        return True

    async def wait_for_sound(self, after: float, timeout_s: float) -> float | None:
        """When the agent's voice was first heard after unix time `after`; None if it was not."""
        await self.wait_until(lambda: self.ear.first_sound(after) is not None, timeout_s)
        return self.ear.first_sound(after)

    def first_audible(self, after: float) -> float | None:
        """When anything was first heard of the agent after unix time `after`; None if nothing was."""
        heard = [ear.first_sound(after) for ear in self.ears.values()]
        return min((at for at in heard if at is not None), default=None)

    async def wait_for_quiet(self, timeout_s: float = 30.0, quiet_s: float = QUIET_S) -> bool:
        """Whether the agent's voice fell silent for `quiet_s`."""
        return await self.wait_until(lambda: time.time() - self.ear.last_sound() > quiet_s, timeout_s)

    def heard_between(self, start: float, end: float) -> bytes:
        """What was heard of the agent's voice from unix time `start` to `end`: 16-bit PCM, mono, 16 kHz."""
        first = max(0, int((start - self.joined_at) * RATE)) * 2
        return bytes(self.ear.pcm[first : max(first, int((end - self.joined_at) * RATE) * 2)])


async def _leave(room: rtc.Room) -> None:
    with suppress(Exception):
        await asyncio.wait_for(room.disconnect(), 5)
