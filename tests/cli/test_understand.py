"""What the engine makes of recordings and of typed lines, with the coach's intents and with anybody's own."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.program import Program, Ran
from tests.speech import RATE_HZ, samples_of, say
from voice_coach.adapters.resampling import resampled

KEYS = ("file", "intent", "slots", "text", "confidence", "verdict", "audio_seconds", "cpu_seconds")
DEED = "i drank a glass of water"
DRINKS = """language: en
intents:
  Order:
    data:
      - sentences:
          - "(make|bring) me {amount} <cups> of {drink}"
  Clean:
    data:
      - sentences: ["clean the frobnicator"]
lists:
  amount:
    values: ["one", "two", "three"]
  drink:
    values: ["tea", {in: "black coffee", out: "coffee"}]
expansion_rules:
  cups: "(cup|cups)"
"""


def write(path: Path, samples: np.ndarray, rate: int, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files that hold the same words in many formats, and files that hold none."""
    folder = tmp_path_factory.mktemp("recordings")
    spoken = say(DEED, "flite:slt")
    words = samples_of(spoken)
    fine = resampled(words, RATE_HZ, 44_100)
    found = {
        "plain": spoken,
        "stereo": write(folder / "stereo.wav", np.stack([fine, fine], axis=1), 44_100),
        "eight_bits": write(folder / "eight_bits.wav", words, RATE_HZ, "PCM_U8"),
        "flac": write(folder / "words.flac", resampled(words, RATE_HZ, 48_000), 48_000, "PCM_24"),
        "silence": write(folder / "silence.wav", np.zeros(3 * RATE_HZ, np.int16), RATE_HZ),
        "no_samples": write(folder / "no_samples.wav", np.zeros(0, np.int16), RATE_HZ),
        "missing": folder / "missing.wav",
        "folder": folder,
    }
    for name, content in (("empty", b""), ("text", b"I drank a glass of water.\n" * 50), ("cut", b"RIFF\x24\x08")):
        found[name] = folder / f"{name}.wav"
        found[name].write_bytes(content)
    return found


@pytest.fixture(scope="module")
def understood(recordings: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Ran:
    """All of them in one call, the broken ones between the others."""
    program = Program(tmp_path_factory.mktemp("home"), cache)
    order = (
        "missing",
        "plain",
        "text",
        "stereo",
        "empty",
        "eight_bits",
        "folder",
        "no_samples",
        "flac",
        "cut",
        "silence",
    )
    return program.run("understand", "--json", *(recordings[name] for name in order))


def test_a_file_that_cannot_be_read_does_not_stop_the_others(understood: Ran, recordings: dict[str, Path]) -> None:
    assert understood.status == 1
    answered = [result["file"] for result in understood.objects]
    assert answered == [str(recordings[name]) for name in ("plain", "stereo", "eight_bits", "flac", "silence")]


def test_each_broken_file_gets_a_sentence_that_names_it_and_what_to_do(
    understood: Ran, recordings: dict[str, Path]
) -> None:
    complaints = understood.err.split("voice-coach: ")[1:]
    broken = ("missing", "text", "empty", "folder", "no_samples", "cut")
    reasons = (
        "does not exist",
        "is not a recording",
        "is empty",
        "is a folder",
        "has no sound in it",
        "not a recording",
    )
    assert len(complaints) == len(broken)
    for complaint, name, reason in zip(complaints, broken, reasons, strict=True):
        assert complaint.startswith(str(recordings[name]))
        assert reason in complaint
        assert len(complaint.splitlines()) == 2


def test_the_same_words_are_heard_in_every_format(understood: Ran) -> None:
    for result in understood.objects[:4]:
        assert tuple(result) == KEYS
        assert result["text"] == DEED
        assert (result["intent"], result["verdict"]) == ("LogDone", "accept")
        assert result["slots"] == {"what": "drank a glass of water", "quantity": "a", "unit": "glass"}
        assert 0 < result["confidence"] <= 1
        assert 1 < result["audio_seconds"] < 4
        assert 0 < result["cpu_seconds"] < 10


def test_silence_is_no_input(understood: Ran) -> None:
    silence = understood.objects[-1]
    assert (silence["text"], silence["intent"], silence["slots"], silence["verdict"]) == ("", None, {}, "no_input")


def test_the_coach_hears_the_same_intent_and_slots(
    understood: Ran, recordings: dict[str, Path], program: Program
) -> None:
    (heard,) = program.run("run", "--json", "--input", recordings["plain"]).worked().events("heard")
    same = ("text", "intent", "slots", "verdict", "confidence")
    result = understood.objects[0]
    assert {key: heard[key] for key in same} == {key: result[key] for key in same}


def test_lines_are_understood_like_recordings_and_explained_without_getting_between_the_objects(bare: Program) -> None:
    lines = "i drank a glass of water\nplease repeat taht\nthe moon is made of cheese\n\n"
    ran = bare.run("understand", "--text", "--json", "--explain", text=lines).worked()
    verdicts = [(result["file"], result["intent"], result["verdict"]) for result in ran.objects]
    assert verdicts == [
        (None, "LogDone", "accept"),
        (None, "Repeat", "confirm"),
        (None, None, "no_match"),
        (None, None, "no_input"),
    ]
    assert all(tuple(result) == KEYS for result in ran.objects)
    for part in ("exact: LogDone", "near: Repeat, closeness 0.", "intents/en/"):
        assert part in ran.err
    assert not bare.journal.exists()


def test_somebody_s_own_intents_are_all_there_is_in_text_and_in_speech(program: Program) -> None:
    folder = program.home / "kitchen"
    folder.mkdir()
    (folder / "drinks.yaml").write_text(DRINKS)
    order = "bring me two cups of black coffee"
    ran = program.run("understand", "--intents", folder, "--json", say(order, "flite:slt"), say(DEED, "flite:slt"))
    spoken, other = ran.worked().objects
    slots = {"amount": "two", "drink": "coffee"}
    assert (spoken["intent"], spoken["slots"], spoken["verdict"]) == ("Order", slots, "accept")
    assert (other["intent"], other["verdict"]) == (None, "no_match")
    assert "drinks.yaml, line 9" in ran.err and "does not know the word “frobnicator”" in ran.err
    typed = program.run("understand", "--intents", folder, "--text", text=f"{order}\n{DEED}\nclean the frobnicator\n")
    assert typed.worked().out.splitlines() == [
        f"“{order}” is Order (amount: two, drink: coffee)",
        f"“{DEED}” is not understood",
        "“clean the frobnicator” is Clean",
    ]
