"""The wheel carries the words and the catalog, never a model, and the program runs from it outside the checkout."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, beside which a downloaded model lies."""
    copy = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, copy)
    for name in ("voice_coach", "intents"):
        shutil.copytree(TOP / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "models/some-model/conf").mkdir(parents=True)
    (copy / "models/some-model/conf/model.conf").write_text("--beam=10.0\n")
    for name in ("__init__.py", "catalog.toml"):
        shutil.copy(TOP / "models" / name, copy / "models")
    out = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(out), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = out.glob("voice_coach-*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_every_module_travels(names: set[str]) -> None:
    modules = {path.relative_to(TOP).as_posix() for path in (TOP / "voice_coach").rglob("*.py")}
    assert modules <= names
    assert "voice_coach/py.typed" in names


def test_every_file_of_every_language_pack_travels(names: set[str]) -> None:
    packs = {f"voice_coach/{path.relative_to(TOP).as_posix()}" for path in (TOP / "intents").rglob("*.yaml")}
    assert any("/practices/" in name for name in packs)
    assert packs <= names


def test_the_catalog_travels_and_no_model_does(names: set[str]) -> None:
    assert {name for name in names if name.startswith("voice_coach/models/")} == {
        "voice_coach/models/__init__.py",
        "voice_coach/models/catalog.toml",
    }


def test_nothing_else_travels(names: set[str]) -> None:
    assert not [name for name in names if not name.startswith("voice_coach/")]


def test_the_program_runs_from_the_wheel_anywhere(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "import sys; from voice_coach import catalog, cli, packs;"
        "print(cli.__file__, catalog.load_catalog().default.name, packs.pack_folder('en'), sep='\\n');"
        "sys.argv[1:] = ['--help']; cli.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd="/", env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    module, model, pack, *help_text = run.stdout.splitlines()
    assert module == str(tmp_path / "voice_coach/cli.py")
    assert model == "vosk-model-small-en-us-0.15"
    assert pack == str(tmp_path / "voice_coach/intents/en")
    assert help_text[0].startswith("Usage: voice-coach")


def test_every_package_folder_is_in_the_list() -> None:
    listed = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(TOP) for path in (TOP / "voice_coach").rglob("__init__.py")}
    packages = {".".join(folder.parts) for folder in folders}
    assert set(listed) == packages | {"voice_coach.intents", "voice_coach.models"}
