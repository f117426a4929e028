"""The command line: flags in, wiring, errors to messages and exit status. The only place that prints and exits."""

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from voice_coach import __version__
from voice_coach.errors import AudioError, CoachError, JournalError

INTERRUPTED = 130
FILE = click.Path(path_type=Path)


class _Terminated(SystemExit):
    """SIGTERM: stopping is what was asked, so it is no failure."""


def main() -> None:
    """Entry point of `voice-coach`."""
    _keep_stderr_to_ourselves()
    signal.signal(signal.SIGTERM, _terminate)
    # A program that a script starts in the background is born deaf to Ctrl-C; stopping it so has to work all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take_any_characters()
    try:
        status = commands.main(standalone_mode=False, prog_name="voice-coach")
    except CoachError as error:
        status = _told(error)
    except click.exceptions.Exit as done:
        status = done.exit_code
    except click.ClickException as error:
        status = _told_usage(error)
    except (KeyboardInterrupt, click.Abort):
        status = INTERRUPTED
    except _Terminated:
        status = 0
    except SystemExit:
        status = 0  # whoever read our output has had enough; so click ends a program whose pipe was closed
    except OSError as error:
        _drop_output()
        status = _told(CoachError(f"The system refused: {error}.", "Is the disk full, or a file not to be written?"))
    sys.exit(status if isinstance(status, int) else 0)


