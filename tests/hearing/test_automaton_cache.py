"""Compiled automata are read back as they were, made again when anything changed, and never block the way."""

import os
import time
from pathlib import Path

import pytest

from tests.hearing.grammars import verdict
from voice_coach.errors import PackError
from voice_coach.hearing import automaton_cache
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.automaton_cache import KEPT, automaton_of
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.templates import compile_grammar

SENTENCES = """
language: en
negations: [not, don't]
skip_words: [um, if you please]
lists:
  any: {wildcard: true}
  deed: {values: ["drank [some] {drink}", "did {0..20:n} {any:_}", {in: slept, out: rest}]}
  drink: {values: [water, green tea]}
intents:
  Done: {data: [{sentences: ["i {deed:what}", "i [have] done {any:what}"], slots: {kind: deed}}]}
  Stop: {data: [{sentences: ["stop [it]", "that is enough [for today]"]}]}
  Undo: {data: [{sentences: ["undo [that] [please]"], metadata: {exact: true}}]}
"""
SAID = (
    *("i drank some green tea", "i did 5 push-ups", "i slept", "i have done the dishes", "stop it", "um stop"),
    *("that is not enough for today", "that is enough for to day", "undo that please", "undoo that please"),
    *("", "something else entirely", "i did not drink", "would you stop it"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "intents"
    folder.mkdir()
    (folder / "a.yaml").write_text(SENTENCES, encoding="utf-8")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def files_of(cache: Path) -> list[Path]:
    return sorted(cache.iterdir())


def verdicts(automaton: Automaton) -> list[object]:
    return [verdict(Matcher(automaton), text) for text in SAID]


def test_what_is_read_back_understands_the_same(folder: Path, cache: Path) -> None:
    compiled = automaton_of(folder, cache)
    read_back = automaton_of(folder, cache)
    assert compiled.grammar.templates[0].expression is not None
    assert read_back.grammar.templates[0].expression is None, "this one was compiled again"
    assert read_back.states == compiled.states
    assert read_back.vocabulary == compiled.vocabulary
    assert read_back.grammar.files == compiled.grammar.files
    assert verdicts(read_back) == verdicts(compiled) == verdicts(compile_grammar(read_grammar(folder)))
    assert len(set(map(type, verdicts(compiled)))) >= 3


def test_a_changed_added_or_removed_file_is_compiled_anew(folder: Path, cache: Path) -> None:
    automaton_of(folder, cache)
    (folder / "a.yaml").write_text(SENTENCES.replace("stop [it]", "halt [it]"), encoding="utf-8")
    assert "halt" in automaton_of(folder, cache).vocabulary
    (folder / "b.yaml").write_text("intents: {Go: {data: [{sentences: [go]}]}}", encoding="utf-8")
    assert "go" in automaton_of(folder, cache).vocabulary
    (folder / "b.yaml").unlink()
    assert "go" not in automaton_of(folder, cache).vocabulary


def test_negations_given_from_outside_belong_to_the_key(folder: Path, cache: Path) -> None:
    (folder / "a.yaml").write_text("intents: {Go: {data: [{sentences: [go]}]}}", encoding="utf-8")
    for negations in (frozenset({"not"}), frozenset({"never"}), frozenset({"not"})):
        assert automaton_of(folder, cache, negations).grammar.negations == negations


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", "{}", '{"language": "en"}', "\x00\x01"],
)
def test_a_damaged_file_is_replaced(folder: Path, cache: Path, damage: str) -> None:
    sound = automaton_of(folder, cache)
    (file,) = files_of(cache)
    whole = file.read_bytes()
    file.write_text(damage)
    assert verdicts(automaton_of(folder, cache)) == verdicts(sound)
    assert file.read_bytes() == whole
    assert files_of(cache) == [file]


def test_a_file_cut_short_anywhere_is_replaced(folder: Path, cache: Path) -> None:
    sound = automaton_of(folder, cache)
    (file,) = files_of(cache)
    whole = file.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 12)):
        file.write_bytes(whole[:length])
        assert automaton_of(folder, cache).states == sound.states
        assert file.read_bytes() == whole


def test_one_altered_letter_is_noticed(folder: Path, cache: Path) -> None:
    sound = automaton_of(folder, cache)
    (file,) = files_of(cache)
    whole = file.read_bytes()
    assert whole.count(b"water") > 1
    for altered in (whole.replace(b"water", b"later"), whole.replace(b"not", b"now"), whole + b" ", whole[1:]):
        file.write_bytes(altered)
        assert automaton_of(folder, cache).vocabulary == sound.vocabulary
        assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(folder: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("in the way")
    assert verdicts(automaton_of(folder, in_the_way)) == verdicts(compile_grammar(read_grammar(folder)))
    assert in_the_way.read_text() == "in the way"


def test_mistakes_in_the_folder_are_told_and_not_kept(folder: Path, cache: Path) -> None:
    (folder / "a.yaml").write_text("intents: {A: {data: [{sentences: ['a <b>']}]}}", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(PackError, match="there is no rule <b>"):
            automaton_of(folder, cache)
    assert not cache.exists()


def test_only_the_newest_are_kept(folder: Path, cache: Path) -> None:
    for number in range(KEPT + 3):
        (folder / "a.yaml").write_text(f"intents: {{Go: {{data: [{{sentences: [go w{number}]}}]}}}}", encoding="utf-8")
        automaton_of(folder, cache)
        for age, file in enumerate(sorted(files_of(cache), key=lambda path: path.stat().st_mtime)):
            moment = time.time() - 100 + age
            os.utime(file, (moment, moment))
    assert len(files_of(cache)) == KEPT
    newest = automaton_cache.automaton_of(folder, cache)
    assert newest.grammar.templates[0].expression is None
