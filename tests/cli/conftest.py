"""One language graph for all of these tests, and for each an empty home."""

from pathlib import Path

import pytest

from tests.cli.program import Program
from voice_coach.catalog import find_model
from voice_coach.errors import ModelError


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that set-up makes but the model; made by set-up itself, which finds the model there already."""
    try:
        find_model(folders=None)
    except ModelError as error:
        pytest.fail(str(error), pytrace=False)
    folder = tmp_path_factory.mktemp("cache")
    ran = Program(tmp_path_factory.mktemp("first-home"), folder).run("setup").worked
    assert "Ready" in ran.err
    assert ran.out == ""
    return folder


@pytest.fixture
def program(tmp_path: Path, cache: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, cache)


@pytest.fixture
def bare(tmp_path: Path) -> Program:
    """Without the language graph: for what needs none, or is to fail for want of it."""
    home = tmp_path / "bare-home"
    home.mkdir()
    return Program(home, tmp_path / "bare-cache")
