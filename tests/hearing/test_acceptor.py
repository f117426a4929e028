"""The acceptor for the language graph: every sentence of the templates, weighted like probabilities, nothing else."""

import itertools
import math

import pytest

from tests.hearing.grammars import all_sentences, intents, templates
from voice_coach.hearing.acceptor import OPENING, SILENT, AcceptorState, compact, to_free_text
from voice_coach.hearing.automaton import ANY

FREE = "lists: {any: {wildcard: true}, drink: {values: [water, 'green tea', '[black] tea']}}"


def probabilities(states: tuple[AcceptorState, ...]) -> dict[str, float]:
    """Each sentence with how likely it is, all ways to say it together."""
    found: dict[str, float] = {}
    pending: list[tuple[int, tuple[str, ...], float]] = [(len(states) - 1, (), 0.0)]
    while pending:
        number, words, cost = pending.pop()
        state = states[number]
        if state.final is not None:
            sentence = " ".join(words)
            found[sentence] = found.get(sentence, 0.0) + math.exp(-cost - state.final)
        for arc in state.arcs:
            pending.append((arc.target, (*words, arc.word) if arc.word else words, cost + arc.cost))
    return found


SHAPES = [
    ["stop"],
    ["a [b] c", "a c d", "[x] [y] z"],
    ["turn(s|ed|) it", "[un]do[ing] it"],
    ["i drank {drink:what}", "{drink} [please]"],
    ["(a;b;[c]) now", "(a|a b) {0..30,5:n}"],
]


@pytest.mark.parametrize("sentences", SHAPES, ids=" / ".join)
def test_what_leads_out_of_a_state_adds_up_to_certainty(sentences: list[str]) -> None:
    for state in compact(templates(*sentences, rest=FREE)):
        total = sum(math.exp(-arc.cost) for arc in state.arcs)
        total += 0.0 if state.final is None else math.exp(-state.final)
        assert total == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("sentences", SHAPES, ids=" / ".join)
def test_it_says_exactly_what_the_templates_say(sentences: list[str]) -> None:
    automaton = templates(*sentences, rest=FREE)
    found = probabilities(compact(automaton))
    assert found.keys() == all_sentences(automaton)
    assert sum(found.values()) == pytest.approx(1, abs=0.01)


def test_intents_are_equally_likely_however_many_templates_they_have() -> None:
    found = probabilities(compact(intents(One=["stop"], Many=["go", "start", "begin", "get going"])))
    assert found["stop"] == pytest.approx(0.5, abs=0.001)
    for text in ("go", "start", "begin", "get going"):
        assert found[text] == pytest.approx(0.125, abs=0.001)


def test_what_may_be_left_out_is_left_out_as_often_as_is_said() -> None:
    found = probabilities(compact(templates("stop [it]")))
    assert found == {"stop": pytest.approx(0.5, abs=0.001), "stop it": pytest.approx(0.5, abs=0.001)}
    found = probabilities(compact(templates("stop [it|that] now"), left_out=0.8))
    assert found == {
        "stop now": pytest.approx(0.8, abs=0.001),
        "stop it now": pytest.approx(0.1, abs=0.001),
        "stop that now": pytest.approx(0.1, abs=0.001),
    }


def test_free_text_is_left_out() -> None:
    automaton = intents(FREE, Free=["i drank {any:what}"], Fixed=["i drank [some] {drink:what}"])
    assert probabilities(compact(automaton)).keys() == {
        f"i drank {some}{what}" for some in ("", "some ") for what in ("water", "green tea", "tea", "black tea")
    }


def test_where_every_template_has_free_text_there_is_nothing() -> None:
    assert compact(templates("i drank {any:what}", rest=FREE)) == ()


def test_the_last_state_is_the_start_and_arcs_lead_to_earlier_ones() -> None:
    for sentences in SHAPES:
        states = compact(templates(*sentences, rest=FREE))
        targets = [arc.target for state in states for arc in state.arcs]
        assert all(arc.target < number for number, state in enumerate(states) for arc in state.arcs)
        assert set(targets) == set(range(len(states) - 1))


def test_no_two_states_are_alike() -> None:
    states = compact(templates(*(f"{first} then {second} it" for first, second in itertools.product("abcd", repeat=2))))
    assert len(set(states)) == len(states)
    assert len(states) < 25


def test_what_stands_around_a_command_is_left_out_more_often_than_what_stands_within() -> None:
    found = probabilities(compact(templates("[um] give [a] question [please]"), 0.5, 0.8))
    assert found["give question"] == pytest.approx(0.8 * 0.5 * 0.8, abs=0.001)
    assert found["give a question"] == pytest.approx(0.8 * 0.5 * 0.8, abs=0.001)
    assert found["um give a question please"] == pytest.approx(0.2 * 0.5 * 0.2, abs=0.001)


def test_openings_lead_to_where_free_text_begins_and_no_further() -> None:
    automaton = templates("i want to [really] {any:what}", "stop", "{any:what} now", rest=FREE)
    fixed, opened = compact(automaton), compact(automaton, openings=True)
    assert probabilities(fixed).keys() == {"stop"}
    costs = to_free_text(opened)
    before = {
        arc.word
        for state in opened
        for arc in state.arcs
        if arc.word not in (SILENT, ANY) and costs[arc.target] < math.inf
    }
    assert before == {"to", "really"}
    assert OPENING in opened
    words = {arc.word for state in opened for arc in state.arcs} - {SILENT, ANY}
    assert words == {"i", "want", "to", "really", "stop"}
