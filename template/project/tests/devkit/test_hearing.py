"""The words of a script come with the sound they belong to, whatever pauses and noises are between."""

from __future__ import annotations

import pytest

from devkit.emulators.brain import Brain
from devkit.emulators.hearing import Listener
from devkit.emulators.hub import Hub, Peer
from devkit.script import Turn, load
from devkit.speech.pcm import pieces, resample
from devkit.speech.tone import ToneVoice
from devkit.talk import SCRIPT
from tests.callers import RATE, spoken

FIRST, SECOND = "My name is Anna,", "please book an appointment."


@pytest.fixture
def hub() -> Hub:
    return Hub(ToneVoice(), None, Brain([]))


@pytest.fixture
def finals() -> list[str]:
    return []


@pytest.fixture
def listener(hub: Hub, finals: list[str]) -> Listener:
    async def tell(what: str, text: str) -> bool:
        if what == "final":
            finals.append(text)
        return True

    return Listener(hub, Peer("anybody", lambda: None), RATE, tell)


async def hear(listener: Listener, pcm: bytes) -> None:
    for piece in pieces(pcm, RATE, 0.02):
        await listener.push(piece)


def quiet(seconds: float) -> bytes:
    return bytes(2 * int(RATE * seconds))


# Between two parts: the silence, in s, and how much of it is over when the second part is announced.
@pytest.mark.parametrize(
    ("pause_s", "announced_s", "expected"),
    [
        (1.0, 1.0, [FIRST, SECOND]),
        (1.0, 0.3, [FIRST, SECOND]),  # the sound reaches the recogniser later than the announcement
        (0.2, 0.2, [f"{FIRST} {SECOND}"]),
    ],
)
async def test_each_part_has_its_words(
    hub: Hub, listener: Listener, finals: list[str], pause_s: float, announced_s: float, expected: list[str]
) -> None:
    hub.expected.put("")
    hub.expected.put(FIRST, more=True)
    await hear(listener, quiet(0.5) + spoken(1.0) + quiet(announced_s))
    hub.expected.put(SECOND, more=True)
    await hear(listener, quiet(pause_s - announced_s) + spoken(1.0) + quiet(1.0))
    assert finals == expected


async def test_noise_takes_no_words_of_those_that_follow(hub: Hub, listener: Listener, finals: list[str]) -> None:
    hub.expected.put("", noise=True)
    await hear(listener, quiet(0.5) + spoken(1.0) + quiet(1.0))
    hub.expected.put(SECOND, more=True)
    await hear(listener, spoken(1.0) + quiet(1.0))
    assert finals == ["", SECOND]


@pytest.mark.parametrize("turn", load(SCRIPT).turns, ids=lambda turn: str(turn.words))
async def test_a_detector_hears_the_tones_of_a_line_as_one_voice(
    hub: Hub, listener: Listener, finals: list[str], turn: Turn
) -> None:
    voice = ToneVoice()
    hub.expected.put(turn.words)
    await hear(listener, quiet(0.5) + resample(voice.synthesize(turn.words), voice.rate, RATE) + quiet(1.0))
    assert finals == [turn.words]


async def test_a_line_that_was_not_heard_is_forgotten(hub: Hub, listener: Listener, finals: list[str]) -> None:
    hub.expected.put(FIRST)
    hub.expected.put(SECOND)
    await hear(listener, quiet(0.5) + spoken(1.0) + quiet(1.0))
    assert finals == [SECOND]
