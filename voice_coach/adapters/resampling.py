"""Sound of any rate and any number of channels becomes what hearing and the speaker want."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice_coach.ports import CHUNK_SAMPLES, SAMPLE_RATE_HZ, Samples

Floats = NDArray[np.float32]
FULL_SCALE = 32_768


def one_channel(block: NDArray[Any]) -> Floats:
    """The mean of all channels, -1 to 1. `block` is int16 or float, of shape (frames,) or (frames, channels)."""
    scale = FULL_SCALE if block.dtype == np.int16 else 1
    mono = block if block.ndim == 1 else block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float64)
    return np.asarray(mono, dtype=np.float32) / np.float32(scale)


def to_int16(samples: Floats) -> Samples:
    """-1 to 1 becomes int16; what is louder is cut off, and what is not a number is silence."""
    scaled = np.rint(np.nan_to_num(samples, posinf=1, neginf=-1) * np.float32(FULL_SCALE))
    whole: Samples = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return whole


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """A whole sound at another rate."""
    if from_hz == to_hz or not len(samples):
        return samples
    import soxr

    return to_int16(soxr.resample(one_channel(samples), from_hz, to_hz))


class Chunker:
    """Blocks of any length, rate and number of channels go in; chunks of CHUNK_SAMPLES at 16 kHz come out."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._resampler: Any = None
        self.clear()

    def clear(self) -> None:
        """Forget everything taken in so far."""
        self._parts: list[Samples] = []
        self._waiting = 0
        if self._rate != SAMPLE_RATE_HZ:
            import soxr

            self._resampler = soxr.ResampleStream(self._rate, SAMPLE_RATE_HZ, 1, dtype="float32")

    def add(self, block: NDArray[Any], *, last: bool = False) -> None:
        """Take in the next block; after the `last` one, which may be empty, nothing is held back."""
        mono = one_channel(block)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono, last=last)
        if len(mono):
            self._parts.append(to_int16(mono))
            self._waiting += len(mono)

    def take(self, *, rest: bool = False) -> Samples | None:
        """The next full chunk; with `rest`, also a shorter one. None when there is not enough."""
        if self._waiting < CHUNK_SAMPLES and not (rest and self._waiting):
            return None
        waiting = np.concatenate(self._parts)
        chunk = waiting[:CHUNK_SAMPLES]
        self._parts = [waiting[CHUNK_SAMPLES:]]
        self._waiting -= len(chunk)
        return chunk
