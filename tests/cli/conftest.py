"""One language graph for all of these tests, and for each an empty home."""

from pathlib import Path

import platformdirs
import pytest

from tests.cli.program import Program
from voice_coach.catalog import find_model
from voice_coach.errors import ModelError


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that set-up makes but the model. What scripts/test has made already is only linked: it takes long."""
    try:
        find_model()
    except ModelError as error:
        pytest.fail(str(error), pytrace=False)
    folder = tmp_path_factory.mktemp("cache")
    graphs = folder / "voice-coach/graphs"
    graphs.mkdir(parents=True)
    for made in (platformdirs.user_cache_path("voice-coach", appauthor=False) / "graphs").glob("g*"):
        (graphs / made.name).symlink_to(made)
    ran = Program(tmp_path_factory.mktemp("first-home"), folder).run("setup").worked()
    assert "Ready" in ran.err
    assert ran.out == ""
    return folder


@pytest.fixture
def program(tmp_path: Path, cache: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, cache)


@pytest.fixture
def bare(tmp_path: Path, cache: Path) -> Program:
    """Without the language graph: for what needs none, or is to fail for want of it."""
    home = tmp_path / "bare-home"
    home.mkdir()
    own = tmp_path / "bare-cache"
    (own / "voice-coach").mkdir(parents=True)
    (own / "voice-coach/automata").symlink_to(cache / "voice-coach/automata")
    return Program(home, own)


@pytest.fixture
def broken_libraries(tmp_path: Path) -> Path:
    """For LD_LIBRARY_PATH: PortAudio and espeak-ng that the loader finds first, and cannot load."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    for name in ("libportaudio.so.2", "libespeak-ng.so.1"):
        (folder / name).write_bytes(b"")
    return folder