def _keep_stderr_to_ourselves() -> None:
    """What speech and sound libraries write past Python is for their makers; our messages should be read."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or not a file
        ours = os.dup(sys.stderr.fileno())
        theirs = os.open(os.devnull, os.O_WRONLY)
        os.dup2(theirs, sys.stderr.fileno())
        os.close(theirs)
        sys.stderr = open(ours, "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1)  # noqa: SIM115


def _take_any_characters() -> None:
    """Bytes that are no text are no reason to stop, nor are characters that a terminal cannot show."""
    for stream, always in ((sys.stdin, True), (sys.stdout, False)):
        if isinstance(stream, io.TextIOWrapper) and (always or stream.errors == "strict"):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Python must not complain at exit about what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _Terminated(0)


def _told(error: CoachError) -> int:
    click.echo(f"voice-coach: {error}", err=True)
    return error.exit_status


def _told_usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    called = context.command_path if context else "voice-coach"
    click.echo(f"voice-coach: {' '.join(error.format_message().split())}\nSee: {called} --help", err=True)
    return error.exit_code


def _print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _option(*names: str, **details: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(*names, **details)


config_option = _option("--config", type=FILE, help="Configuration file (TOML).")
model_option = _option("--model", type=FILE, help="Folder of a speech model.")
journal_option = _option("--journal", type=FILE, help="Journal file.")
json_option = _option("--json", "as_json", is_flag=True, help="One JSON object a line.")
now_option = _option("--now", metavar="ISO8601", help="The time at which the conversation starts.")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="voice-coach")
@click.pass_context
def commands(context: click.Context) -> None:
    """A kaizen coach that listens, answers and remembers, wholly offline.

    Without a command it starts the coach; on a machine without any sound device it shows the demo instead.

    Example: voice-coach run
    """
    if context.invoked_subcommand is None:
        context.invoke(start)


@commands.command(hidden=True)
@click.pass_context
def start(context: click.Context) -> None:
    """The coach, or the demo where there is no sound device.

    Example: voice-coach
    """
    why = _why_no_sound()
    if not why:
        context.invoke(run)
        return
    click.echo(f"{why}\nSo here is a rehearsed conversation. To type: voice-coach chat", err=True)
    context.invoke(demo)


def _why_no_sound() -> str:
    """Empty where there is anything to hear or speak through."""
    from voice_coach.adapters.devices import any_sound_device

    try:
        return "" if any_sound_device() else "This machine has no sound device, or this user may not use it."
    except AudioError as error:
        return str(error)


@commands.command()
@_option(
    "--input", "inputs", type=FILE, multiple=True, help="A recording to hear instead of the microphone; repeatable."
)
@_option("--output", type=FILE, help="WAV file for what the coach says, instead of the speaker.")
@_option("--no-wake", is_flag=True, help="Needs no wake phrase.")
@now_option
@json_option
@config_option
@model_option
@journal_option
def run(
    inputs: tuple[Path, ...] = (),
    output: Path | None = None,
    no_wake: bool = False,
    now: str | None = None,
    as_json: bool = False,
    config: Path | None = None,
    model: Path | None = None,
    journal: Path | None = None,
) -> None:
    """Listens and answers.

    Example: voice-coach run --input morning.wav --output answers.wav
    """
    from voice_coach import assembly, sessions

    settings = assembly.settings_for(config, journal__path=_text(journal))
    report = _print_json if as_json else _print_event
    try:
        sessions.listen(settings, model=model, inputs=inputs, output=output, now=now, report=report, warn=_warn)
    except AudioError as error:
        if inputs or "voice-coach chat" in error.remedy:
            raise
        way_on = "Without sound there are: voice-coach demo, and voice-coach chat (typed)."
        raise AudioError(error.what, f"{error.remedy}\n{way_on}".strip()) from None


@commands.command()
@now_option
@json_option
@config_option
@journal_option
def chat(now: str | None, as_json: bool, config: Path | None, journal: Path | None) -> None:
    """The same coach, typed.

    One line is one utterance; a line such as @2026-11-21T07:30 moves the clock there. For lines from a program time
    stands still otherwise.

    Example: echo "give me a tiny question" | voice-coach chat
    """
    from voice_coach import assembly, sessions

    settings = assembly.settings_for(config, journal__path=_text(journal))
    by_hand = sys.stdin is not None and sys.stdin.isatty()
    lines = _typed_lines() if by_hand and not as_json else _lines_of_input()
    report = _print_json if as_json else _print_chat
    # For a person who types time goes on; for a program that writes lines it stands still.
    sessions.chat(settings, lines=lines, now=now, stands_still=not by_hand, report=report)


@commands.command()
@click.argument("files", type=FILE, nargs=-1)
@_option("--intents", type=FILE, help="A folder of intent files of your own.")
@_option("--text", is_flag=True, help="Understand lines from standard input instead of recordings.")
@_option("--explain", is_flag=True, help="Say how each verdict came about.")
@json_option
@config_option
@model_option
def understand(
    files: tuple[Path, ...],
    intents: Path | None,
    text: bool,
    explain: bool,
    as_json: bool,
    config: Path | None,
    model: Path | None,
) -> None:
    """What the engine makes of recordings.

    Each recording is one utterance. No coach, no journal.

    Example: voice-coach understand --explain order.wav
    """
    from voice_coach import assembly, understanding

    if text == bool(files):
        raise click.UsageError("Name recordings, or give --text and lines on standard input.")
    settings = assembly.settings_for(config)
    lines = _lines_of_input() if text else None
    results = understanding.understand(settings, intents=intents, files=files, lines=lines, model=model, warn=_warn)
    failed = False
    for result in results:
        if isinstance(result, CoachError):
            failed = True
            _told(result)
            continue
        if as_json:
            _print_json(understanding.as_object(result))
        else:
            click.echo(understanding.as_text(result))
        if explain:
            click.echo("\n".join(understanding.explained(result)), err=as_json)
    if failed:
        raise click.exceptions.Exit(1)


@commands.command()
@config_option
@model_option
def setup(config: Path | None, model: Path | None) -> None:
    """Fetches and verifies the speech model.

    Then it prepares the language graph. The only command that uses the network.

    Example: voice-coach setup
    """
    from voice_coach import assembly, preparing
    from voice_coach.progress import progress_on

    settings = assembly.settings_for(config)
    with progress_on(sys.stderr) as progress:
        preparing.prepare(settings, model, progress)


@commands.command()
@_option("--speak", is_flag=True, help="Say every finding aloud as well.")
@config_option
@model_option
@journal_option
def doctor(speak: bool, config: Path | None, model: Path | None, journal: Path | None) -> None:
    """Examines all that the coach needs.

    Says in words what it finds about intents, speech model, journal, speech, speaker and microphone, and what to do.
    Ends with a sentence that is spoken and heard again, which needs no sound device.

    Example: voice-coach doctor --speak
    """
    from voice_coach import assembly
    from voice_coach.doctor import examine

    settings = assembly.settings_for(config, journal__path=_text(journal))
    sound = True
    for finding in examine(settings, model=model, speak=speak):
        sound = sound and not finding.is_problem
        click.echo(finding.text)
    if not sound:
        raise click.exceptions.Exit(1)


@commands.command()
@json_option
def devices(as_json: bool) -> None:
    """Lists microphones and speakers by name.

    Example: voice-coach devices
    """
    from voice_coach.adapters.devices import described

    for line in described(as_json):
        click.echo(line)


@commands.command()
@click.argument("practice_id", required=False)
@json_option
@_option("--why", is_flag=True, help="Which practice fits now, and why.")
@config_option
@journal_option
def practices(practice_id: str | None, as_json: bool, why: bool, config: Path | None, journal: Path | None) -> None:
    """Tells the practices, with the evidence.

    Example: voice-coach practices one_percent
    """
    from voice_coach import assembly, showing

    settings = assembly.settings_for(config, journal__path=_text(journal))
    found = showing.chosen(assembly.pack_for(settings), practice_id)
    for practice in found:
        if as_json:
            _print_json(showing.as_object(practice))
        else:
            click.echo(showing.as_text(practice, whole=practice_id is not None))


@commands.command()
@_option("--output-dir", type=FILE, default=None, help="Folder for the spoken turns, one WAV each.")
@json_option
@config_option
@model_option
@journal_option
def demo(
    output_dir: Path | None = None,
    as_json: bool = False,
    config: Path | None = None,
    model: Path | None = None,
    journal: Path | None = None,
) -> None:
    """A rehearsed conversation, spoken into files.

    Synthetic voices speak, the real recognizer hears, the coach answers and logs.

    Example: voice-coach demo --output-dir demo
    """
    from voice_coach import assembly
    from voice_coach.demo import rehearse

    settings = assembly.settings_for(config, journal__path=_text(journal))
    report = _print_json if as_json else _print_event
    written = rehearse(settings, model=model, output_dir=output_dir, keep_journal=journal is not None, report=report)
    click.echo(f"Spoken turns are in {written}.", err=True)


@commands.group(name="journal")
def journal_commands() -> None:
    """Reads the journal.

    Never waits for a running coach.

    Example: voice-coach journal export --format csv
    """


@journal_commands.command(name="list")
@config_option
@journal_option
def journal_list(config: Path | None, journal: Path | None) -> None:
    """Every entry, by day.

    Example: voice-coach journal list
    """
    _print_journal(config, journal, "list")


@journal_commands.command(name="export")
@_option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@config_option
@journal_option
def journal_export(kind: str, config: Path | None, journal: Path | None) -> None:
    """Every entry, for other programs.

    Example: voice-coach journal export --format csv > journal.csv
    """
    _print_journal(config, journal, kind)


@journal_commands.command(name="path")
@config_option
@journal_option
def journal_path(config: Path | None, journal: Path | None) -> None:
    """Where the journal is.

    Example: voice-coach journal path
    """
    from voice_coach import assembly

    path = assembly.settings_for(config, journal__path=_text(journal)).paths.journal
    if journal is not None and not path.exists():
        raise JournalError(f"There is no journal at {path}.", "Check the path given with --journal.")
    click.echo(str(path))


def _print_journal(config: Path | None, journal: Path | None, kind: str) -> None:
    from voice_coach import assembly, showing

    settings = assembly.settings_for(config, journal__path=_text(journal))
    for line in showing.journal_lines(settings, kind, named=journal is not None):
        click.echo(line)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _lines_of_input() -> Iterable[str]:
    """Lines of standard input, without their ends; none where it was closed."""
    return (line.rstrip("\r\n") for line in sys.stdin or ())


def _typed_lines() -> Iterable[str]:
    """Lines from a terminal, with line editing where the system has it."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  its import is what turns line editing on
    while True:
        try:
            yield input("you: ")
        except EOFError:
            return


def _warn(text: str) -> None:
    click.echo(text, err=True)


def _print_event(event: Mapping[str, Any]) -> None:
    """Events for eyes and screen readers."""
    match event["event"]:
        case "listening":
            click.echo("Listening. Ctrl-C ends.", err=True)
        case "heard" if event["text"]:
            click.echo(f"you: {event['text']}")
        case "said":
            click.echo(f"coach: {event['text']}")
        case "logged":
            entry = event["entry"]
            if entry["kind"] not in ("prompt", "setting"):
                click.echo(f"logged: {entry['text'] or entry['kind']}")
        case "undone":
            click.echo(f"taken back: entry {event['id']}")


def _print_chat(event: Mapping[str, Any]) -> None:
    if event["event"] == "said":
        click.echo(f"coach: {event['text']}")
