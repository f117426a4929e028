"""The documentation says what is so: its commands, settings, answers, examples, files and links are the program's."""

import ast
import inspect
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml

from tests import written_docs
from tests.written_docs import TOP, run
from voice_coach import __version__, settings
from voice_coach.cli import commands
from voice_coach.coaching import coach
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.language_graph import GraphSettings
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Intent, Utterance
from voice_coach.sessions import warn_of_unknown_words

PAGES = [TOP / "README.md", TOP / "CHANGELOG.md", TOP / "benchmarks/README.md", *sorted((TOP / "docs").glob("*.md"))]
TEXTS = {path.relative_to(TOP).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
README, INTENTS, DATA = TEXTS["README.md"], TEXTS["docs/writing-intents.md"], TEXTS["docs/data.md"]
PLACES = ("benchmarks", "docs", "intents", "models", "scripts", "tests", "voice_coach")
EXAMPLES = ("intents/de",)
RUN_HERE = {"chat", "devices", "journal", "practices", "understand"}
FOLDERS_OF_OTHERS = {".git", ".venv", "__pycache__", "build", "dist", "out"}


class Block(NamedTuple):
    """One fenced block."""

    page: str
    mark: str
    """The comment just above it."""
    language: str
    text: str
    after: str
    """All that follows it."""


def blocks_of(page: str) -> Iterator[Block]:
    text = TEXTS[page]
    for found in written_docs.BLOCK.finditer(text):
        yield Block(page, found["mark"] or "", found["language"], found["text"], text[found.end() :])


def answer_to(block: Block) -> str | None:
    """The text block that stands directly below."""
    found = re.match(r"\n\n```text\n(.*?)^```$", block.after, re.DOTALL | re.MULTILINE)
    return found[1] if found else None


BLOCKS = [block for page in TEXTS for block in blocks_of(page)]
SHELL = [block for block in BLOCKS if block.language == "sh"]
CODE = {page: re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)) for page, text in TEXTS.items()}


def said_commands() -> Iterator[tuple[str, str]]:
    """Every command line in the documentation, with its page: from shell blocks, and from running text."""
    for block in SHELL:
        for line in block.text.splitlines():
            yield block.page, line
    for page, codes in CODE.items():
        for code in codes:
            line = " ".join(code.split())
            if re.match(r"(voice-coach|scripts/\w|python |pip |sudo )", line):
                yield page, line


def words_of(line: str) -> list[list[str]]:
    """The commands of one line of shell, each as its words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if word == "|":
            found.append([])
        else:
            found[-1].append(word)
    return found


def check_program(arguments: list[str]) -> None:
    """Raises click.UsageError for a command or option that does not exist."""
    command: click.Command = commands
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name = arguments[0]
        if name not in command.commands:
            raise click.UsageError(f"there is no command {name}")
        command, arguments = command.commands[name], arguments[1:]
    command.make_context(
        command.name, [word for word in arguments if word != "--help"], resilient_parsing=False
    ).close()


COMMANDS = list(dict.fromkeys(said_commands()))


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_in_the_documentation_exists_with_its_options(page: str, line: str) -> None:
    for words in words_of(line):
        program, *arguments = words
        if program in ("scripts/coach", "voice-coach"):
            check_program(arguments)
        elif program == "python":
            assert (TOP / arguments[0]).is_file() or arguments[0] == "-m", line
        elif program.startswith("scripts/"):
            assert (TOP / program).stat().st_mode & 0o111, f"{program} cannot be run"
            assert all((TOP / argument).exists() for argument in arguments if not argument.startswith("-")), line
        else:
            assert program in ("echo", "pip", "sudo"), line


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who has just begun, with the example folders of the documentation in it."""
    return written_docs.furnished(tmp_path_factory.mktemp("home"))


