"""What other programs rely on: exit status, streams, options, environment, and that nothing leaves the machine."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.no_network import sitecustomize as guard
from tests.cli.program import START, Program
from voice_coach.packs import pack_folder, read_pack

NOW = "2026-11-21T07:30:00+01:00"
TYPED = "give me a tiny question\na walk\ni drank two glasses of water\nundo that\n"
PRACTICES = {
    "shrink_the_step",
    "one_percent",
    "small_questions",
    "improve_the_process",
    "remove_an_obstacle",
    "consistency",
}
ENTRY_KEYS = {"id", "at", "kind", "practice", "text", "quantity", "unit", "data", "undone"}

# --- wrong usage


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["rum"], "rum"),
        (["run", "--inpt", "a.wav"], "--inpt"),
        (["run", "--now", "tomorrow"], "“tomorrow” is not a time"),
        (["journal", "export", "--format", "xml"], "xml"),
        (["journal", "--format"], "--format"),
        (["understand"], "--text"),
        (["understand", "--text", "a.wav"], "--text"),
        (["practices", "two_percent"], "two_percent"),
    ],
    ids=" ".join,
)
def test_wrong_usage_has_status_2_and_is_told_in_a_sentence(bare: Program, arguments: list[str], named: str) -> None:
    assert named in bare.run(*arguments).complaint(2)


# --- streams


def test_output_that_nobody_reads_any_more_ends_it_quietly(bare: Program) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [*START, "practices", "--json"]
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(command, env=bare.environment, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_output_that_cannot_be_written_is_told_in_a_sentence(bare: Program) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*START, "practices"], env=bare.environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("voice-coach: The system refused: [Errno 28] No space left on device.")
    assert len(done.stderr.splitlines()) <= 3


def test_a_terminal_without_these_characters_gets_others(bare: Program) -> None:
    latin = {"PYTHONIOENCODING": "latin-1:strict"}
    shown = bare.run("understand", "--text", text="hello\n", env=latin).worked()
    assert shown.out == "?hello? is Greeting\n"


# --- the network


def test_the_guard_of_these_tests_stops_whoever_reaches_for_the_network(bare: Program) -> None:
    reaching = "import socket, sys; socket.create_connection((sys.argv[1], 80), timeout=1)"
    for host in ("192.0.2.1", "example.org"):
        command = [sys.executable, "-c", reaching, host]
        done = subprocess.run(command, env=bare.environment, capture_output=True, text=True, check=False)
        assert done.returncode == guard.STATUS
        assert "tried to use the network" in done.stderr


def test_setup_with_everything_in_place_needs_no_network_and_says_so_at_once(program: Program) -> None:
    ran = program.run("setup").worked()
    assert ran.out == ""
    assert "Ready" in ran.err


# --- practices and journal


def test_practices_are_objects_with_the_promised_keys(bare: Program) -> None:
    found = bare.run("practices", "--json").worked().objects
    assert {practice["id"] for practice in found} == PRACTICES
    told = ("id", "name", "promise", "mechanism", "evidence", "mistake", "questions", "ladder", "phrasings")
    for practice in found:
        assert tuple(practice) == told
        assert practice["evidence"].keys() == {"note", "strength", "caveat"}
        assert len(practice["questions"]) >= 12
        assert len(practice["phrasings"]) >= 15
    (one,) = bare.run("practices", "one_percent", "--json").worked().objects
    assert one in found


def test_practices_can_be_read_and_one_of_them_whole(bare: Program) -> None:
    pack = read_pack(pack_folder("en"))
    names = bare.run("practices").worked().out
    assert all(practice.promise in names for practice in pack.practices.values())
    whole = bare.run("practices", "consistency").worked().out
    chosen = pack.practices["consistency"]
    assert all(text in whole for text in (*chosen.questions, *chosen.ladder, chosen.evidence.caveat))


def test_a_journal_that_was_never_written_is_empty_but_one_that_was_named_has_to_exist(bare: Program) -> None:
    assert bare.run("journal", "list").worked().out == "Nothing has been logged yet.\n"
    assert bare.run("journal", "export").worked().out == ""
    assert bare.logged() == []
    assert bare.run("journal", "path").worked().out == f"{bare.journal}\n"
    missing = bare.home / "missing.sqlite3"
    for reading in ("export", "path"):
        assert str(missing) in bare.run("journal", reading, "--journal", missing).complaint()
    assert not bare.journal.exists()
    assert not missing.exists()


def test_the_journal_is_exported_with_what_was_taken_back_marked(program: Program) -> None:
    program.run("chat", "--now", NOW, text=TYPED).worked()
    entries = program.logged()
    assert [(entry["kind"], entry["undone"]) for entry in entries] == [
        ("prompt", False),
        ("answer", False),
        ("done", True),
        ("undo", False),
    ]
    assert all(entry.keys() == ENTRY_KEYS for entry in entries)
    assert entries[3]["data"] == {"undoes": entries[2]["id"]}
    assert entries[2]["at"].startswith("2026-11-21T07:30:00")
    rows = list(csv.DictReader(program.run("journal", "export", "--format", "csv").worked().out.splitlines()))
    assert [row["text"] for row in rows] == [entry["text"] for entry in entries]
    listed = program.run("journal", "list", "--journal", program.journal).worked().out
    assert "Saturday, 21 November 2026" in listed
    assert "two glasses of water, taken back" in listed
    assert program.journal.stat().st_mode & 0o777 == 0o600
    assert program.journal.parent.stat().st_mode & 0o777 == 0o700


# --- where settings come from


def test_flags_win_over_the_environment_and_that_over_the_file(bare: Program) -> None:
    by_file, by_environment, by_flag = (bare.home / name for name in ("file.sqlite3", "data", "flag.sqlite3"))
    config = bare.home / "coach.toml"
    config.write_text(f'[journal]\npath = "{by_file}"\n')
    by_flag.touch()

    def path(*flags: str | Path, env: dict[str, str]) -> str:
        return bare.run("journal", "path", *flags, env=env).worked().out.strip()

    named = {"VOICE_COACH_CONFIG": str(config)}
    assert path(env={}) == str(bare.journal)
    assert path(env=named) == path("--config", config, env={}) == str(by_file)
    both = named | {"VOICE_COACH_DATA_DIR": str(by_environment)}
    assert path(env=both) == str(by_environment / "journal.sqlite3")
    assert path("--journal", by_flag, env=both) == str(by_flag)


def test_what_was_changed_by_voice_is_kept_with_the_journal(program: Program) -> None:
    changed = program.chat("slower", "louder").events("logged")
    assert [event["entry"]["kind"] for event in changed] == ["setting"]  # it cannot be louder than it is already
    again = program.chat("slower").events("logged")[0]["entry"]["data"]
    assert again["name"] == changed[0]["entry"]["data"]["name"] == "rate"
    assert again["value"] < changed[0]["entry"]["data"]["value"] < 160


def test_devices_lists_none_where_there_are_none_and_only_objects_as_json(bare: Program) -> None:
    assert bare.run("devices").worked().out.count("none on this machine") == 2
    assert bare.run("devices", "--json").worked().out == ""


def test_the_folder_that_it_is_called_in_is_not_searched_for_its_modules(bare: Program) -> None:
    """Somebody may keep a queue.py or a click.py there."""
    program = Path(sys.executable).with_name("voice-coach")
    assert program.exists(), "the package is not installed; scripts/test installs it"
    (bare.home / "click.py").write_text("raise SystemExit(5)")
    environment = {name: value for name, value in bare.environment.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [program, "journal", "path"], cwd=bare.home, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert os.fspath(bare.home) in done.stdout
