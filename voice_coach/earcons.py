"""Short sounds with a meaning, made of a few soft notes."""

from functools import cache

import numpy as np

from voice_coach.ports import Earcon, Speech

SAMPLE_RATE_HZ = 22_050
_PEAK = 0.25
_ATTACK_SECONDS = 0.012  # shorter is heard as a click
_RELEASE_SECONDS = 0.05


_NOTES: dict[Earcon, tuple[tuple[float, float], ...]] = {  # (pitch in Hz, seconds)
    Earcon.LISTENING: ((523.25, 0.09), (783.99, 0.15)),
    Earcon.HEARD: ((659.26, 0.12),),
    Earcon.NOT_UNDERSTOOD: ((293.66, 0.13), (293.66, 0.17)),
    Earcon.GOODBYE: ((783.99, 0.11), (659.26, 0.11), (523.25, 0.24)),
}


@cache
def sound_of(earcon: Earcon) -> Speech:
    """The sound, 0.1 to 0.5 seconds long; it begins and ends in silence."""
    notes = np.concatenate([_note(pitch, seconds) for pitch, seconds in _NOTES[earcon]])
    samples = (notes / np.abs(notes).max() * _PEAK * 32_767).astype(np.int16)
    samples.flags.writeable = False
    return Speech(samples, SAMPLE_RATE_HZ)


def at_volume(speech: Speech, volume: float) -> Speech:
    """The same sound, softer; `volume` 0 to 1."""
    return Speech((speech.samples * min(max(volume, 0.0), 1.0)).astype(np.int16), speech.sample_rate_hz)


def _note(pitch_hz: float, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    time = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * pitch_hz * time) + 0.2 * np.sin(4 * np.pi * pitch_hz * time)
    rise = np.minimum(time / _ATTACK_SECONDS, 1)
    fall = np.minimum((seconds - time) / _RELEASE_SECONDS, 1)
    return np.asarray(tone * np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2), dtype=np.float64)
