"""The trigram of free text: what templates say is likely, what they hint at possible; always the same."""

import math
from collections import Counter

import pytest

from tests.hearing.grammars import templates
from voice_coach.hearing.acceptor import SILENT, compact
from voice_coach.hearing.phrase_model import PhraseModel, phrase_model, sentences

ACCEPTOR = compact(
    templates(
        "i (drank|had) [a glass of] (water|tea)", "(tea|water) and (juice|bread)", "[a] walk [before|after] lunch"
    )
)


@pytest.fixture(scope="module")
def model() -> PhraseModel:
    return phrase_model(ACCEPTOR)


def cost(model: PhraseModel, sentence: str, state: int = 0) -> float:
    """What the cheapest way through the model costs; infinite where there is none."""
    word, _, rest = sentence.partition(" ")
    here = model.states[state]
    ways = [arc.cost + cost(model, sentence, arc.target) for arc in here.arcs if arc.word == SILENT]
    if not word:
        ways.append(math.inf if here.final is None else here.final)
    ways += [arc.cost + cost(model, rest, arc.target) for arc in here.arcs if word and arc.word == word]
    return min(ways, default=math.inf)


def test_samples_are_sentences_as_often_as_their_weights_say() -> None:
    said = Counter(" ".join(words) for words in sentences(ACCEPTOR, 20_000))
    assert {
        "i drank tea",
        "i had a glass of water",
        "tea and bread",
        "a walk before lunch",
        "walk lunch",
    } <= said.keys()
    assert len(said) == 8 + 4 + 6
    by_template = Counter(
        text.split()[0] if text[0] == "i" else "and" if " and " in text else "walk" for text in said.elements()
    )
    assert all(abs(count / 20_000 - 1 / 3) < 0.02 for count in by_template.values())


def test_the_same_templates_give_the_same_model(model: PhraseModel) -> None:
    assert phrase_model(ACCEPTOR) == model


def test_what_the_templates_say_costs_about_its_share(model: PhraseModel) -> None:
    assert cost(model, "tea and bread") == pytest.approx(-math.log(1 / 3 / 4), abs=0.3)


def test_words_in_new_combinations_are_possible_at_a_price(model: PhraseModel) -> None:
    for known, new in (
        ("i drank tea", "i drank juice"),
        ("tea and bread", "bread and tea"),
        ("a walk after lunch", "lunch"),
    ):
        assert cost(model, known) + 2 < cost(model, new) < math.inf


def test_words_that_no_template_has_are_not_in_it(model: PhraseModel) -> None:
    assert cost(model, "i drank coffee") == math.inf


def test_a_state_never_promises_more_than_there_is(model: PhraseModel) -> None:
    for state in model.states:
        spoken = sum(math.exp(-arc.cost) for arc in state.arcs if arc.word != SILENT)
        assert spoken + (0.0 if state.final is None else math.exp(-state.final)) < 1 + 1e-9
    assert not [arc for arc in model.states[model.unigram].arcs if arc.word == SILENT]