def write(folder: Path, block: Block) -> Path:
    path = folder / block.mark.partition(": ")[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return path


def is_run_here(line: str) -> bool:
    """Whether it is a quick command that needs neither sound nor model."""
    called = [words[1:] for words in words_of(line) if words[0] == "scripts/coach"]
    return any(words and words[0] in RUN_HERE and ("--text" in words or words[0] != "understand") for words in called)


@pytest.mark.parametrize("line", dict.fromkeys(line for _, line in COMMANDS if is_run_here(line)))
def test_what_the_documentation_tells_to_run_runs(line: str, home: Path) -> None:
    ran = run(home, ["-c", line], program=["sh"])
    assert ran.returncode == 0, ran.stderr


def test_the_answers_to_the_examples_are_what_the_program_says(home: Path) -> None:
    now = written_docs.examples(INTENTS, home)
    assert now == INTENTS, "docs/writing-intents.md is out of date. Bring it up to date with: scripts/write-docs"


def test_the_script_only_adds_the_set_up() -> None:
    assert (TOP / "scripts/coach").read_text().splitlines()[-1] == 'exec "$venv/bin/voice-coach" "$@"'


def test_every_other_command_of_the_documentation_is_run_by_a_test_or_by_ci() -> None:
    by_ci = (TOP / ".ci/run").read_text()
    tested = {
        node.value
        for path in (TOP / "tests").rglob("test_*.py")
        if path != Path(__file__)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for _, line in COMMANDS:
        for program, *arguments in words_of(line):
            if program == "scripts/write-docs":
                continue  # what it does is compared below
            if program in ("scripts/check", "scripts/test"):
                assert f"/{program}" in by_ci
            elif program in ("scripts/coach", "voice-coach") and arguments and arguments[0] not in RUN_HERE:
                assert arguments[0] in tested or arguments[0].startswith("-"), f"no test runs {program} {arguments[0]}"


def every_command(command: click.Command = commands) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from every_command(below)


@pytest.mark.parametrize("command", list(every_command()), ids=lambda command: command.name)
def test_the_help_of_each_command_ends_with_an_example_that_works(command: click.Command) -> None:
    example = inspect.cleandoc(command.help or "").splitlines()[-1]
    assert example.startswith("Example: ")
    called = [words for words in words_of(example.removeprefix("Example: ")) if words[0] == "voice-coach"]
    assert called
    for _, *arguments in called:
        check_program(arguments[: arguments.index(">")] if ">" in arguments else arguments)


def test_the_readme_tells_every_command() -> None:
    rows = re.findall(r"^\| `scripts/coach (\w+)", README, re.MULTILINE)
    assert rows == list(dict.fromkeys(rows))
    assert set(rows) == {name for name, command in commands.commands.items() if not command.hidden}


def test_the_written_parts_of_the_readme_are_what_the_program_says(home: Path) -> None:
    for name, text in written_docs.parts(README, home):
        now = written_docs.part(README, name)
        assert now == text, f"The {name} in README.md is out of date. Bring it up to date with: scripts/write-docs"


def test_the_limits_of_the_settings_are_those_that_the_readme_names() -> None:
    limits = {
        (table.name, each.name): each.metadata
        for table in fields(settings.Settings)
        if table.name != "paths"
        for each in fields(getattr(settings.Settings, table.name))
    }
    table, told = "", 0
    for line in written_docs.part(README, "settings").splitlines():
        table = line.strip("[]") if line.startswith("[") else table
        if found := re.match(r"(\w+) = .*?#.*?([\d.]+) to ([\d.]+)", line):
            known = limits[table, found[1]]
            assert (float(found[2]), float(found[3])) == (known["minimum"], known["maximum"]), line
            told += 1
    assert told


@pytest.mark.parametrize("page", TEXTS)
def test_settings_and_variables_that_are_named_exist(page: str) -> None:
    for code in CODE[page]:
        if found := re.fullmatch(r"\[(\w+)\] (\w+)", " ".join(code.split())):
            assert f"{found[1]}.{found[2]}" in settings.known_keys(), code
    known = {settings.CONFIG_VARIABLE, settings.DATA_VARIABLE, settings.MODEL_VARIABLE}
    assert set(re.findall(r"VOICE_COACH_\w+", TEXTS[page])) <= known


# --- links and names


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        place, _, anchor = target.partition("#")
        if place.startswith("http"):
            assert place.startswith("https://")
            continue
        path = (TOP / page).parent / place if place else TOP / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_and_folder_that_is_named_exists(page: str) -> None:
    for code in CODE[page]:
        if re.fullmatch(rf"({'|'.join(PLACES)})/[\w./-]*", code) and code not in EXAMPLES:
            assert (TOP / code).exists(), code


def test_every_page_that_the_program_points_to_exists() -> None:
    for path in (TOP / "voice_coach").rglob("*.py"):
        for page in re.findall(r"docs/[\w-]+\.md", path.read_text(encoding="utf-8")):
            assert (TOP / page).exists(), f"{path.relative_to(TOP)} points to {page}"


@pytest.mark.parametrize("page", [page for page in TEXTS if page.startswith("docs/")])
def test_the_readme_leads_to_every_page(page: str) -> None:
    assert f"]({page})" in README


def test_intents_and_classes_that_are_named_exist(home: Path) -> None:
    classes = {
        node.name
        for path in (TOP / "voice_coach").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    known = classes | set(coach.HANDLERS) | {template.intent for template in read_grammar(home / "kitchen").templates}
    for page, codes in CODE.items():
        named = {code for code in codes if re.fullmatch(r"([A-Z][a-z]+){2,}", code)}
        assert named <= known, page


def test_the_architecture_names_every_module_and_no_other() -> None:
    (layout,) = [block for block in BLOCKS if block.text.startswith("voice_coach/\n")]
    named: set[str] = set()
    folders: dict[int, str] = {}
    for line in layout.text.splitlines():
        indent, names = len(line) - len(line.lstrip()), re.split(r"\s{2,}", line.strip())[0]
        for name in names.split(", "):
            above = "".join(folder for depth, folder in sorted(folders.items()) if depth < indent)
            if name.endswith("/"):
                folders = {depth: folder for depth, folder in folders.items() if depth < indent} | {indent: name}
            elif name.endswith(".py"):
                named.add(above + name)
    modules = {path.relative_to(TOP).as_posix() for path in (TOP / "voice_coach").rglob("*.py")}
    assert named == {module for module in modules if not module.endswith("__init__.py")}


def test_the_dependencies_that_are_told_are_those_of_the_project() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = TEXTS["docs/architecture.md"].partition("\n## Dependencies\n")[2].partition("\n## ")[0]
    told = [name for row in re.findall(r"^\| ([\w, -]+) \|", table, re.MULTILINE)[1:] for name in row.split(", ")]
    assert sorted(told, key=str.lower) == sorted(
        {re.split(r"[>=;]", name)[0] for name in project["dependencies"]}, key=str.lower
    )


def test_the_cost_of_entering_the_templates_is_the_one_that_is_told() -> None:
    (told,) = re.findall(r"cost of entering is ([−\d.]+)", TEXTS["docs/hearing.md"])
    assert float(told.rstrip(".").replace("−", "-")) == GraphSettings().entry_cost


def test_the_changes_begin_with_this_version_and_name_the_commands() -> None:
    versions = re.findall(r"^## (\S+)", TEXTS["CHANGELOG.md"], re.MULTILINE)
    assert versions[0] == __version__
    (line,) = re.findall(r"^- Commands (.*)\.$", TEXTS["CHANGELOG.md"], re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) <= commands.commands.keys()


def test_no_file_names_a_folder_of_the_machine_that_it_was_written_on() -> None:
    private = re.compile(rb"(?<![\w.~}$])/(?:home/(?!you\b)|root|work|tmp/w\b|Users)(?:/|\b)")
    found = [
        f"{path.relative_to(TOP)}: {match[0].decode()}"
        for path in files_below(TOP)
        for match in private.finditer(path.read_bytes())
        if path != Path(__file__)
    ]
    assert not found


def files_below(folder: Path) -> Iterator[Path]:
    """The project's own files: no caches, and no model that was fetched."""
    for path in sorted(folder.iterdir()):
        if path.name in FOLDERS_OF_OTHERS or path.name.endswith(("_cache", ".egg-info")):
            continue
        if path.is_dir():
            if folder != TOP / "models":
                yield from files_below(path)
        else:
            yield path


# --- writing intents


def answered(folder: Path, sentence: str, matcher: Matcher) -> Intent | None:
    verdict = matcher.match(Utterance(sentence))
    return verdict if isinstance(verdict, Intent) else None


def test_the_examples_understand_what_their_tests_say(home: Path) -> None:
    matcher = Matcher(compile_grammar(read_grammar(home / "kitchen")))
    cases: list[dict[str, Any]] = yaml.safe_load((home / "kitchen/tests/kitchen.yaml").read_text())["tests"]
    assert len(cases) >= 5
    for case in cases:
        for sentence in case["sentences"]:
            found = answered(home, sentence, matcher)
            wanted = case["intent"]
            assert (found and found.name) == (wanted and wanted["name"]), sentence
            if found:
                assert found.slots == wanted.get("slots", {}), sentence


def test_a_range_may_have_a_step(tmp_path: Path) -> None:
    code = next(code for code in CODE["docs/writing-intents.md"] if code.startswith("{0.."))
    (tmp_path / "dim.yaml").write_text(
        f'language: en\nintents: {{Dim: {{data: [{{sentences: ["dim to {code}"]}}]}}}}\n'
    )
    matcher = Matcher(compile_grammar(read_grammar(tmp_path)))
    found = answered(tmp_path, "dim to thirty five", matcher)
    assert found is not None and found.slots == {"level": "thirty five"}
    assert "goes in fives" in INTENTS
    assert "thirty four" not in str(matcher.automaton.vocabulary) and "four" not in matcher.automaton.vocabulary


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.mark.startswith("refused: ")])
def test_an_example_that_is_refused_is_refused_in_these_words(block: Block, home: Path) -> None:
    path = write(home, block)
    try:
        ran = run(home, ["understand", "--intents", path.parent.name, "--text"], "hello\n")
    finally:
        path.unlink()
    assert (ran.returncode, ran.stderr) == (1, f"voice-coach: {answer_to(block)}")


def test_the_warning_of_an_unknown_word_is_the_one_that_is_shown() -> None:
    (block,) = [block for block in BLOCKS if block.mark.startswith("unknown word: ")]
    word, _, place = block.mark.removeprefix("unknown word: ").partition(" in ")
    said: list[str] = []
    warn_of_unknown_words({word: place}, said.append)
    assert block.text == f"{said[0]}\n"


def test_the_intents_of_the_coach_are_all_told() -> None:
    table = INTENTS.partition("<!-- intents of the coach -->")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.partition("|")[2].split("|")[0])]
    assert sorted(named) == sorted(coach.HANDLERS)


