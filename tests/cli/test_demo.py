"""The rehearsed conversation: heard by the real recognizer, word for word what the script says."""

from pathlib import Path

import pytest
import soundfile

from tests.cli.program import Program, Ran
from voice_coach import assembly
from voice_coach.demo import read_script
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Utterance
from voice_coach.loop import heard
from voice_coach.packs import pack_folder, read_pack

SCRIPT = read_script(read_pack(pack_folder("en")))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage") / "new"


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Program:
    return Program(tmp_path_factory.mktemp("home"), cache)


@pytest.fixture(scope="module")
def demo(person: Program, stage: Path) -> Ran:
    return person.run("demo", "--json", "--output-dir", stage).worked()


def test_every_line_of_the_script_is_heard_as_what_it_means_and_answered(demo: Ran) -> None:
    assert len(SCRIPT) >= 6
    assert len(demo.events("said")) == len(SCRIPT)
    matcher = Matcher(assembly.automaton_of(pack_folder("en")))
    for line, event in zip(SCRIPT, demo.events("heard"), strict=True):
        typed = heard(Utterance(line["say"]), matcher.match(Utterance(line["say"])))
        assert (event["verdict"], event["intent"]) == (typed["verdict"], typed["intent"]), event["text"]
        assert event["slots"] == typed["slots"]
        if typed["intent"] is None:  # an answer, which is kept in the person's own words
            assert event["text"] == line["say"]


def test_each_spoken_turn_is_a_file_numbered_in_order(demo: Ran, stage: Path) -> None:
    wanted = [f"{turn + 1:02}-{'you' if turn % 2 == 0 else 'coach'}.wav" for turn in range(2 * len(SCRIPT))]
    files = sorted(path.name for path in stage.glob("*.wav"))
    assert files == wanted
    assert all(soundfile.info(stage / name).duration > 0.3 for name in files)
    assert str(stage) in demo.err


def test_what_was_logged_is_in_a_journal_of_its_own_and_something_was_taken_back(
    demo: Ran, stage: Path, person: Program
) -> None:
    kept = person.logged("--journal", stage / "journal.sqlite3")
    logged = [event["entry"]["id"] for event in demo.events("logged")]
    assert logged == [entry["id"] for entry in kept if entry["kind"] != "undo"]
    (undone,) = [event["id"] for event in demo.events("undone")]
    assert [entry["id"] for entry in kept if entry["undone"]] == [undone]
    assert not person.journal.exists()


def test_without_a_command_a_machine_without_sound_shows_the_demo_as_a_transcript(program: Program) -> None:
    ran = program.run().worked()
    assert ran.out.count("you: ") == len(SCRIPT)
    assert ran.out.count("coach: ") == len(SCRIPT)
    assert "logged: " in ran.out and "taken back: " in ran.out
    assert ran.err.startswith("This machine has no sound device")
    assert not program.journal.exists()
