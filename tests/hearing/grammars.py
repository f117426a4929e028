"""Small grammars for tests, written as sentence files are."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.intent_files import Grammar, read_grammar
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.parsing import Parse, parse
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Utterance, Verdict
from voice_coach.hearing.words import to_words


def grammar_of(text: str) -> Grammar:
    """What a folder with one file says."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "sentences.yaml").write_text(text, encoding="utf-8")
        return read_grammar(Path(name))


def automaton_of(text: str) -> Automaton:
    return compile_grammar(grammar_of(text))


def templates(*sentences: str, rest: str = "", language: str = "en") -> Automaton:
    """One intent, `It`, with these sentences; `rest` are lists and rules in YAML."""
    return automaton_of(
        f"language: {language}\n{rest}\nintents: {{It: {{data: [{{sentences: {quoted(sentences)}}}]}}}}"
    )


def intents(rest: str = "", **sentences: Iterable[str]) -> Automaton:
    """Several intents, each with its sentences."""
    blocks = [f"  {name}: {{data: [{{sentences: {quoted(of)}}}]}}" for name, of in sentences.items()]
    return automaton_of("\n".join(["language: en", rest, "intents:", *blocks]))


def quoted(sentences: Iterable[str]) -> str:
    return "[" + ", ".join("'" + sentence.replace("'", "''") + "'" for sentence in sentences) + "]"


def reads(automaton: Automaton, sentence: str) -> list[Parse]:
    return parse(automaton, to_words(sentence, automaton.grammar.language))


def takes(automaton: Automaton, sentence: str) -> bool:
    return bool(reads(automaton, sentence))


def slots(automaton: Automaton, sentence: str) -> dict[str, str]:
    """The slots of the best reading; there has to be one."""
    return dict(reads(automaton, sentence)[0].slots)


def all_sentences(automaton: Automaton) -> set[str]:
    """Everything that the templates generate; they must have no free text."""
    found: set[str] = set()
    pending: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while pending:
        state, words = pending.pop()
        here = automaton.states[state]
        if here.final:
            found.add(" ".join(words))
        pending.extend((target, (*words, word)) for word, targets in here.words.items() for target in targets)
        pending.extend((target, words) for target, _ in here.silent)
    return found


def verdict(matcher: Matcher, text: str, confidence: float = 1.0) -> Verdict:
    return matcher.match(Utterance(text, confidence))
