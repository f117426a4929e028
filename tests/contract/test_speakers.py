"""What every speaker promises: one set of tests for a WAV file and for a (virtual) sound card."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from tests.sound import find_sound, tone
from tests.speech import RATE_HZ, samples_of, say
from voice_coach.adapters.speaker import SoundDeviceSpeaker, WavSpeaker
from voice_coach.ports import Speaker, Speech


class Heard:
    """What came out, at 16 kHz; known when the block of `speaker_of` is left."""

    samples: NDArray[np.int16]


@contextlib.contextmanager
def speaker_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Speaker, Heard]]:
    heard = Heard()
    if kind == "sound card":
        live = SoundDeviceSpeaker() if (room := request.getfixturevalue("room")) else None
        assert live is not None
        with room.listening() as listener:
            yield live, heard
        live.close()
        heard.samples = listener.samples
        return
    speaker = WavSpeaker(folder / "coach.wav")
    yield speaker, heard
    speaker.close()
    import soundfile

    samples, rate = soundfile.read(folder / "coach.wav", dtype="float32")
    heard.samples = (soxr.resample(samples, rate, RATE_HZ) * 32_768).clip(-32_768, 32_767).astype(np.int16)


def spoken(text: str, rate_hz: int) -> tuple[Speech, NDArray[np.int16]]:
    """The speech at this rate, and the same at 16 kHz."""
    words = samples_of(say(text, "flite:slt"))
    other: Any = soxr.resample(words.astype(np.float32) / 32_768, RATE_HZ, rate_hz)
    return Speech((other * 32_768).clip(-32_768, 32_767).astype(np.int16), rate_hz), words


kinds = pytest.mark.parametrize("kind", ["sound card", "WAV file"])


@kinds
def test_one_thing_after_another_is_heard_whole_whatever_its_rate(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    first, first_words = spoken("Noted", 16_000)
    second, second_words = spoken("Good morning", 22_050)
    with speaker_of(kind, tmp_path, request) as (speaker, heard):
        speaker.play(first)
        speaker.play(second)
    one, two = find_sound(heard.samples, first_words), find_sound(heard.samples, second_words)
    assert min(one.likeness, two.likeness) > 0.98
    assert one.gain == pytest.approx(1, abs=0.05)
    assert one.start + len(first_words) <= two.start + 160  # ten milliseconds for what resampling rounds


@kinds
def test_the_loudest_samples_do_not_wrap_around(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    loud = tone(440, 0.3, RATE_HZ, peak=32_767)
    with speaker_of(kind, tmp_path, request) as (speaker, heard):
        speaker.play(Speech(loud, RATE_HZ))
    assert find_sound(heard.samples, loud).likeness > 0.98


@kinds
def test_no_sound_at_all_is_played_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with speaker_of(kind, tmp_path, request) as (speaker, heard):
        speaker.play(Speech(np.zeros(0, np.int16), 22_050))
    assert not heard.samples.any()


@kinds
def test_stopping_when_nothing_is_played_and_closing_twice_do_no_harm(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with speaker_of(kind, tmp_path, request) as (speaker, heard):
        speaker.stop()
        speaker.play(Speech(tone(440, 0.2, RATE_HZ), RATE_HZ))
        speaker.stop()
        speaker.close()
    speaker.close()
    assert np.abs(heard.samples).max() > 4_000, "a stop before cuts nothing that comes after"
