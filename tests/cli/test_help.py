"""Help is there for every command, at once, and the reference in docs/ is what it says."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from tests import written_docs
from tests.cli.program import TOP, Program
from voice_coach.cli import commands

HEAVY = {
    "vosk",
    "sounddevice",
    "soundfile",
    "soxr",
    "numpy",
    "rapidfuzz",
    "hassil",
    "pyttsx3",
    "yaml",
    "sqlite3",
    "rich",
}
ASKED_FOR_HELP = """
import contextlib, io, sys
from voice_coach.cli import main
sys.argv = ["voice-coach", *sys.argv[1:]]
with contextlib.redirect_stdout(io.StringIO()) as told:
    try:
        main()
    except SystemExit as done:
        assert done.code == 0, done.code
assert "Example: " in told.getvalue(), told.getvalue()
print(*sys.modules)
"""


def every_command(command: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    yield above
    for name, below in command.commands.items():
        if isinstance(below, click.Group):
            yield from every_command(below, *above, name)
        else:
            yield (*above, name)


@pytest.mark.parametrize("words", list(every_command(commands)), ids=" ".join)
def test_help_has_an_example_and_waits_for_no_library(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKED_FOR_HELP, *words, "--help"], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    modules = done.stdout.split()
    assert "click" in modules
    assert not HEAVY & set(modules)


def test_the_version_is_told(bare: Program) -> None:
    assert bare.run("--version").worked().out.startswith("voice-coach, version ")


def test_the_commands_are_those_of_the_contract() -> None:
    promised = {"run", "chat", "understand", "setup", "doctor", "devices", "practices", "demo", "journal"}
    assert {name for name, command in commands.commands.items() if not command.hidden} == promised
    journal = commands.commands["journal"]
    assert isinstance(journal, click.Group)
    assert set(journal.commands) == {"list", "export", "path"}


def test_the_reference_of_the_command_line_is_what_help_says() -> None:
    now = (TOP / "docs/command-line.md").read_text(encoding="utf-8")
    assert now == written_docs.command_line(), "docs/command-line.md is out of date. Mend it with: scripts/write-docs"
