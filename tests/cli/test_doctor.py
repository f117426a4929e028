"""The doctor names what it finds, part by part, and never stops at the first that is broken."""

import signal
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.cli.program import Program, in_the, wait_for
from tests.live.room import RATE_HZ, Room
from tests.sound import find_sound
from tests.speech import samples_of, say
from voice_coach.adapters.resampling import resampled
from voice_coach.adapters.synthesizer import Pyttsx3Synthesizer

PARTS = ("Language pack", "Speech model:", "Language graph:", "Journal:", "Speech:", "Sound:", "Round trip:")


def test_on_a_machine_without_sound_all_that_is_needed_is_found_and_the_rest_is_told_once(program: Program) -> None:
    ran = program.run("doctor", "--speak").worked()
    lines = ran.out.splitlines()
    findings = [line for line in lines if not line.startswith("The findings cannot be said aloud")]
    assert len(lines) == len(findings) + 1
    assert [line.startswith(part) for line, part in zip(findings, PARTS, strict=True)] == [True] * len(PARTS)
    told = dict(zip(PARTS, findings, strict=True))
    assert "6 practices" in told["Language pack"]
    assert "no sentence means two things" in told["Language pack"]
    assert "is whole" in told["Speech model:"]
    assert f"none yet; the first entry will make {program.journal}" in told["Journal:"]
    assert "seconds of sound" in told["Speech:"]
    assert "neither a speaker nor a microphone" in told["Sound:"] and "voice-coach chat" in told["Sound:"]
    assert "was spoken, heard and understood" in told["Round trip:"]
    assert ran.err == ""
    assert not program.journal.exists()


def test_a_running_coach_keeps_its_journal_and_the_doctor_names_it(program: Program) -> None:
    with program.start("chat", "--json") as coach:
        assert coach.stdin is not None
        coach.stdin.write("i drank a glass of water\n")
        coach.stdin.flush()
        wait_for(coach, "said")
        out = program.run("doctor", *without_hearing(program)).out
        assert f"Journal: 1 entry in {program.journal}; a running coach has it open (process {coach.pid}, since" in out
        coach.stdin.write("i did two push ups\n")
        coach.stdin.close()
        assert coach.wait(10) == 0
    assert [entry["text"] for entry in program.logged()] == ["drank a glass of water", "two push ups"]


def test_however_much_is_broken_each_thing_is_told_once_with_what_to_do(
    program: Program, broken_libraries: Path
) -> None:
    notes = program.home / "notes.txt"
    notes.write_text("Buy milk. " * 500)
    model = program.home / "nowhere"
    env = {"LD_LIBRARY_PATH": str(broken_libraries)}
    ran = program.run("doctor", "--speak", "--journal", notes, "--model", model, env=env)
    assert ran.status == 1
    assert ran.err == ""
    for problem, remedy in (
        (f"There is no speech model at {model}", "leave it out to use the stock model"),
        (f"{notes} is not a journal", "--journal"),
        ("libespeak-ng is not installed", "sudo apt install espeak-ng"),
        ("PortAudio library", "sudo apt install libportaudio2"),
    ):
        (line,) = [line for line in ran.out.splitlines() if problem in line and "said aloud" not in line]
        assert remedy in line
    assert "Language pack English" in ran.out
    assert notes.read_text() == "Buy milk. " * 500


def test_a_journal_that_could_not_be_written_is_a_problem(program: Program) -> None:
    program.chat("i drank a glass of water")
    program.journal.chmod(0o400)
    ran = program.run("doctor", *without_hearing(program))
    assert ran.status == 1
    assert f"The journal {program.journal} cannot be written" in ran.out


def test_with_sound_it_names_the_devices_measures_the_level_and_speaks(program: Program) -> None:
    program.chat("i drank a glass of water")
    words = program.home / "talk.wav"
    soundfile.write(words, np.tile(samples_of(say("give me a tiny question", "flite:rms")), 30), RATE_HZ)
    with Room() as room:
        talking = room.start_saying(words)
        ran = program.run("doctor", "--journal", program.journal, env=in_the(room)).worked()
        talking.kill()
        talking.wait()
        with room.listening() as speaker, program.start("doctor", "--speak", env=in_the(room)) as doctor:
            assert doctor.stdout is not None
            findings = [
                doctor.stdout.readline(),
                doctor.stdout.readline(),
            ]  # the first was said when the second is told
            doctor.send_signal(signal.SIGINT)
            assert doctor.wait(10) == 130
    found = dict(line.split(": ", 1) for line in ran.out.splitlines())
    assert found["Journal"] == f"1 entry in {program.journal}, ready for more."
    assert found["Speaker"] == "default."
    assert found["Microphone"].endswith("decibels of full scale: fine.")
    assert findings[0].startswith("Language pack") and findings[1].startswith("Speech model")
    assert find_sound(speaker.samples, spoken(findings[0])).likeness > 0.9


def without_hearing(program: Program) -> tuple[str | Path, ...]:
    """Makes the examination short: neither intents nor model are there to be looked at."""
    config = program.home / "short.toml"
    config.write_text('[coach]\nlanguage = "xx"\n')
    return "--config", config, "--model", program.home / "nowhere"


def spoken(text: str) -> NDArray[np.int16]:
    """As the coach says it."""
    synthesizer = Pyttsx3Synthesizer("en")
    try:
        speech = synthesizer.synthesize(text, rate=160)
    finally:
        synthesizer.close()
    return resampled(speech.samples, speech.sample_rate_hz, RATE_HZ)
