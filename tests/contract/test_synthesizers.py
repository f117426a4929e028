"""Words to sound, with the real engine in its own process."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voice_coach.adapters.speaker import WavSpeaker
from voice_coach.adapters.spoken import SpokenMouth
from voice_coach.adapters.synthesizer import Pyttsx3Synthesizer, Voice, choose_voice
from voice_coach.earcons import sound_of
from voice_coach.errors import SpeechError
from voice_coach.ports import Earcon, Speech

TEXT = "Here is a small question. What could you do today that takes less than a minute?"


@pytest.fixture
def synthesizer() -> Iterator[Pyttsx3Synthesizer]:
    synthesizer = Pyttsx3Synthesizer(patience_seconds=2)
    yield synthesizer
    synthesizer.close()


def worker_of(synthesizer: Pyttsx3Synthesizer) -> int:
    pid = synthesizer.process_id
    assert pid is not None and is_running(pid)
    return pid


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_words_become_sound_without_silence_around_it(synthesizer: Pyttsx3Synthesizer) -> None:
    speech = synthesizer.synthesize(TEXT)
    assert 3 < speech.seconds < 7
    assert speech.samples.dtype == np.int16
    loud = np.flatnonzero(np.abs(speech.samples.astype(int)) > 300) / speech.sample_rate_hz
    assert loud[0] < 0.1
    assert speech.seconds - loud[-1] < 0.15


def test_each_of_many_sentences_comes_out_whole(synthesizer: Pyttsx3Synthesizer) -> None:
    lengths = [synthesizer.synthesize(TEXT).seconds for _ in range(20)]
    assert max(lengths) - min(lengths) < 0.1
    assert synthesizer.synthesize("Noted.").seconds < 1, "the sentence before is not said again"


def test_each_sentence_has_the_rate_that_was_asked_for(synthesizer: Pyttsx3Synthesizer) -> None:
    slow, fast = (synthesizer.synthesize("Noted. What else?", rate=rate).seconds for rate in (120, 400))
    for _ in range(20):
        assert synthesizer.synthesize("Noted. What else?", rate=120).seconds == pytest.approx(slow, abs=0.05)
        assert synthesizer.synthesize("Noted. What else?", rate=400).seconds == pytest.approx(fast, abs=0.05)


def test_a_higher_rate_is_shorter_and_a_lower_volume_is_proportionally_softer(synthesizer: Pyttsx3Synthesizer) -> None:
    slow, fast = (synthesizer.synthesize(TEXT, rate=rate).seconds for rate in (120, 400))
    assert slow > 2 * fast

    def loudness(speech: Speech) -> float:
        return float(np.sqrt(np.mean(speech.samples.astype(float) ** 2)))

    full, half = (loudness(synthesizer.synthesize(TEXT, volume=volume)) for volume in (1.0, 0.5))
    assert half / full == pytest.approx(0.5, abs=0.05)
    assert not synthesizer.synthesize(TEXT, volume=0.0).samples.any()


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_text_without_a_word_is_no_sound(synthesizer: Pyttsx3Synthesizer, text: str) -> None:
    assert synthesizer.synthesize(text).seconds == 0


@pytest.mark.parametrize(
    "text", ["a <b> & c", "null\0byte", "half \ud83d pair", "né 水 🙂", "-v de", "one\ntwo\tthree"]
)
def test_odd_text_is_spoken_or_passed_over(synthesizer: Pyttsx3Synthesizer, text: str) -> None:
    assert synthesizer.synthesize(text).samples.any()


def test_a_text_of_ten_thousand_characters_is_spoken_and_a_longer_one_refused(synthesizer: Pyttsx3Synthesizer) -> None:
    assert synthesizer.synthesize("so be it " * 1_000, rate=400).seconds > 200
    with pytest.raises(SpeechError, match="too long"):
        synthesizer.synthesize("so be it " * 1_200)


def test_the_voice_is_that_of_the_language_or_the_one_that_is_named(synthesizer: Pyttsx3Synthesizer) -> None:
    american = synthesizer.synthesize(TEXT)
    scottish = synthesizer.synthesize(TEXT, voice="Scotland")
    assert american.samples.shape != scottish.samples.shape
    voices = synthesizer.voices()
    assert choose_voice(voices, "", "en-us") == "gmw/en-us"
    assert choose_voice(voices, "", "en") == "gmw/en-us"
    assert choose_voice(voices, "", "en-GB") == "gmw/en"
    assert choose_voice(voices, "", "de") == "gmw/de"
    assert choose_voice(voices, "english (america)", "en-us") == "gmw/en-us"
    assert choose_voice(voices, "scotland", "en-us") == "gmw/en-gb-scotland"
    assert choose_voice([Voice("x", "X", ())], "", "en-us") == ""


def test_an_unknown_voice_is_refused_with_those_there_are(synthesizer: Pyttsx3Synthesizer) -> None:
    with pytest.raises(SpeechError, match='There is no voice called "Hal 9000"') as caught:
        synthesizer.synthesize(TEXT, voice="Hal 9000")
    assert "English (America)" in caught.value.remedy
    assert synthesizer.synthesize(TEXT).samples.any()


def test_a_worker_that_was_killed_is_replaced_unnoticed(synthesizer: Pyttsx3Synthesizer) -> None:
    synthesizer.synthesize("One.")
    os.kill(worker_of(synthesizer), signal.SIGKILL)
    assert synthesizer.synthesize("Two.").samples.any()


def test_a_worker_that_hangs_is_killed_in_time_and_replaced(synthesizer: Pyttsx3Synthesizer) -> None:
    synthesizer.synthesize("One.")
    os.kill(hanging := worker_of(synthesizer), signal.SIGSTOP)
    began = time.monotonic()
    assert synthesizer.synthesize("Two.").samples.any()
    assert time.monotonic() - began < 4
    assert not is_running(hanging)


def test_a_disk_without_room_is_told_after_the_second_try() -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limit[1]))  # the worker inherits it: no file may grow beyond
    try:
        synthesizer = Pyttsx3Synthesizer(patience_seconds=2)
        with pytest.raises(SpeechError, match="not even at the second try: .*File too large") as caught:
            synthesizer.synthesize(TEXT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        synthesizer.close()
    assert caught.value.remedy


def test_a_missing_engine_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("libespeak-ng.so.1", "libespeak.so.1"):
        (tmp_path / name).write_bytes(b"")  # the loader finds these first, and nothing in them
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    synthesizer = Pyttsx3Synthesizer()
    try:
        with pytest.raises(SpeechError, match="libespeak-ng is not installed") as caught:
            synthesizer.synthesize(TEXT)
    finally:
        synthesizer.close()
    assert "sudo apt install espeak-ng" in caught.value.remedy


def test_closing_leaves_no_process_and_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    synthesizer = Pyttsx3Synthesizer()
    synthesizer.synthesize("One.")
    worker = worker_of(synthesizer)
    assert list(tmp_path.iterdir())
    synthesizer.close()
    synthesizer.close()
    assert not Path(f"/proc/{worker}").exists(), "not even a zombie"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_worker_goes_with_a_parent_that_is_killed(tmp_path: Path, end: signal.Signals) -> None:
    code = (
        "import time; from voice_coach.adapters.synthesizer import Pyttsx3Synthesizer;"
        "s = Pyttsx3Synthesizer(); s.synthesize('One.'); print(s.process_id, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(end)
        parent.wait()
    deadline = time.monotonic() + 5
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker)
    assert not list(tmp_path.iterdir())


def test_neither_ctrl_c_nor_sigterm_ends_the_worker_before_the_coach(synthesizer: Pyttsx3Synthesizer) -> None:
    synthesizer.synthesize("One.")
    worker = worker_of(synthesizer)
    os.kill(worker, signal.SIGINT)
    os.kill(worker, signal.SIGTERM)
    assert synthesizer.synthesize("Goodbye.").samples.any()
    assert worker_of(synthesizer) == worker


def test_requests_from_two_threads_get_their_own_answers(synthesizer: Pyttsx3Synthesizer) -> None:
    long, short = synthesizer.synthesize(TEXT).seconds, synthesizer.synthesize("Noted.").seconds
    results: dict[str, list[float]] = {TEXT: [], "Noted.": []}

    def ask(text: str) -> None:
        results[text] += [synthesizer.synthesize(text).seconds for _ in range(10)]

    threads = [threading.Thread(target=ask, args=(text,)) for text in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[TEXT] == pytest.approx([long] * 10, abs=0.1)
    assert results["Noted."] == pytest.approx([short] * 10, abs=0.1)


def test_nothing_is_printed_by_the_engine(capfd: pytest.CaptureFixture[str], synthesizer: Pyttsx3Synthesizer) -> None:
    synthesizer.synthesize(TEXT)
    assert capfd.readouterr() == ("", "")


def test_a_spoken_mouth_counts_the_seconds_that_it_played(tmp_path: Path, synthesizer: Pyttsx3Synthesizer) -> None:
    speaker = WavSpeaker(tmp_path / "coach.wav")
    mouth = SpokenMouth(synthesizer, speaker, rate=170)
    mouth.say("Good morning.")
    slow = mouth.seconds_spoken
    mouth.tune(rate=300, volume=0.0)
    mouth.say("Good morning.")
    assert mouth.seconds_spoken - slow < 0.8 * slow
    assert speaker.seconds_written == pytest.approx(mouth.seconds_spoken, abs=0.01)
    speaker.close()
    with wave.open(str(tmp_path / "coach.wav"), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    quiet_from = round(slow * 22_050)
    assert samples[:quiet_from].any()
    assert not samples[quiet_from:].any()


@pytest.mark.parametrize(("wanted", "sounds"), [(True, 1), (False, 0)])
def test_a_spoken_mouth_plays_earcons_only_for_those_who_want_them(
    tmp_path: Path, synthesizer: Pyttsx3Synthesizer, wanted: bool, sounds: int
) -> None:
    speaker = WavSpeaker(tmp_path / "coach.wav")
    mouth = SpokenMouth(synthesizer, speaker, earcons=wanted)
    mouth.chime(Earcon.HEARD)
    assert speaker.seconds_written == pytest.approx(sounds * sound_of(Earcon.HEARD).seconds, abs=0.01)
    assert mouth.seconds_spoken == pytest.approx(speaker.seconds_written, abs=0.01)
    speaker.close()
