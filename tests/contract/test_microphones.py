"""What every microphone promises: one set of tests for a recording and for a (virtual) sound card."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from tests.live.room import Room
from tests.sound import find_sound
from tests.speech import RATE_HZ, samples_of, say
from voice_coach.adapters.microphone import SoundDeviceMicrophone
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.errors import AudioError
from voice_coach.ports import CHUNK_SAMPLES, Microphone

WORDS = "that is too hard"


@contextlib.contextmanager
def microphone_hearing(
    kind: str, recording: Path, folder: Path, request: pytest.FixtureRequest
) -> Iterator[Microphone]:
    """An entered microphone of this kind into which `recording` is spoken."""
    if kind == "sound card":
        room: Room = request.getfixturevalue("room")
        with SoundDeviceMicrophone("kitchen") as live:
            speaking = room.start_saying(recording)
            yield live
            speaking.wait()
        return
    if kind == "stereo FLAC at 44.1 kHz":
        other = soxr.resample(soundfile.read(recording, dtype="float32")[0], RATE_HZ, 44_100)
        recording = folder / "stereo.flac"
        soundfile.write(recording, np.stack([other, other], axis=1), 44_100)
    with RecordingMicrophone(recording) as microphone:
        yield microphone


def read_for(microphone: Microphone, seconds: float) -> list[NDArray[np.int16]]:
    chunks = (microphone.read() for _ in range(int(seconds * 10)))
    return [chunk for chunk in chunks if chunk is not None]


kinds = pytest.mark.parametrize("kind", ["sound card", "recording", "stereo FLAC at 44.1 kHz"])


@kinds
def test_words_arrive_in_short_chunks_of_16_bit_samples_at_16_khz(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    words = samples_of(recording := say(WORDS, "flite:rms"))
    with microphone_hearing(kind, recording, tmp_path, request) as microphone:
        chunks = read_for(microphone, len(words) / RATE_HZ + 0.8)
    assert all(chunk.dtype == np.int16 and chunk.ndim == 1 for chunk in chunks)
    assert all(0 < len(chunk) <= CHUNK_SAMPLES for chunk in chunks)
    match = find_sound(np.concatenate(chunks), words)
    assert match.likeness > 0.98
    assert match.gain == pytest.approx(1, abs=0.05)


@kinds
def test_chunks_belong_to_whoever_reads_them(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with microphone_hearing(kind, say(WORDS, "flite:rms"), tmp_path, request) as microphone:
        chunks = read_for(microphone, 0.8)
        before = [chunk.copy() for chunk in chunks]
        read_for(microphone, 0.4)
    assert all(np.array_equal(chunk, copy) for chunk, copy in zip(chunks, before, strict=True))


@kinds
def test_a_microphone_can_be_entered_again(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with microphone_hearing(kind, say(WORDS, "flite:rms"), tmp_path, request) as microphone:
        read_for(microphone, 0.3)
    with microphone:
        assert len(read_for(microphone, 0.3)) == 3


def test_a_recording_ends_and_stays_ended() -> None:
    words = samples_of(recording := say(WORDS, "flite:rms"))
    with RecordingMicrophone(recording) as microphone:
        heard = read_for(microphone, 60)
        assert microphone.read() is None
    assert np.array_equal(np.concatenate(heard), words), "16 kHz mono int16 passes through unchanged"


def test_a_recording_waits_while_the_coach_speaks() -> None:
    words = samples_of(recording := say(WORDS, "flite:rms"))
    with RecordingMicrophone(recording) as microphone:
        first = read_for(microphone, 0.3)
        microphone.discard()
        rest = read_for(microphone, 60)
    assert np.array_equal(np.concatenate(first + rest), words)


@pytest.mark.parametrize("kind", ["sound card", "recording"])
def test_what_is_not_there_is_an_audio_error_with_a_remedy(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("room")
    microphone: Microphone = (
        SoundDeviceMicrophone("bathroom") if kind == "sound card" else RecordingMicrophone(tmp_path / "none.wav")
    )
    with pytest.raises(AudioError) as caught:
        microphone.__enter__()
    assert caught.value.remedy
