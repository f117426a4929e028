"""The short sounds."""

import numpy as np
import pytest

from voice_coach.earcons import at_volume, sound_of
from voice_coach.ports import Earcon


@pytest.mark.parametrize("earcon", Earcon)
def test_an_earcon_is_short_soft_and_free_of_clicks(earcon: Earcon) -> None:
    sound = sound_of(earcon)
    samples = sound.samples.astype(int)
    assert 0.1 <= sound.seconds <= 0.5
    assert 4_000 < np.abs(samples).max() <= 0.25 * 32_768
    assert np.abs(samples[:10]).max() < 500 and np.abs(samples[-10:]).max() < 500
    assert np.abs(np.diff(samples)).max() < 2_500


def test_each_earcon_can_be_told_from_the_others_without_hearing_pitch() -> None:
    envelopes = {sound_of(earcon).samples.tobytes() for earcon in Earcon}
    lengths = {len(sound_of(earcon).samples) for earcon in Earcon}
    assert len(envelopes) == len(lengths) == len(Earcon)


def test_listening_rises_and_goodbye_falls() -> None:
    def pitches(earcon: Earcon) -> tuple[float, float]:
        sound = sound_of(earcon)
        third = len(sound.samples) // 3

        def pitch(part: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> float:
            return float(np.argmax(np.abs(np.fft.rfft(part))) * sound.sample_rate_hz / len(part))

        return pitch(sound.samples[:third]), pitch(sound.samples[-third:])

    first, last = pitches(Earcon.LISTENING)
    assert last > first * 1.2
    first, last = pitches(Earcon.GOODBYE)
    assert last < first / 1.2


def test_an_earcon_follows_the_volume() -> None:
    full, half = sound_of(Earcon.HEARD).samples, at_volume(sound_of(Earcon.HEARD), 0.5).samples
    assert np.abs(half.astype(int)).max() == pytest.approx(np.abs(full.astype(int)).max() / 2, abs=1)
    assert not at_volume(sound_of(Earcon.HEARD), -1).samples.any()
