"""The local voices are understood by the local recogniser."""

from __future__ import annotations

import pytest

from devkit import speech
from devkit.speech import noise, pcm
from devkit.words import error_rate

LINES = [
    "Hello, what are your opening hours on Monday?",
    "My name is Anna, please book an appointment for Tuesday morning.",
    "I have changed my mind, please cancel the appointment.",
    "No, thank you, goodbye.",
]


@pytest.mark.speech
@pytest.mark.skipif(not speech.installed("piper"), reason="piper is left out: make setup VOICE=auto")
def test_english_is_heard_as_it_was_said() -> None:
    voice, ear = speech.voice("piper"), speech.recogniser("moonshine")
    assert ear is not None
    heard = [ear.transcribe(voice.synthesize(line), voice.rate) for line in LINES]
    assert error_rate(LINES, heard) <= 0.10


@pytest.mark.speech
@pytest.mark.skipif(not speech.installed("espeakng_loader"), reason="espeak is left out: make setup VOICE=auto")
@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_other_languages_make_sound(language: str) -> None:
    voice = speech.voice("espeak", language)
    sound = voice.synthesize("Guten Tag, bonjour, hola")
    assert pcm.seconds(sound, voice.rate) > 0.5
    assert pcm.level(sound) > 500


def test_a_tone_lasts_as_long_as_its_words() -> None:
    voice = speech.voice("tone")
    assert pcm.seconds(voice.synthesize("one two three four"), voice.rate) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("kind", noise.KINDS)
def test_noise_is_as_long_and_as_loud_as_asked_for(kind: str) -> None:
    sound = noise.burst(kind, 0.8, -20.0, speech.voice("tone"), "one two three")
    assert pcm.seconds(sound, noise.RATE) == pytest.approx(0.8, abs=0.01)
    assert pcm.level(sound) == pytest.approx(noise.FULL / 10, rel=0.2)
    assert sound == noise.burst(kind, 0.8, -20.0, speech.voice("tone"), "one two three"), "always the same"


@pytest.mark.parametrize(("language", "voice"), [("en", "tone"), ("en", "espeak"), ("de", "piper")])
def test_a_voice_that_no_recogniser_understands_has_its_words_from_the_script(language: str, voice: str) -> None:
    assert speech.recogniser("auto", language, voice) is None


def test_an_unknown_voice_lists_those_that_exist() -> None:
    with pytest.raises(ValueError, match="piper"):
        speech.voice("parrot")


def test_resampling_keeps_the_length() -> None:
    sound = speech.voice("tone").synthesize("one two")
    assert pcm.seconds(pcm.resample(sound, 16_000, 24_000), 24_000) == pytest.approx(0.5, abs=0.02)
