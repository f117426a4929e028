"""The trigram of people's own words is read back as it was, and made again only when its own files changed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from voice_coach.errors import PackError
from voice_coach.hearing import phrase_cache
from voice_coach.hearing.acceptor import AcceptorState
from voice_coach.hearing.phrase_cache import phrases_of
from voice_coach.hearing.phrase_model import PhraseModel, phrase_model

FREE = "language: en\nfree_text: ['i (walk|run) [<far>]', 'water']\nexpansion_rules: {far: '[very] far'}\n"
INTENTS = "language: en\nintents: {Stop: {data: [{sentences: [stop]}]}}\n"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "free.yaml").write_text(FREE, encoding="utf-8")
    (tmp_path / "intents.yaml").write_text(INTENTS, encoding="utf-8")
    return [tmp_path / "free.yaml", tmp_path / "intents.yaml"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one whenever a trigram is made."""
    calls: list[object] = []

    def counted(acceptor: Sequence[AcceptorState]) -> PhraseModel:
        calls.append(acceptor)
        return phrase_model(acceptor)

    monkeypatch.setattr(phrase_cache, "phrase_model", counted)
    return calls


def test_what_is_read_back_is_what_was_made(files: list[Path], cache: Path, made: list[object]) -> None:
    first, again = phrases_of(files, cache), phrases_of(files, cache)
    assert first is not None
    assert first == again
    assert {arc.word for state in first.states for arc in state.arcs} >= {"i", "walk", "run", "far", "water"}
    assert len(made) == 1


def test_a_change_of_the_intents_changes_nothing_but_one_of_its_own_files_does(
    files: list[Path], cache: Path, made: list[object]
) -> None:
    first = phrases_of(files, cache)
    files[1].write_text(INTENTS.replace("stop", "halt"), encoding="utf-8")
    assert phrases_of(files, cache) == first
    assert len(made) == 1
    files[0].write_text(FREE.replace("water", "tea"), encoding="utf-8")
    assert phrases_of(files, cache) != first


def test_rules_from_another_file_are_found_and_count(files: list[Path], cache: Path, made: list[object]) -> None:
    whole = phrases_of(files, cache)
    files[0].write_text(FREE.partition("expansion_rules")[0], encoding="utf-8")
    files[1].write_text(f"{INTENTS}expansion_rules: {{far: '[very] far'}}\n", encoding="utf-8")
    assert phrases_of(files, cache) == phrases_of(files, cache) == whole
    assert len(made) == 2
    files[1].write_text(f"{INTENTS}expansion_rules: {{far: away}}\n", encoding="utf-8")
    assert phrases_of(files, cache) != whole


def test_a_damaged_one_is_made_again(files: list[Path], cache: Path, made: list[object]) -> None:
    first = phrases_of(files, cache)
    (path,) = cache.iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    assert phrases_of(files, cache) == first
    assert len(made) == 2


def test_without_free_text_there_is_none(files: list[Path], cache: Path) -> None:
    assert phrases_of(files[1:], cache) is None


def test_a_cache_that_cannot_be_written_is_done_without(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert phrases_of(files, tmp_path / "file") is not None


def test_a_rule_that_is_nowhere_is_told_with_its_place(files: list[Path], cache: Path) -> None:
    files[0].write_text(FREE.partition("expansion_rules")[0], encoding="utf-8")
    with pytest.raises(PackError, match=r"free\.yaml.*<far>"):
        phrases_of(files, cache)
