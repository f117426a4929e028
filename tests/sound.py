"""How alike two sounds are, for tests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Match:
    likeness: float
    """1 when the expected sound is in what was heard, at whatever level; near 0 when it is not."""
    gain: float
    """How loud it is there, 1 being as it was made."""
    start: int
    """At which sample it begins."""


def find_sound(heard: NDArray[np.int16], expected: NDArray[np.int16]) -> Match:
    """Where `expected` is in `heard` (both at one rate), by cross-correlation."""
    long, short = heard.astype(float), expected.astype(float)
    if len(long) < len(short):
        long = np.pad(long, (0, len(short) - len(long)))
    size = 1 << (len(long) + len(short)).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)
    start = int(np.argmax(correlation[: len(long) - len(short) + 1]))
    there = long[start : start + len(short)]
    energy = float(short @ short)
    product = float(there @ short)
    return Match(product / np.sqrt(energy * float(there @ there) + 1), product / energy, start)


def tone(pitch_hz: float, seconds: float, rate_hz: int, peak: int = 8_000) -> NDArray[np.int16]:
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    return (peak * np.sin(2 * np.pi * pitch_hz * time)).astype(np.int16)