def test_every_key_of_a_pack_is_explained() -> None:
    pack = yaml.safe_load((TOP / "intents/en/pack.yaml").read_text(encoding="utf-8"))
    explained = {code for code in CODE["docs/writing-intents.md"] if code.isidentifier()}
    keys = set(pack) - {"language"} | pack["clock"].keys() | pack["amounts"].keys()
    assert keys <= explained


# --- the journal's data


def kinds_told() -> dict[str, set[str]]:
    """Each kind of entry in the documentation, and the keys of its data."""
    table = DATA.partition("<!-- kinds of entries -->")[2]
    rows = [row.strip("|").split("|") for row in table.splitlines() if row.startswith("| `")]
    return {
        kind: set(re.findall(r"`(\w+)`", row[3])) - {"rate", "volume"}
        for row in rows
        for kind in re.findall(r"`(\w+)`", row[0])
    }


def test_every_kind_of_entry_that_the_coach_writes_is_told() -> None:
    written = {
        node.args[0].value
        for path in (TOP / "voice_coach/coaching").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "entry"
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    told = kinds_told()
    assert written == {kind for kind in told if told[kind]}


TYPED = """give me a tiny question
a walk in the park
give me a tiny question
skip
i don't feel like stretching
not done
skip
i don't feel like stretching
done
undo that
slower
"""


def test_the_data_of_each_entry_is_what_is_told(home: Path, tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.sqlite3")
    assert run(home, ["chat", "--journal", journal], TYPED).returncode == 0
    lines = run(home, ["journal", "export", "--journal", journal]).stdout.splitlines()
    entries = [yaml.safe_load(line) for line in lines]
    told = kinds_told()
    fields_told = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*) \|", DATA.split("<!--")[0], re.MULTILINE)))
    )
    assert {entry["kind"] for entry in entries} == {kind for kind in told if told[kind]}
    for entry in entries:
        assert entry.keys() == fields_told
        assert entry["data"].keys() <= told[entry["kind"]], entry
    assert {key for entry in entries for key in entry["data"]} == set().union(*told.values()) - {"confidence"}
