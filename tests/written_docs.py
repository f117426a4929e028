"""What the program itself knows best, as it is now: practices, settings, answers to examples, and all help texts."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import time
from pathlib import Path

import click

from voice_coach.cli import commands
from voice_coach.packs import pack_folder, read_pack
from voice_coach.settings import Settings, known_keys

TOP = Path(__file__).resolve().parents[1]
README = TOP / "README.md"
COMMAND_LINE = TOP / "docs/command-line.md"
EXAMPLES = TOP / "docs/writing-intents.md"
NOW = "2026-11-21T07:30:00+01:00"
PROGRAM = (sys.executable, "-c", "from voice_coach.cli import main; main()")
COMMENT_COLUMN = 23
HELP_COLUMNS = 100
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^\n]*) -->\n)?^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
"""A fenced block, with the comment just above it."""
ANSWERED = re.compile(r"^```sh\n(?P<lines>.*?)^```\n\n```text\n(?P<answer>.*?)^```$", re.DOTALL | re.MULTILINE)
"""Commands with what they answer just below."""
ABOUT_COMMAND_LINE = """# The command line

What `--help` says of each command; written by `scripts/write-docs`, checked by a test.

Errors go to standard error: one sentence on what happened, then what to do. Exit status: 0 done (also after a SIGTERM,
since stopping is what was asked), 1 the command could not do its job, 2 it was called wrongly, 130 after Ctrl-C.
Progress goes to standard error too, so that standard output holds results only; with `--json` one JSON object a line.
"""


def run(
    home: Path, arguments: Sequence[str], text: str = "", program: Sequence[str] = PROGRAM
) -> subprocess.CompletedProcess[str]:
    """The program as a person without any settings would run it, with `home` as home and current folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VOICE_COACH_", "XDG_"))}
    environment |= {"HOME": str(home), "PYTHONPATH": str(TOP)}
    return subprocess.run(
        [*program, *arguments],
        input=text,
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def part(document: str, name: str) -> str:
    """What stands between the marks of that name."""
    return _found(document, name)[1]


def with_part(document: str, name: str, text: str) -> str:
    start, end = _found(document, name).span(1)
    return document[:start] + text + document[end:]


def _found(document: str, name: str) -> "re.Match[str]":
    found = re.search(rf"<!-- {name}: .*?-->\n(.*?)<!-- end of {name} -->", document, re.DOTALL)
    assert found, f"there are no marks <!-- {name}: … --> and <!-- end of {name} -->"
    return found


def parts(document: str, home: Path) -> Iterator[tuple[str, str]]:
    """Each written part by name, as it should be."""
    yield "conversation", conversation(part(document, "conversation"), home)
    yield "practices", practices()
    yield "settings", settings(part(document, "settings"))


def conversation(block: str, home: Path) -> str:
    """The same typed lines, with what the coach answers to each."""
    typed = re.findall(r"^you: (.*)", block, re.MULTILINE)
    answered = run(home, ["chat", "--now", NOW], "\n".join(typed) + "\n")
    assert answered.returncode == 0, answered.stderr
    turns = zip(typed, answered.stdout.splitlines(), strict=True)
    return "```text\n" + "".join(f"you: {line}\n{answer}\n" for line, answer in turns) + "```\n"


def practices() -> str:
    """The table of the practices."""
    rows = ["| Practice | Promise | Evidence |", "|---|---|---|"]
    for practice in read_pack(pack_folder("en")).practices.values():
        known = practice.evidence
        rows.append(f"| {practice.name} | {practice.promise} | {known.strength}: {known.note} {known.caveat} |")
    return "\n".join(rows) + "\n"


def settings(block: str) -> str:
    """Every setting with its default, as a configuration file; comments stay as they are in `block`."""
    comments = dict(re.findall(r"^(\w+ =).*?(# .*)", block, re.MULTILINE))
    lines: list[str] = []
    for key in known_keys():
        table, name = key.split(".")
        if f"[{table}]" not in lines:
            lines += ["", f"[{table}]"]
        line = f"{name} = {as_toml(getattr(getattr(Settings, table), name))}"
        lines.append(f"{line:<{COMMENT_COLUMN}} {comments.get(f'{name} =', '')}".rstrip())
    return "```toml\n" + "\n".join(lines[1:]) + "\n```\n"


def furnished(home: Path) -> Path:
    """The folder, with what somebody has who follows the documentation: `scripts/coach`, and the example files."""
    program = home / "scripts/coach"
    program.parent.mkdir()
    # The last line of the real one: the program, with the same arguments.
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    for block in BLOCK.finditer(EXAMPLES.read_text(encoding="utf-8")):
        if (block["mark"] or "").startswith("file: "):
            path = home / block["mark"].removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
    return home


def examples(document: str, home: Path) -> str:
    """The page with the answers to its own commands; `home` is furnished."""
    for found in reversed(list(ANSWERED.finditer(document))):
        answered = run(home, ["-ec", found["lines"]], program=["sh"])
        assert answered.returncode == 0, answered.stderr
        start, end = found.span("answer")
        document = document[:start] + answered.stdout + document[end:]
    return document


def command_line() -> str:
    """The page with the help of every command."""
    context = click.Context(commands, info_name="voice-coach", **commands.context_settings)
    return "\n".join([ABOUT_COMMAND_LINE, *helps(commands, context)])


def helps(command: click.Command, context: click.Context) -> Iterator[str]:
    """A section for the command and for each below it."""
    context.terminal_width = HELP_COLUMNS
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.commands[name]
            if not below.hidden:
                yield from helps(below, click.Context(below, parent=context, info_name=name))


def as_toml(value: object) -> str:
    return f'"{value:%H:%M}"' if isinstance(value, time) else json.dumps(value)


def main() -> None:
    """Writes them."""
    document = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        home = furnished(Path(folder))
        for name, text in parts(document, home):
            document = with_part(document, name, text)
        EXAMPLES.write_text(examples(EXAMPLES.read_text(encoding="utf-8"), home), encoding="utf-8")
    README.write_text(document, encoding="utf-8")
    COMMAND_LINE.write_text(command_line(), encoding="utf-8")


if __name__ == "__main__":
    main()
