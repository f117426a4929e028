"""The structure that docs/architecture.md promises: which way imports point, what is pure, where words may stand."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voice_coach.coaching import coach

PACKAGE = Path(__file__).resolve().parents[1] / "voice_coach"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"vosk", "sounddevice", "soundfile", "soxr", "pyttsx3", "webrtcvad", "rich"}
"""Imported only inside the functions that need them, so that --help and chat start at once."""
MOST_LINES = 50
KNOW_ADAPTERS = {"assembly.py", "cli.py", "demo.py", "doctor.py", "showing.py"}
"""Beside the adapters themselves: what puts the parts together, or examines or shows one of them."""
ADAPTERS_MAY_IMPORT = {
    "ports",
    "errors",
    "earcons",
    "adapters",
    "hearing.values",
    "coaching.values",
    "coaching.history",
}
NUMPY = {"ports.py": "samples are arrays", "earcons.py": "melodies are samples", "doctor.py": "measures samples"}
NUMPY |= {"hearing/activity.py": "reads samples", "hearing/graph_file.py": "the graph is an array of arcs"}
NUMPY |= {"hearing/matching.py": "RapidFuzz answers with a matrix"}
OUTSIDE = {
    "asyncio",
    "fcntl",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "shutil",
    "signal",
    "socket",
}
OUTSIDE |= {"sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib"}
"""What a pure module has no use for."""
SEEDED = {"hearing/phrase_model.py": {"random"}}
"""Pure all the same: its dice are seeded with a constant and fall alike every time."""
NETWORK = {"ftplib", "http", "requests", "smtplib", "socket", "ssl", "urllib", "xmlrpc"}
MAY_NOT_IMPORT = {
    "hearing": ("voice_coach.coaching", "voice_coach.adapters", "voice_coach.loop", "voice_coach.packs"),
    "coaching": ("voice_coach.adapters", "voice_coach.loop", "voice_coach.ports", "voice_coach.settings"),
    "adapters": ("voice_coach.loop", "voice_coach.sessions", "voice_coach.assembly", "voice_coach.cli"),
    "loop.py": ("voice_coach.adapters", "voice_coach.assembly", "voice_coach.cli"),
    "mouths.py": ("voice_coach.adapters", "voice_coach.assembly", "voice_coach.coaching"),
    "ears.py": ("voice_coach.adapters", "voice_coach.assembly", "voice_coach.coaching"),
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports_of(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    imports = imports_of(tree_of(path))
    for part, forbidden in MAY_NOT_IMPORT.items():
        if name_of(path).split("/")[0] == part:
            wrong = {name for name in imports if name.startswith(forbidden)}
            assert not wrong


def ours(path: Path) -> set[str]:
    """The modules of the package that a file imports, without the package's name."""
    names = {name.removeprefix("voice_coach.") for name in imports_of(tree_of(path)) if name.startswith("voice_coach.")}
    return {name for name in names if (PACKAGE / f"{name.replace('.', '/')}.py").exists()}


def test_coaching_knows_only_itself_and_the_values_of_hearing() -> None:
    for path in (PACKAGE / "coaching").glob("*.py"):
        assert {name for name in ours(path) if not name.startswith("coaching.")} <= {"hearing.values"}, path.name


def test_hearing_knows_no_port_but_in_its_engine() -> None:
    for path in (PACKAGE / "hearing").glob("*.py"):
        known = {"errors", "yaml_source", "ports"} if path.name == "engine.py" else {"errors", "yaml_source"}
        assert {name for name in ours(path) if not name.startswith("hearing.")} <= known, path.name


def test_an_adapter_knows_ports_and_values_and_nothing_above() -> None:
    for path in (PACKAGE / "adapters").glob("*.py"):
        known = {name for name in ours(path) if not name.startswith("adapters.")}
        assert known <= ADAPTERS_MAY_IMPORT, path.name


def test_only_few_know_adapters_by_name() -> None:
    knowing = {name_of(path) for path in MODULES if any(name.startswith("adapters.") for name in ours(path))}
    assert {name for name in knowing if not name.startswith("adapters/")} == KNOW_ADAPTERS


def test_only_the_download_uses_the_network() -> None:
    using = {name_of(path) for path in MODULES if {name.split(".")[0] for name in imports_of(tree_of(path))} & NETWORK}
    assert using == {"download.py"}
    assert {name_of(path) for path in MODULES if "download" in ours(path)} == {"preparing.py"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_are_imported_late(path: Path) -> None:
    at_once = [node for node in tree_of(path).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {name.split(".")[0] for node in at_once for name in imports_of(node)}
    worker = path.name in ("synthesizer_worker.py", "model_trial.py")  # processes of their own, made for that library
    assert worker or not names & HEAVY
    assert "numpy" not in names or name_of(path) in NUMPY or path.parent.name == "adapters"


def test_a_typed_conversation_loads_nothing_that_hears_or_speaks(tmp_path: Path) -> None:
    program = (
        "import sys; from voice_coach import assembly, sessions;"
        "settings = assembly.settings_for(None, journal__path=sys.argv[1]);"
        "sessions.chat(settings, lines=['give me a tiny question'], now=None, report=lambda event: None);"
        "print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "journal.sqlite3"],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(ran.stdout.split())
    assert "voice_coach.coaching.coach" in modules
    assert not modules & HEAVY


# --- pure modules


PURE = [path for path in MODULES if "PURE" in path.read_text(encoding="utf-8") or path.parent.name == "coaching"]


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_what_is_pure_has_no_clock_no_chance_and_no_files(path: Path) -> None:
    tree = tree_of(path)
    outside = {name.split(".")[0] for name in imports_of(tree)} & OUTSIDE
    assert outside <= SEEDED.get(name_of(path), set())
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name))
    }
    assert not called & {"now", "utcnow", "today", "open", "print", "input", "hash"}


def test_the_pure_modules_are_those_that_the_documentation_calls_so() -> None:
    page = (PACKAGE.parent / "docs/architecture.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^ +(\w+\.py) +PURE", page, re.MULTILINE))
    assert told
    assert told <= {path.name for path in PURE} | {"journal_export.py"}


# --- words


def texts_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts that a module works with, with their lines: no docstrings, no errors, no patterns."""
    passed: set[int] = set()
    for node in ast.walk(tree):
        pattern = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")
        if pattern or isinstance(node, ast.Raise):
            passed |= {id(below) for below in ast.walk(node)}
        elif isinstance(node, ast.Expr):
            passed.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.lineno, node.value


def is_prose(text: str) -> bool:
    """Two words in a row, other than names of prompts and their slots."""
    names = set(coach.KEYS).union(*coach.KEYS.values())
    in_a_row = re.search(r"[^\W\d_]{2,}[,.;:?]? [^\W\d_]{2,}", re.sub(r"\{\w+\}", "", text))
    return bool(in_a_row) and not set(text.split()) <= names


@pytest.mark.parametrize("path", sorted((PACKAGE / "coaching").glob("*.py")), ids=name_of)
def test_no_sentence_of_any_language_stands_in_the_coach(path: Path) -> None:
    assert not [(line, text) for line, text in texts_of(tree_of(path)) if is_prose(text)]


def test_a_sentence_in_the_coach_would_be_found() -> None:
    texts = [text for _, text in texts_of(ast.parse('"""A law."""\nsaid = f"Well done, {name}."\nkey = "step.offer"'))]
    assert [text for text in texts if is_prose(text)] == ["Well done, "]


# --- size


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_function_fits_one_screen(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= MOST_LINES, f"{node.name} has {lines} lines"
