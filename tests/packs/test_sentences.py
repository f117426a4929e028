"""Every test sentence of a language pack is run against all intents; every template is hit by one of them."""

from functools import cache

import pytest

from tests.hearing import graphs
from voice_coach.hearing.automaton import ANY, Automaton
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.parsing import overlap
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Intent, Utterance
from voice_coach.hearing.words import to_words
from voice_coach.packs import languages, pack_folder
from voice_coach.yaml_source import read_yaml

OF_THE_CONTRACT = {
    *("AskQuestion", "AskPractice", "TooHard", "LogDone", "LogNotDone", "Yes", "No", "Maybe", "Repeat", "Why"),
    *("Evidence", "Help", "Skip", "Stop", "Undo", "Slower", "Faster", "Louder", "Softer", "Progress", "Today"),
    *("Greeting", "Goodbye", "ThankYou", "TimeNow", "AboutCoach", "Distress"),
}
CASES = [
    (language, path, number, case)
    for language in languages()
    for path in sorted((pack_folder(language) / "tests").glob("*.yaml"))
    for number, case in enumerate(read_yaml(path)["tests"], start=1)
]


@cache
def matcher_of(language: str) -> Matcher:
    return Matcher(compile_grammar(read_grammar(pack_folder(language))))


@pytest.mark.parametrize(
    ("language", "case"),
    [(language, case) for language, _, _, case in CASES],
    ids=[f"{path.stem}-{number}" for _, path, number, _ in CASES],
)
def test_a_sentence_means_what_it_should_and_nothing_else(language: str, case: dict[str, object]) -> None:
    sentences, meant = case["sentences"], case["intent"]
    assert isinstance(sentences, list)
    for sentence in sentences:
        verdict = matcher_of(language).match(Utterance(str(sentence)))
        if meant is None:
            assert not isinstance(verdict, Intent), f"“{sentence}” was taken for {verdict}"
            continue
        assert isinstance(meant, dict)
        assert isinstance(verdict, Intent), f"“{sentence}” is not understood: {verdict}"
        assert verdict.name == meant["name"], f"“{sentence}” was taken for {verdict.name}"
        if "slots" in meant:
            assert dict(verdict.slots) == meant["slots"], f"“{sentence}”"


def readers(automaton: Automaton, sentence: str) -> set[int]:
    """All templates that generate the sentence, also those that another one of the same intent overtakes."""
    states = {0}
    for word in to_words(sentence, automaton.grammar.language):
        steps = [automaton.closure(state).words for state in states]
        states = {step.target for ways in steps for label in (word, ANY) for step in ways.get(label, ())}
    return {template for state in states for _, template in automaton.closure(state).finals}


@pytest.mark.parametrize("language", languages())
def test_every_template_is_hit_by_a_test_sentence(language: str) -> None:
    automaton = matcher_of(language).automaton
    sentences = [sentence for of, _, _, case in CASES if of == language for sentence in case["sentences"]]
    hit = {template for sentence in sentences for template in readers(automaton, str(sentence))}
    missed = [
        f"{template.where}: {template.source}"
        for number, template in enumerate(automaton.grammar.templates)
        if number not in hit
    ]
    assert not missed


@pytest.mark.parametrize("language", languages())
def test_no_sentence_means_two_things(language: str) -> None:
    assert overlap(matcher_of(language).automaton) is None


@pytest.mark.parametrize("language", languages())
def test_all_intents_of_the_contract_are_there_and_no_others(language: str) -> None:
    assert {template.intent for template in matcher_of(language).automaton.grammar.templates} == OF_THE_CONTRACT


def test_the_model_knows_every_word_of_the_english_pack() -> None:
    _, graph = graphs.pack_of("en")
    assert dict(graph.unknown) == {}
