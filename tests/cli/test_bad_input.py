"""Bad input gets one clear sentence and what to do, never a traceback, and nothing that was logged is lost."""

import resource
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.program import MODEL_NAME, Program
from tests.speech import say
from voice_coach.catalog import find_model

LIGHT = """language: en
intents:
  Light:
    data:
      - sentences: ["turn the light {state}"]
lists:
  state:
    values: ["on", "off"]
"""

# --- configuration


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[coach]\nlangage = 'en'\n", ("no setting coach.langage", "Did you mean coach.language?")),
        ("[spech]\nrate = 150\n", ("no setting spech", "Did you mean speech?")),
        ("[speech]\nrate = 'fast'\n", ('speech.rate is "fast"', "a whole number from 80 to 450")),
        ("[coach\n", ("is not valid TOML", "Mend that line")),
        ("[coach]\nlanguage = 'xx'\n", ("no language pack for xx", "There are: en")),
    ],
)
def test_a_mistake_in_the_configuration_is_named_with_its_file_and_what_is_allowed(
    bare: Program, text: str, told: tuple[str, str]
) -> None:
    config = bare.home / "coach.toml"
    config.write_text(text)
    complaint = bare.run("chat", "--config", config, text="hello\n").complaint()
    assert all(part in complaint for part in told)
    assert str(config) in complaint or "language pack" in complaint
    assert not bare.journal.exists()


def test_a_configuration_that_was_named_has_to_exist(bare: Program) -> None:
    missing = bare.home / "missing.toml"
    assert str(missing) in bare.run("practices", "--config", missing).complaint()
    assert str(missing) in bare.run("doctor", env={"VOICE_COACH_CONFIG": str(missing)}).complaint()


# --- intent files


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"turn the light {state}"', '"turn the light {state"'), ("lights.yaml, line 5", "is not a template")),
        (('["on", "off"]', "[on, off]"), ("lights.yaml, line 8", "on")),
        (("{state}", "{stat}"), ("lights.yaml, line 5", "stat")),
        (("intents:\n", "intents: [\n"), ("lights.yaml, line 4", "Mend that line")),
        (("intents:", "intends:"), ("holds no intents", "`intents:`")),
    ],
)
def test_a_broken_intents_file_is_named_with_line_and_reason(
    bare: Program, change: tuple[str, str], told: tuple[str, str]
) -> None:
    folder = bare.home / "house"
    folder.mkdir()
    (folder / "lights.yaml").write_text(LIGHT.replace(*change))
    complaint = bare.run("understand", "--intents", folder, "--text", text="turn the light on\n").complaint()
    assert all(part in complaint for part in told), complaint


def test_two_intents_with_the_same_sentence_are_named_both(program: Program) -> None:
    folder = program.home / "house"
    folder.mkdir()
    (folder / "lights.yaml").write_text(LIGHT)
    (folder / "more.yaml").write_text(
        'language: en\nintents:\n  Dark:\n    data:\n      - sentences: ["[please] turn the light off"]\n'
    )
    for what in (["--text"], [say("turn the light off")]):
        complaint = program.run("understand", "--intents", folder, *what).complaint()
        assert "“turn the light off” means two things" in complaint
        assert "lights.yaml, line 5" in complaint and "more.yaml, line 5" in complaint


def test_a_folder_of_intents_that_is_none_is_told(bare: Program) -> None:
    empty = bare.home / "empty"
    empty.mkdir()
    file = bare.home / "file.yaml"
    file.write_text(LIGHT)
    for folder in (empty, file, bare.home / "missing"):
        assert str(folder) in bare.run("understand", "--intents", folder, "--text").complaint()


# --- the journal


def test_a_journal_that_is_none_is_told_and_stays_as_it_is(program: Program) -> None:
    text = program.home / "notes.txt"
    text.write_text("Buy milk and bread, and call the dentist before noon.\n" * 40)
    other = program.home / "other.sqlite3"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    before = other.read_bytes()
    for path, told in ((text, "is not a journal"), (other, "another program"), (program.home, "is a folder")):
        complaint = program.run("chat", "--journal", path, text="i drank some water\n").complaint()
        assert told in complaint
        assert str(path) in complaint
    assert "is not a journal" in program.run("journal", "list", "--journal", text).complaint()
    assert text.read_text().startswith("Buy milk")
    assert other.read_bytes() == before


def test_a_journal_that_is_read_only_can_be_read_and_is_not_written(program: Program) -> None:
    program.chat("i drank a glass of water")
    program.journal.chmod(0o400)
    complaint = program.run("chat", text="i did two push ups\n").complaint()
    assert "cannot be written" in complaint
    assert "permissions" in complaint
    assert [entry["text"] for entry in program.logged()] == ["drank a glass of water"]


