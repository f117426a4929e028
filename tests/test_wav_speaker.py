"""The speaker that writes a WAV file."""

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.sound import tone
from voice_coach.adapters.speaker import WavSpeaker
from voice_coach.errors import AudioError
from voice_coach.ports import Speech


def seconds_in(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return len(file.readframes(file.getnframes())) / 2 / file.getframerate()


def test_the_file_is_a_whole_wav_after_each_utterance_without_being_closed(tmp_path: Path) -> None:
    path = tmp_path / "coach.wav"
    speaker = WavSpeaker(path)
    assert seconds_in(path) == 0
    for count in (1, 2, 3):
        speaker.play(Speech(tone(440, 0.5, 16_000), 16_000))
        assert seconds_in(path) == pytest.approx(count * 0.5, abs=0.001)
        assert path.stat().st_size == 44 + 2 * round(speaker.seconds_written * 22_050)
    assert speaker.seconds_written == pytest.approx(1.5, abs=0.001)
    speaker.close()


def test_a_file_that_was_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "coach.wav"
    path.write_bytes(b"x" * 100_000)
    WavSpeaker(path).close()
    assert path.stat().st_size == 44


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nowhere/coach.wav cannot be written: No such file or directory"):
        WavSpeaker(tmp_path / "nowhere" / "coach.wav")


def test_a_full_disk_is_an_error_with_its_reason() -> None:
    with pytest.raises(AudioError, match="No space left on device"):
        WavSpeaker("/dev/full")


def test_playing_after_closing_is_an_error(tmp_path: Path) -> None:
    speaker = WavSpeaker(tmp_path / "coach.wav")
    speaker.close()
    with pytest.raises(AudioError, match="closed already"):
        speaker.play(Speech(np.ones(10, np.int16), 22_050))
