"""16-bit mono PCM: resample, cut, measure, write."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from livekit import rtc
from numpy.typing import NDArray


def resample(pcm: bytes, source: int, target: int) -> bytes:
    """`pcm` at `source` Hz as `target` Hz."""
    if source == target or not pcm:
        return pcm
    resampler = rtc.AudioResampler(source, target, num_channels=1)
    frames = [*resampler.push(bytearray(pcm)), *resampler.flush()]
    return b"".join(bytes(frame.data.cast("b")) for frame in frames)


def pieces(pcm: bytes, rate: int, seconds: float) -> Iterator[bytes]:
    """`pcm` in pieces of `seconds`; the last one may be shorter."""
    step = max(2, int(rate * seconds) * 2)
    for start in range(0, len(pcm), step):
        yield pcm[start : start + step]


def samples(pcm: bytes) -> NDArray[np.int16]:
    """The samples of `pcm`."""
    return np.frombuffer(pcm, dtype="<i2")


def level(pcm: bytes) -> float:
    """Root mean square of the samples, 0 to 32767."""
    values = samples(pcm).astype(np.float64)
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def seconds(pcm: bytes, rate: int) -> float:
    """How long `pcm` lasts, in s."""
    return len(pcm) / 2 / rate


def mixed(one: bytes, other: bytes) -> bytes:
    """Both at once, as long as the longer one."""
    length = max(len(samples(one)), len(samples(other)))
    both = [np.pad(samples(pcm), (0, length - len(samples(pcm)))).astype(np.int32) for pcm in (one, other)]
    heard: bytes = np.clip(both[0] + both[1], -32768, 32767).astype("<i2").tobytes()
    return heard


def write_wav(path: Path, channels: list[bytes], rate: int) -> None:
    """Write one channel a list entry, padded to the longest."""
    length = max(len(samples(channel)) for channel in channels)
    columns = [np.pad(samples(channel), (0, length - len(samples(channel)))) for channel in channels]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.column_stack(columns).astype("<i2").tobytes())
