"""The coach with recordings instead of a microphone, and with a microphone on a virtual sound card."""

import signal
import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.program import Program, Ran, in_the, wait_for
from tests.live.room import RATE_HZ, Room
from tests.sound import find_sound
from tests.speech import samples_of, say
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.adapters.resampling import resampled
from voice_coach.adapters.synthesizer import Pyttsx3Synthesizer

MORNING = "2026-11-21T07:30:00+01:00"
ASKED, ANSWERED, DONE = "give me a tiny question", "walk around the block", "i drank a glass of water"


@pytest.fixture(scope="module")
def program_of_all(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Program:
    return Program(tmp_path_factory.mktemp("home"), cache)


@pytest.fixture(scope="module")
def conversation(program_of_all: Program) -> Ran:
    """Three recordings, the answers into one file."""
    inputs = [word for text in (ASKED, ANSWERED, DONE) for word in ("--input", say(text, "flite:slt"))]
    output = program_of_all.home / "out.wav"
    return program_of_all.run("run", "--json", "--no-wake", "--now", MORNING, *inputs, "--output", output).worked()


def test_recordings_are_heard_in_a_row_then_logged_then_answered(conversation: Ran) -> None:
    assert conversation.objects[0] == {"event": "listening", "at": MORNING}
    assert [event["text"] for event in conversation.events("heard")] == [ASKED, ANSWERED, DONE]
    assert "".join(event["event"][0] for event in conversation.objects) == "l" + "hls" * 3
    assert [event["intent"] for event in conversation.events("heard")] == ["AskQuestion", None, "LogDone"]
    assert conversation.err == ""


def test_what_was_said_is_in_the_journal_in_the_order_of_the_recordings(
    conversation: Ran, program_of_all: Program
) -> None:
    entries = [event["entry"] for event in conversation.events("logged")]
    kept = program_of_all.logged()
    assert [entry | {"undone": False} for entry in entries] == kept
    assert [(entry["kind"], entry["text"]) for entry in kept[1:]] == [
        ("answer", ANSWERED),
        ("done", "drank a glass of water"),
    ]


def test_time_goes_on_with_the_sound_that_is_heard_and_spoken(conversation: Ran, program_of_all: Program) -> None:
    times = [datetime.fromisoformat(event["at"]) for event in conversation.objects]
    assert all(before <= after for before, after in pairwise(times))
    heard = sum(soundfile.info(say(text, "flite:slt")).duration for text in (ASKED, ANSWERED, DONE))
    spoken = soundfile.info(program_of_all.home / "out.wav").duration
    last = datetime.fromisoformat(conversation.events("heard")[-1]["at"])
    passed = (last - datetime.fromisoformat(MORNING)) / timedelta(seconds=1)
    before_the_last_answer = 2 / 3 * spoken * 0.5  # at least the half of two of three answers
    assert before_the_last_answer < passed <= heard + spoken


def test_the_output_holds_everything_that_was_said_one_after_the_other(
    conversation: Ran, program_of_all: Program
) -> None:
    said = [event["text"] for event in conversation.events("said")]
    output, rate = soundfile.read(program_of_all.home / "out.wav", dtype="int16")
    synthesizer = Pyttsx3Synthesizer("en")
    try:
        speeches = [synthesizer.synthesize(text, rate=160) for text in said]
    finally:
        synthesizer.close()
    matches = [find_sound(output, resampled(speech.samples, speech.sample_rate_hz, rate)) for speech in speeches]
    assert all(match.likeness > 0.9 for match in matches)
    assert [match.start for match in matches] == sorted(match.start for match in matches)
    assert len(output) / rate == pytest.approx(sum(speech.seconds for speech in speeches), abs=0.1)


def test_a_recording_in_another_format_is_heard_the_same_and_without_output_nothing_is_spoken(
    program: Program,
) -> None:
    samples = samples_of(say(DONE, "flite:slt"))
    stereo = resampled(samples, RATE_HZ, 44_100)
    path = program.home / "stereo.flac"
    soundfile.write(path, np.stack([stereo, stereo], axis=1), 44_100)
    ran = program.run("run", "--now", MORNING, "--input", path).worked()
    lines = ran.out.splitlines()
    assert lines[:2] == [f"you: {DONE}", "logged: drank a glass of water"]
    assert lines[2].startswith("coach: ") and "drank a glass of water" in lines[2]
    assert ran.err.startswith("Listening.")
    assert list(program.home.glob("*.wav")) == []


def test_silence_is_no_utterance_and_after_a_question_no_input(program: Program) -> None:
    silence = program.home / "silence.wav"
    soundfile.write(silence, np.zeros(12 * RATE_HZ, np.int16), RATE_HZ)
    alone = program.run("run", "--json", "--input", silence).worked()
    assert [event["event"] for event in alone.objects] == ["listening"]
    asked = program.run(
        "run", "--json", "--now", MORNING, "--input", say(ASKED, "flite:slt"), "--input", silence
    ).worked()
    assert [event["verdict"] for event in asked.events("heard")] == ["accept", "no_input"]
    waited = datetime.fromisoformat(asked.events("heard")[1]["at"]) - datetime.fromisoformat(MORNING)
    assert 8 <= waited.total_seconds() < 12


def test_a_recording_that_cannot_be_read_ends_it_after_those_before_it(program: Program) -> None:
    missing = program.home / "missing.wav"
    ran = program.run("run", "--json", "--input", say(DONE, "flite:slt"), "--input", missing)
    assert f"{missing} does not exist." in ran.complaint()
    assert [entry["text"] for entry in program.logged()] == ["drank a glass of water"]
    assert "does not exist" in program.run("run", "--input", missing).complaint()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_in_the_middle_of_a_recording_loses_nothing_that_was_logged(
    program: Program, number: signal.Signals, status: int
) -> None:
    words = samples_of(say(DONE, "flite:slt"))
    hour = program.home / "hour.wav"
    pause = np.zeros(RATE_HZ, np.int16)
    talk = samples_of(say(ANSWERED, "flite:slt"))
    soundfile.write(hour, np.concatenate([words, pause, *([talk, pause] * 900)]), RATE_HZ)
    process = program.start("run", "--json", "--input", hour, "--output", program.home / "out.wav")
    with process:
        entry = wait_for(process, "logged")["entry"]
        wait_for(process, "heard")  # the next recording: what was said about the first is in the file
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err.strip()) == (status, "")
    assert entry["text"] == "drank a glass of water"
    assert program.logged()[0]["text"] == "drank a glass of water"
    with RecordingMicrophone(program.home / "out.wav") as written:
        assert written.read() is not None, "what was spoken can be played"


def test_ctrl_c_in_the_middle_of_a_spoken_sentence_ends_it_at_once(program: Program) -> None:
    with Room() as room:
        process = program.start("run", "--json", "--journal", program.journal, env=in_the(room))
        with process:
            wait_for(process, "listening")
            with room.listening() as speaker:
                room.say(say(ASKED, "flite:slt"))
                heard = wait_for(process, "heard")
                said = wait_for(process, "said")
                time.sleep(0.8)
                process.send_signal(signal.SIGINT)
                interrupted_at = time.monotonic()
                out, err = process.communicate(timeout=10)
            assert (process.returncode, out, err.strip()) == (130, "", "")
        assert time.monotonic() - interrupted_at < 5
        assert speaker.last_sound_at - interrupted_at < 0.5
        assert np.abs(speaker.samples).max() > 1_000, "it was speaking"
    assert heard["intent"] == "AskQuestion"
    assert [entry["text"] for entry in program.logged()] == [said["text"]]
