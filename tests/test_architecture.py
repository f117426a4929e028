"""The structure that docs/architecture.md promises: which way imports point, and that functions fit one screen."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "voice_coach"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"vosk", "sounddevice", "soundfile", "soxr", "pyttsx3", "webrtcvad", "rich"}
"""Imported only inside the functions that need them, so that --help and chat start at once."""
MOST_LINES = 50
MAY_NOT_IMPORT = {
    "hearing": ("voice_coach.coaching", "voice_coach.adapters", "voice_coach.loop", "voice_coach.packs"),
    "coaching": ("voice_coach.adapters", "voice_coach.loop", "voice_coach.ports", "voice_coach.settings"),
    "adapters": ("voice_coach.loop", "voice_coach.sessions", "voice_coach.assembly", "voice_coach.cli"),
    "loop.py": ("voice_coach.adapters", "voice_coach.assembly", "voice_coach.cli"),
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


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    imports = imports_of(ast.parse(path.read_text(encoding="utf-8")))
    for part, forbidden in MAY_NOT_IMPORT.items():
        if name_of(path).split("/")[0] == part:
            wrong = {name for name in imports if name.startswith(forbidden)}
            assert not wrong


def test_coaching_knows_only_the_values_of_hearing() -> None:
    for path in (PACKAGE / "coaching").glob("*.py"):
        hearing = {name for name in imports_of(ast.parse(path.read_text(encoding="utf-8"))) if ".hearing" in name}
        assert all(name.startswith("voice_coach.hearing.values") for name in hearing), path.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_are_imported_late(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {name.split(".")[0] for node in at_once for name in imports_of(node)}
    worker = path.name in ("synthesizer_worker.py", "model_trial.py")  # processes of their own, made for that library
    assert worker or not names & HEAVY


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_function_fits_one_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= MOST_LINES, f"{node.name} has {lines} lines"