def test_a_full_disk_ends_it_with_a_sentence_and_keeps_what_was_logged(program: Program) -> None:
    program.chat("i drank a glass of water")
    size = program.journal.stat().st_size

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 6_000, size + 6_000))  # room for an entry or so

    lines = [f"i did {number} push ups" for number in ("two", "three", "four", "five", "six", "seven", "eight")]
    ran = program.run("chat", "--json", text="\n".join(lines * 4), preexec_fn=fill)
    complaint = ran.complaint()
    assert "disk" in complaint
    assert "What was logged before is safe." in complaint
    kept = [entry["text"] for entry in program.logged()]
    assert kept == ["drank a glass of water", *(event["entry"]["text"] for event in ran.events("logged"))]


# --- the model


def test_a_model_that_is_missing_or_none_is_told(bare: Program) -> None:
    spoken = say("hello")
    hollow = bare.home / "hollow"
    (hollow / "am").mkdir(parents=True)
    file = bare.home / "model.zip"
    file.write_bytes(b"PK")
    for path, told in (
        (bare.home / "nowhere", "There is no speech model"),
        (file, "is a file"),
        (hollow, "is missing"),
    ):
        complaint = bare.run("understand", "--model", path, spoken).complaint()
        assert told in complaint
        assert str(path) in complaint
    config = bare.home / "coach.toml"
    config.write_text("[hearing]\nmodel = 'vosk-model-small-xx'\n")
    complaint = bare.run("run", "--config", config, "--input", spoken).complaint()
    assert "The speech model vosk-model-small-xx is not installed" in complaint


def test_a_damaged_model_is_named_with_its_file_and_how_to_mend_it(bare: Program) -> None:
    damaged = bare.home / "models" / MODEL_NAME
    for source in find_model().rglob("*"):
        place = damaged / source.relative_to(find_model())
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif source.name == "mfcc.conf":
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
            place.write_bytes(place.read_bytes().replace(b"=", b"-", 1))
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(source)
    env = {"VOICE_COACH_MODEL_DIR": str(damaged.parent)}
    complaint = bare.run("run", "--input", say("hello"), env=env).complaint()
    assert "conf/mfcc.conf" in complaint
    assert "voice-coach setup" in complaint


# --- libraries and tools


def test_without_the_tools_that_make_the_graph_the_package_to_install_is_named(bare: Program) -> None:
    complaint = bare.run("understand", say("hello"), env={"PATH": "/nonexistent"}).complaint()
    assert "OpenFst" in complaint
    assert "libfst-tools" in complaint


def test_without_portaudio_run_says_what_to_install_and_offers_other_ways(
    program: Program, broken_libraries: Path
) -> None:
    env = {"LD_LIBRARY_PATH": str(broken_libraries)}
    complaint = program.run("run", env=env).complaint()
    for part in ("PortAudio", "sudo apt install libportaudio2", "voice-coach demo", "voice-coach chat"):
        assert part in complaint
    assert "libportaudio2" in program.run("devices", env=env).complaint()


def test_without_a_sound_device_run_says_what_is_missing_how_to_mend_it_and_offers_other_ways(program: Program) -> None:
    complaint = program.run("run").complaint()
    for part in ("There is no", "on this machine", "Plug one in", "voice-coach demo", "voice-coach chat"):
        assert part in complaint


def test_without_espeak_the_package_to_install_is_named_before_anything_is_heard(
    program: Program, broken_libraries: Path
) -> None:
    env = {"LD_LIBRARY_PATH": str(broken_libraries)}
    spoken, output = say("what did i do today"), program.home / "out.wav"
    ran = program.run("run", "--json", "--input", spoken, "--output", output, env=env)
    assert "sudo apt install espeak-ng" in ran.complaint()
    assert not ran.events("listening")


def test_a_cache_that_cannot_be_written_is_told(bare: Program) -> None:
    file = bare.home / "file"
    file.touch()
    complaint = bare.run("understand", say("hello"), env={"XDG_CACHE_HOME": str(file)}).complaint()
    assert str(file) in complaint


# --- output


def test_an_output_that_cannot_be_written_is_told_before_anything_is_heard(program: Program) -> None:
    ran = program.run("run", "--json", "--input", say("hello"), "--output", program.home / "missing/out.wav")
    assert "missing/out.wav cannot be written" in ran.complaint()
    file = program.home / "file"
    file.touch()
    assert str(file) in program.run("demo", "--output-dir", file).complaint()
