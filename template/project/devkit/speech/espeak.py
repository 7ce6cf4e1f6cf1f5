"""eSpeak NG: every language, robotic, a few ms a sentence. From its wheel, else from the system."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import threading

from ..speech import installed
from .pcm import resample

WORDS_PER_MINUTE = 155
_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_RATE_PARAMETER = 1


class EspeakVoice:
    """One voice of eSpeak NG, for example `en-us`, `de`, `fr`, `es`."""

    name = "espeak"

    def __init__(self, voice: str = "en-us") -> None:
        """Load the library once a process.

        Raises:
            ModuleNotFoundError: neither the wheel nor the program `espeak-ng` is there.
        """
        self.voice = voice
        self._library = _Library.shared() if installed("espeakng_loader") else None
        self.rate = self._library.rate if self._library else 22_050
        if self._library is None and shutil.which("espeak-ng") is None:
            raise ModuleNotFoundError("espeakng-loader is not installed and espeak-ng is not on PATH")

    def synthesize(self, text: str) -> bytes:
        """16-bit PCM, mono."""
        if self._library:
            return self._library.synthesize(text, self.voice)
        command = ["espeak-ng", "-v", self.voice, "-s", str(WORDS_PER_MINUTE), "--stdout", text]
        wav = subprocess.run(command, check=True, capture_output=True).stdout
        return resample(wav[44:], int.from_bytes(wav[24:28], "little"), self.rate)


class _Library:
    """The C library: one global engine, so one lock."""

    _instance: _Library | None = None

    @classmethod
    def shared(cls) -> _Library:
        cls._instance = cls._instance or cls()
        return cls._instance

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._sound = bytearray()
        self._c = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = int(self._c.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0))
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._collect)  # kept: the library does not keep it
        self._c.espeak_SetSynthCallback(self._callback)

    def _collect(self, wav: object, count: int, events: object) -> int:
        del events
        if wav and count > 0:
            self._sound += ctypes.string_at(wav, count * 2)  # type: ignore[arg-type]
        return 0

    def synthesize(self, text: str, voice: str) -> bytes:
        with self._lock:
            self._sound.clear()
            self._c.espeak_SetVoiceByName(voice.encode())
            self._c.espeak_SetParameter(_RATE_PARAMETER, WORDS_PER_MINUTE, 0)
            raw = text.encode()
            self._c.espeak_Synth(raw, len(raw) + 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
            self._c.espeak_Synchronize()
            return bytes(self._sound)
