"""Keeps compiled automata by the content of their files: reading one back takes a tenth of the time of compiling it."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from sys import intern
from typing import Any

from voice_coach.hearing import garbage, kept
from voice_coach.hearing.automaton import Automaton, Mark, State
from voice_coach.hearing.intent_files import Grammar, Template, read_grammar, sentence_files

FORMAT = 7
"""Raised whenever the same files would give another automaton."""
KEPT = 8
STATES_A_LINE = 256
NOTHING: dict[str, tuple[int, ...]] = {}
"""Of all states without words; an automaton that was read is not changed any more."""


def automaton_of(folder: Path, cache: Path, fallback_negations: frozenset[str] = frozenset()) -> Automaton:
    """The automaton of a folder of sentence files. Raises PackError; a cache that cannot be written is done without."""
    files = sentence_files(folder)
    path = cache / f"automaton-{_key(files, fallback_negations)}"
    with contextlib.suppress(OSError, ValueError), garbage.put_off():  # not there, or damaged
        return _from_lines(iter(kept.read(path).splitlines()))
    from voice_coach.hearing.templates import compile_grammar

    with garbage.put_off():
        automaton = compile_grammar(read_grammar(folder, fallback_negations))
    with contextlib.suppress(OSError):
        kept.keep(path, b"\n".join(_lines(automaton)), KEPT)
    return automaton


def _key(files: list[Path], fallback_negations: frozenset[str]) -> str:
    try:
        return kept.key_of(files, str(FORMAT), *sorted(fallback_negations))
    except OSError:
        return "unreadable"  # left to `read_grammar`, which says so properly


def _lines(automaton: Automaton) -> Iterator[bytes]:
    """Grammar and vocabulary in the first line, then the states, some hundreds to a line.

    So that reading them back never holds all of them twice.
    """
    yield _json(_grammar_as_json(automaton))
    for first in range(0, len(automaton.states), STATES_A_LINE):
        yield _json(
            [
                [state.words, [[target, *(mark or ())] for target, mark in state.silent], state.final]
                for state in automaton.states[first : first + STATES_A_LINE]
            ]
        )


def _json(plain: Any) -> bytes:
    return json.dumps(plain, separators=(",", ":")).encode()


def _grammar_as_json(automaton: Automaton) -> dict[str, Any]:
    grammar = automaton.grammar
    return {
        "language": grammar.language,
        "files": [str(file) for file in grammar.files],
        "negations": sorted(grammar.negations),
        "skip_words": sorted(grammar.skip_words),
        "templates": [
            [each.intent, each.source, each.where, dict(each.slots), each.exact] for each in grammar.templates
        ],
        "vocabulary": dict(automaton.vocabulary),
    }


def _from_lines(lines: Iterator[bytes]) -> Automaton:
    plain = json.loads(next(lines))
    grammar = Grammar(
        language=plain["language"],
        templates=tuple(
            Template(intent, source, where, None, slots, exact)
            for intent, source, where, slots, exact in plain["templates"]
        ),
        lists={},
        rules={},
        rule_places={},
        negations=frozenset(plain["negations"]),
        skip_words=frozenset(plain["skip_words"]),
        files=tuple(Path(file) for file in plain["files"]),
    )
    return Automaton(grammar, [_state(*each) for line in lines for each in json.loads(line)], plain["vocabulary"])


def _state(words: dict[str, list[int]], silent: list[Any], final: list[int]) -> State:
    ways = {intern(word): tuple(targets) for word, targets in words.items()}
    passed = tuple((each[0], Mark(*each[1:]) if len(each) > 1 else None) for each in silent)
    return State(ways or NOTHING, passed, tuple(final))
