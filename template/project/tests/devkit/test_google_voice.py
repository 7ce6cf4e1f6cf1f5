"""The production plugin against Google's emulated voice: over gRPC, by the name that it dials, without a login."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import APIConnectOptions, tts

from devkit import project

from .google_cloud import Cloud, Outcome, control, emulated, identity, observe

TEXT = "Good day to you, my friend. What can I do?"
TEXT_S = 2.5  # a beep a word
IMPATIENT_S, PATIENT_S = 1.0, 20.0  # for a whole answer
FAULTS = [
    ("refuse", "APIStatusError", 503),
    ("http-401", "APIStatusError", 401),
    ("http-404", "APIStatusError", 404),
    ("http-429", "APIStatusError", 429),
    ("http-500", "APIStatusError", 500),
    ("hang", "APITimeoutError", 0),
    ("garbage", "AttributeError", 0),  # the plugin does not expect it
    ("empty", "APIError", 0),
    ("stall", "APITimeoutError", 0),
    ("drip", "APITimeoutError", 0),
    ("disconnect", "APIStatusError", 503),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with emulated(tmp_path_factory.mktemp("google")) as started:
        yield started


def say(url: str, in_one_request: bool, timeout_s: float = PATIENT_S) -> Outcome:
    """The plugin speaks two sentences: as a stream of text and sound, or in one request."""
    del url  # the environment leads there

    once = APIConnectOptions(max_retry=0, timeout=timeout_s)

    async def scenario(outcome: Outcome) -> None:
        async with _whole(once) if in_one_request else _stream(once) as sound:
            async for piece in sound:
                outcome.sound_s += piece.frame.duration

    return observe(scenario, 2 * PATIENT_S)


def _whole(once: APIConnectOptions) -> tts.ChunkedStream:
    return _voice().synthesize(TEXT, conn_options=once)


def _stream(once: APIConnectOptions) -> tts.SynthesizeStream:
    stream = _voice().stream(conn_options=once)
    stream.push_text(TEXT)
    stream.end_input()
    return stream


def _voice() -> tts.TTS[Any]:
    from livekit.plugins import google  # in the process of the plugins, not before

    return google.TTS(language="en-US", voice_name="en-US-Chirp3-HD-Aoede", location="eu", credentials=identity())


def test_text_becomes_sound(cloud: Cloud) -> None:
    control(cloud.url, "POST", "reset", {})
    outcome = cloud.run(say, False)
    assert outcome.sound_s == pytest.approx(TEXT_S, abs=0.1)
    assert cloud.sent() == {
        "endpoint": "eu-texttospeech.googleapis.com/google.cloud.texttospeech.v1.TextToSpeech/StreamingSynthesize",
        "fields": {
            "streaming_config": {
                "voice": {"language_code": "en-US", "name": "en-US-Chirp3-HD-Aoede"},
                "streaming_audio_config": {"audio_encoding": "PCM", "sample_rate_hertz": 24_000, "speaking_rate": 1.0},
            }
        },
    }


def test_text_becomes_sound_in_one_request(cloud: Cloud) -> None:
    control(cloud.url, "POST", "reset", {})
    outcome = cloud.run(say, True)
    assert outcome.sound_s == pytest.approx(TEXT_S, abs=0.1)
    assert cloud.sent() == {
        "endpoint": "eu-texttospeech.googleapis.com/google.cloud.texttospeech.v1.TextToSpeech/SynthesizeSpeech",
        "fields": {
            "input": {"text": TEXT},
            "voice": {"language_code": "en-US", "name": "en-US-Chirp3-HD-Aoede"},
            "audio_config": {"audio_encoding": "PCM", "sample_rate_hertz": 24_000, "speaking_rate": 1.0},
        },
    }


@pytest.mark.parametrize("in_one_request", [False, True], ids=["stream", "request"])
@pytest.mark.parametrize(("kind", "error", "status"), FAULTS)
def test_the_plugin_tells_what_is_wrong(cloud: Cloud, kind: str, error: str, status: int, in_one_request: bool) -> None:
    cloud.arm("tts", kind)
    outcome = cloud.run(say, in_one_request, IMPATIENT_S if error == "APITimeoutError" else PATIENT_S)
    assert (outcome.error, outcome.status) == (error, status)
    assert cloud.fired() == [kind]


@pytest.mark.parametrize("in_one_request", [False, True], ids=["stream", "request"])
def test_an_early_end_goes_unnoticed(cloud: Cloud, in_one_request: bool) -> None:
    cloud.arm("tts", "early-end")
    outcome = cloud.run(say, in_one_request)
    assert not outcome.error
    assert 0.0 < outcome.sound_s < TEXT_S - 0.5
    assert cloud.fired() == ["early-end"]


def say_in_time(url: str, folder: str) -> Outcome:
    """The plugin alone, held to a deadline as the worker holds it."""
    del url  # the environment leads there
    breaker, voice = (import_module(f"{project.PACKAGE}.runtime.{name}") for name in ("breaker", "voice"))

    async def scenario(outcome: Outcome) -> None:
        candidate = voice.Candidate(_voice_of_the_worker(), breaker.Board(Path(folder)).breaker("tts", "google"))
        async with voice.DeadlineTTS([candidate], first_audio_s=IMPATIENT_S, gap_s=IMPATIENT_S).stream() as stream:
            stream.push_text(TEXT)
            stream.end_input()
            async for event in stream:
                outcome.sound_s += event.frame.duration

    return observe(scenario, 2 * PATIENT_S)


def _voice_of_the_worker() -> tts.TTS[Any]:
    from livekit.plugins import google  # in the process of the plugins, not before

    return google.TTS(
        language="en-US",
        voice_name="en-US-Chirp3-HD-Aoede",
        location="eu",
        credentials=identity(),
        use_streaming=False,
    )


def test_it_speaks_within_its_deadline(cloud: Cloud, tmp_path: Path) -> None:
    control(cloud.url, "POST", "reset", {})
    outcome = cloud.run(say_in_time, str(tmp_path))
    assert not outcome.error
    assert outcome.sound_s == pytest.approx(TEXT_S, abs=0.1)


@pytest.mark.parametrize("kind", [*(kind for kind, _, _ in FAULTS), "early-end"])
def test_every_fault_is_an_error_in_time(cloud: Cloud, tmp_path: Path, kind: str) -> None:
    cloud.arm("tts", kind)
    began = time.monotonic()
    outcome = cloud.run(say_in_time, str(tmp_path))
    assert outcome.error == "APIConnectionError"
    assert time.monotonic() - began < 2 * (IMPATIENT_S + 1)
    assert cloud.fired() == [kind]
