"""Recordings of every kind, and files that are none."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.sound import find_sound, tone
from tests.speech import RATE_HZ, samples_of, say
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.adapters.resampling import Chunker
from voice_coach.errors import AudioError
from voice_coach.ports import CHUNK_SAMPLES, SAMPLE_RATE_HZ, chunks_of

WORDS = "what did i do today"


def heard_in(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    with RecordingMicrophone(path) as microphone:
        return np.concatenate(list(chunks_of(microphone)))


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype", "likeness"),
    [
        ("plain.wav", 16_000, 1, "PCM_16", 0.999),
        ("stereo.wav", 44_100, 2, "PCM_16", 0.999),
        ("eight_bit.wav", 16_000, 1, "PCM_U8", 0.98),
        ("telephone.wav", 8_000, 1, "ULAW", 0.9),
        ("float.wav", 48_000, 1, "FLOAT", 0.999),
        ("studio.flac", 96_000, 2, "PCM_24", 0.999),
        ("phone.ogg", 48_000, 2, "VORBIS", 0.98),
        ("six_channels.wav", 48_000, 6, "PCM_16", 0.999),
    ],
)
def test_a_recording_of_any_kind_is_heard_as_16_khz_mono(
    tmp_path: Path, name: str, rate: int, channels: int, subtype: str, likeness: float
) -> None:
    words = samples_of(recording := say(WORDS, "flite:slt"))
    other = soxr.resample(soundfile.read(recording, dtype="float32")[0], RATE_HZ, rate)
    soundfile.write(tmp_path / name, np.stack([other] * channels, axis=1), rate, subtype=subtype)
    heard = heard_in(tmp_path / name)
    assert len(heard) == pytest.approx(len(words), abs=32)
    match = find_sound(heard, words)
    assert match.likeness > likeness
    assert match.gain == pytest.approx(1, abs=0.05)
    assert match.start < 32


def test_channels_are_averaged_and_do_not_clip(tmp_path: Path) -> None:
    loud, silent = np.full(1_600, 32_000, np.int16), np.zeros(1_600, np.int16)
    soundfile.write(tmp_path / "both.wav", np.stack([loud, loud], axis=1), 16_000)
    soundfile.write(tmp_path / "one.wav", np.stack([loud, silent], axis=1), 16_000)
    assert set(heard_in(tmp_path / "both.wav")) == {32_000}
    assert set(heard_in(tmp_path / "one.wav")) == {16_000}


def test_what_is_not_a_number_or_too_loud_in_a_float_file_does_no_harm(tmp_path: Path) -> None:
    soundfile.write(
        tmp_path / "odd.wav", np.array([np.nan, np.inf, -np.inf, 3, -3, 0.5], np.float32), 16_000, subtype="FLOAT"
    )
    assert list(heard_in(tmp_path / "odd.wav")) == [0, 32_767, -32_768, 32_767, -32_768, 16_384]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("text.wav", b"Dear diary, today I drank a glass of water.\n" * 40, "is not a recording that can be read"),
        ("empty.wav", b"", "is empty"),
        ("sound.raw", b"\1\2" * 1_000, "is not a recording that can be read"),
        ("cut.wav", b"RIFF\x24\0\0\0WAVEfmt ", "is not a recording that can be read"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        RecordingMicrophone(path).__enter__()
    assert caught.value.what == f"{path} {complaint}."
    assert "WAV" in caught.value.remedy


def test_a_recording_without_a_sample_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "header_only.wav", np.zeros(0, np.int16), 16_000)
    with pytest.raises(AudioError, match="has no sound in it"):
        heard_in(tmp_path / "header_only.wav")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none.wav does not exist\."):
        heard_in(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a folder, not a recording"):
        heard_in(tmp_path)


def test_a_long_recording_is_not_loaded_whole(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 44_100, 1, "PCM_16") as file:
        for _ in range(3):
            file.write(np.zeros(44_100 * 60, np.int16))
    with RecordingMicrophone(tmp_path / "long.wav") as microphone:
        microphone.read()
        tracemalloc.start()
        samples = sum(len(chunk) for chunk in chunks_of(microphone))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert samples == pytest.approx(180 * SAMPLE_RATE_HZ - CHUNK_SAMPLES, abs=32)
    assert peak < 1_000_000


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("block", [64, 441, 4_410])
def test_resampling_in_blocks_gives_what_resampling_at_once_gives(rate: int, block: int) -> None:
    sound = tone(440, 1.0, rate)
    chunker = Chunker(rate)
    chunks = []
    for start in range(0, len(sound), block):
        chunker.add(sound[start : start + block])
        while (chunk := chunker.take()) is not None:
            chunks.append(chunk)
    chunker.add(sound[:0], last=True)
    while (chunk := chunker.take(rest=True)) is not None:
        chunks.append(chunk)
    expected = soxr.resample(sound.astype(np.float32), rate, SAMPLE_RATE_HZ)
    got = np.concatenate(chunks)
    assert len(got) == pytest.approx(SAMPLE_RATE_HZ, abs=2)
    length = min(len(got), len(expected))
    assert np.abs(got[:length] - expected[:length]).max() < 10


def test_what_was_forgotten_does_not_ring_on(tmp_path: Path) -> None:
    chunker = Chunker(44_100)
    chunker.add(tone(440, 0.35, 44_100, peak=30_000))
    chunker.clear()
    chunker.add(np.zeros(44_100, np.int16))
    chunk = chunker.take()
    assert chunk is not None
    assert not chunk.any()
