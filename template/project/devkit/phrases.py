"""`python -m devkit phrases`: record what the agent says when its voice is dead, by that voice where its key is known.

The recordings are part of the package and belong into git. What is recorded is made anew when its words have changed,
or when a local voice had to speak it and the chosen one can now.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from livekit.agents import tts
from livekit.agents.utils import http_context

from . import project, speech
from .health import keys
from .speech.pcm import resample, write_wav

RATE: Final = 16_000  # Hz
RESTING: Final = project.ROOT / "build" / "phrases"
PATIENT_S: Final = 10.0


def main(argv: list[str]) -> int:
    """Record what is missing; what came of it in one line."""
    del argv  # takes none
    print(f"recorded phrases: {record(runtime('spare').SPOKEN)}")
    return 0


def runtime(name: str) -> Any:
    """A module of the agent itself."""
    return importlib.import_module(f"{project.PACKAGE}.runtime.{name}")


def record(folder: Path) -> str:
    """Bring the recordings in `folder` up to date; what came of it, in words."""
    spare, phrase = runtime("spare"), runtime("hooks").phrase
    texts = {name: phrase(name) for name in spare.RECORDED}
    wanted = {name: spare.digest(text) for name, text in texts.items()}
    local = speech.best_voice(project.ESPEAK_VOICE)
    chosen = project.VENDORS["tts"][0]
    by = spoken_by(folder / spare.LIST)
    if spare.recorded(folder) == wanted and (by == chosen or not has_key()):
        return f"ready, spoken by {by}"
    try:
        sounds, by = asyncio.run(by_the_chosen(texts)) if has_key() else {}, chosen
    except Exception as error:  # whatever a provider may do: the local voice is better than none
        print(f"{chosen} did not speak: {type(error).__name__}: {error}")
        sounds = {}
    if not sounds and local == "tone":
        return "left out, no voice is installed that could speak them"
    if not sounds:
        sounds, by = by_the_local(texts, local), local
    write(folder, sounds)
    (folder / spare.LIST).write_text(json.dumps({"spoken_by": by, "texts": wanted}, indent=2) + "\n", "utf-8")
    later = "" if by == chosen else f"; with {project.VOICE_KEY} in .env, make phrases records them by {chosen}"
    return f"made, spoken by {by}: commit src/{project.PACKAGE}/{folder.name}{later}"


def has_key() -> bool:
    """Whether the chosen voice can be asked."""
    key = keys.given().get(project.VOICE_KEY, "")
    return bool(key) and not keys.PLACEHOLDER.search(key)


def spoken_by(listed: Path) -> str:
    """Who spoke what is there; empty if nothing is."""
    return str(json.loads(listed.read_text("utf-8"))["spoken_by"]) if listed.is_file() else ""


async def by_the_chosen(texts: dict[str, str]) -> dict[str, bytes]:
    """The sentences by the voice that callers hear.

    Raises:
        Exception: whatever its plugin raises.
    """
    given, settings = keys.given(), importlib.import_module(f"{project.PACKAGE}.settings").Settings
    unused = {
        name: "https://unused.invalid" if name.endswith("_url") else "unused"
        for name, field in settings.model_fields.items()
        if field.is_required() and not given.get(name.upper())
    }
    call = SimpleNamespace(settings=settings(**unused), board=runtime("breaker").Board(RESTING))
    async with http_context.open():
        first = runtime("pipeline").build_tts(call).candidates[:1]
        voice = runtime("voice").DeadlineTTS(first, first_audio_s=PATIENT_S, gap_s=PATIENT_S)
        try:
            return {name: await _said(voice, text) for name, text in texts.items()}
        finally:
            await voice.aclose()


async def _said(voice: tts.TTS[Any], text: str) -> bytes:
    async with voice.synthesize(text) as sound:
        frame = await sound.collect()
    return resample(frame.data.tobytes(), frame.sample_rate, RATE)


def by_the_local(texts: dict[str, str], name: str) -> dict[str, bytes]:
    """The sentences by a voice of the devkit: without a key, without a network."""
    voice = speech.voice(name, project.ESPEAK_VOICE)
    return {phrase: resample(voice.synthesize(text), voice.rate, RATE) for phrase, text in texts.items()}


def write(folder: Path, sounds: dict[str, bytes]) -> None:
    """One WAV for each sentence; what else was recorded before is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.wav"):
        if old.stem not in sounds:
            old.unlink()
    for name, pcm in sounds.items():
        write_wav(folder / f"{name}.wav", [pcm], RATE)
