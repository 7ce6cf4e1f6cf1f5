"""The production plugin against Google's emulated recogniser: over gRPC, by the name that it dials, without a login."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import APIConnectOptions, stt

from devkit.speech.tone import ToneVoice

from .google_cloud import Cloud, Outcome, await_request, control, emulated, identity, observe

LINE = "Book a table"
RATE = 16_000
SOUND = bytes(RATE) + ToneVoice().synthesize("one two three four five six") + bytes(2 * RATE)
SILENCE_S = 1.5  # this long without a word is silence
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with emulated(tmp_path_factory.mktemp("google")) as started:
        yield started


def hear(url: str, patience_s: float = PATIENCE_S, later: str = "") -> Outcome:
    """One line is spoken to the plugin; or, when it is connected, the fault `later` is armed."""

    async def scenario(outcome: Outcome) -> None:
        async with _ear().stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
            speaking = asyncio.create_task(_speak(url, stream, later))
            try:
                await _note(stream, outcome)
            finally:
                speaking.cancel()

    return observe(scenario, patience_s)


def _ear() -> stt.STT[Any]:
    from livekit.plugins import google  # in the process of the plugins, not before

    return google.STT(
        model="chirp_3",
        languages="en-US",
        detect_language=False,
        project="ours",
        location="eu",
        credentials=identity(),
    )


async def _speak(url: str, stream: stt.RecognizeStream, later: str) -> None:
    await asyncio.to_thread(await_request, url)
    if later:
        await asyncio.to_thread(control, url, "POST", "faults", {"stage": "stt", "kind": later, "everyone": True})
        return
    await asyncio.to_thread(control, url, "POST", "expect", {"text": LINE})
    with suppress(RuntimeError):  # it is closed: refused
        stream.push_frame(rtc.AudioFrame(SOUND, RATE, 1, len(SOUND) // 2))


async def _note(stream: stt.RecognizeStream, outcome: Outcome) -> None:
    async for event in stream:
        outcome.words += [f"{event.type.value}: {alternative.text}" for alternative in event.alternatives]
        if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
            return


def test_what_was_said_is_heard(cloud: Cloud) -> None:
    control(cloud.url, "POST", "reset", {})
    outcome = cloud.run(hear)
    assert outcome.words[0] == f"interim_transcript: {LINE}"
    assert outcome.words[-1] == f"final_transcript: {LINE}"
    assert cloud.sent() == {
        "endpoint": "eu-speech.googleapis.com/google.cloud.speech.v2.Speech/StreamingRecognize",
        "fields": {
            "recognizer": "projects/ours/locations/eu/recognizers/_",
            "streaming_config": {
                "config": {
                    "model": "chirp_3",
                    "language_codes": ["en-US"],
                    "explicit_decoding_config": {
                        "encoding": "LINEAR16",
                        "sample_rate_hertz": RATE,
                        "audio_channel_count": 1,
                    },
                    "features": {"enable_automatic_punctuation": True},
                },
                "streaming_features": {"interim_results": True},
            },
        },
    }


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("refuse", "APIStatusError", 503),
        ("http-401", "APIStatusError", 401),
        ("http-404", "APIStatusError", 404),
        ("http-429", "APIStatusError", 429),
        ("http-500", "APIStatusError", 500),
        ("garbage", "APIConnectionError", 0),
        ("disconnect", "APIStatusError", 503),
    ],
)
def test_the_plugin_tells_what_is_wrong(cloud: Cloud, kind: str, error: str, status: int) -> None:
    cloud.arm("stt", kind)
    outcome = cloud.run(hear)
    assert (outcome.error, outcome.status) == (error, status)
    assert cloud.fired() == [kind]


@pytest.mark.parametrize("kind", ["hang", "empty", "stall", "silent"])
def test_what_the_plugin_does_not_notice_is_silence(cloud: Cloud, kind: str) -> None:
    cloud.arm("stt", kind)
    outcome = cloud.run(hear, SILENCE_S)
    assert not outcome.error
    assert not [words for words in outcome.words if words.startswith("final")]
    assert cloud.fired() == [kind]


def test_an_empty_final_follows_words(cloud: Cloud) -> None:
    cloud.arm("stt", "empty-final")
    outcome = cloud.run(hear, SILENCE_S)
    assert f"interim_transcript: {LINE}" in outcome.words
    assert not [words for words in outcome.words if words == f"final_transcript: {LINE}"]
    assert cloud.fired() == ["empty-final"]


def test_words_may_come_without_an_end(cloud: Cloud) -> None:
    cloud.arm("stt", "no-end")
    assert cloud.run(hear).words[-1] == f"final_transcript: {LINE}"
    assert cloud.fired() == ["no-end"]


def test_a_refusal_strikes_who_is_connected(cloud: Cloud) -> None:
    control(cloud.url, "POST", "reset", {})
    outcome = cloud.run(hear, PATIENCE_S, "http-429")
    assert (outcome.error, outcome.status) == ("APIStatusError", 503)


def test_what_is_not_googles_reaches_its_own_address(cloud: Cloud) -> None:
    host, _, port = cloud.environment["grpc_proxy"].removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as collector, socket.create_connection((host, int(port)), 10) as client:
        client.sendall(f"CONNECT 127.0.0.1:{collector.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
        there, _ = collector.accept()
        with there:
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
            client.sendall(b"spans")
            assert there.recv(5) == b"spans"
