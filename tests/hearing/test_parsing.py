"""Which intents a row of words is; when a sentence is whole; which sentence two intents would both claim."""

import time

import pytest

from tests.hearing.grammars import automaton_of, intents, reads, slots, templates
from voice_coach.hearing.parsing import is_complete, overlap

FREE = "lists: {any: {wildcard: true}, drink: {values: [water, 'green tea', tea]}}"


def test_the_reading_with_most_fixed_words_comes_first() -> None:
    automaton = intents(
        FREE,
        Free=["i {any:what}"],
        Known=["i drank {any:what}"],
        Drink=["i drank [some] {drink:what}"],
    )
    found = reads(automaton, "i drank some green tea")
    assert [(parse.intent, parse.fixed, parse.free) for parse in found] == [
        ("Drink", 5, 0),
        ("Known", 2, 3),
        ("Free", 1, 4),
    ]
    assert [parse.intent for parse in reads(automaton, "i drank lemonade")] == ["Known", "Free"]
    assert [parse.intent for parse in reads(automaton, "i slept")] == ["Free"]
    assert reads(automaton, "you slept") == []
    assert reads(automaton, "") == []


def test_readings_alike_come_in_the_order_of_the_files() -> None:
    automaton = intents(FREE, Second=["a {any:x}"], First=["{any:x} b"])
    assert [parse.intent for parse in reads(automaton, "a b")] == ["Second", "First"]
    automaton = templates("a {any:x}", "a {any:y}", rest=FREE)
    assert slots(automaton, "a b") == {"x": "b"}


def test_the_best_reading_may_lie_inside_one_template() -> None:
    automaton = templates("i drank {any:what} [with {drink:extra}]", "i had ({any:what}|{drink:drink})", rest=FREE)
    assert slots(automaton, "i drank milk with green tea") == {"what": "milk", "extra": "green tea"}
    assert slots(automaton, "i drank milk with honey") == {"what": "milk with honey"}
    assert slots(automaton, "i had green tea") == {"drink": "green tea"}


def test_hidden_slots_group_words_and_are_not_reported() -> None:
    automaton = templates(
        "i {deed:what}", rest="lists: {any: {wildcard: true}, deed: {values: ['did {any:_}', '{0..9:n} {any:_}']}}"
    )
    assert slots(automaton, "i did the dishes") == {"what": "did the dishes"}
    assert slots(automaton, "i five things") == {"what": "five things", "n": "five"}


def test_constant_slots_are_given_where_nothing_is_said_for_them() -> None:
    automaton = automaton_of(
        "lists: {d: {values: [x]}}\n"
        "intents: {It: {data: [{slots: {kind: fixed, d: none}, sentences: ['a [{d}]']}, {sentences: [b]}]}}"
    )
    assert slots(automaton, "a") == {"kind": "fixed", "d": "none"}
    assert slots(automaton, "a x") == {"kind": "fixed", "d": "x"}
    assert slots(automaton, "b") == {}


def test_free_text_at_the_start_in_the_middle_and_twice() -> None:
    automaton = templates("remind me to {any:what} after {any:when}", "{any:what} is done", rest=FREE)
    assert slots(automaton, "remind me to stretch after i wake up") == {"what": "stretch", "when": "i wake up"}
    assert slots(automaton, "the washing up is done") == {"what": "the washing up"}
    assert reads(automaton, "is done") == []
    assert reads(automaton, "remind me to after lunch") == []


def test_a_sentence_is_complete_when_nothing_can_follow() -> None:
    automaton = intents(
        FREE, Stop=["stop [it [now]]"], Drank=["i drank {any:what}"], Undo=["undo {drink}"], Bye=["bye"]
    )
    complete = {"stop": False, "stop it": False, "stop it now": True, "bye": True, "undo": False, "undo tea": True}
    assert {text: is_complete(automaton, tuple(text.split())) for text in complete} == complete
    for free in ("i drank", "i drank water", "", "something else"):
        assert not is_complete(automaton, tuple(free.split()))


@pytest.mark.parametrize("words", [1_000, 10_000])
def test_speech_without_end_is_read_in_good_time(words: int) -> None:
    automaton = templates("i {any:a} and {any:b} and {any:c}", "{any:x} and {any:y}", rest=FREE)
    begun = time.process_time()
    found = reads(automaton, "i " + "did this and that " * (words // 4))
    assert time.process_time() - begun < words / 2_000
    assert len(found) == 1


# --- sentences that two intents claim ---------------------------------------------------------------------------------


def test_a_sentence_of_two_intents_is_found_with_both_places() -> None:
    automaton = automaton_of(
        "intents:\n"
        "  A:\n    data: [{sentences: ['[please] stop (it|that) [now]']}]\n"
        "  B:\n    data: [{sentences: ['start it', 'stop {l}']}]\n"
        "lists: {l: {values: [them, 'that [please]']}}"
    )
    found = overlap(automaton)
    assert found is not None
    first, second = (automaton.grammar.templates[index] for index in (found.first, found.second))
    assert found.sentence == "stop that"
    assert {(each.intent, each.where.rpartition(" ")[2]) for each in (first, second)} == {("A", "3"), ("B", "5")}


def test_the_shortest_shared_sentence_is_told() -> None:
    found = overlap(intents(A=["a b c d", "x [y]"], B=["a b [c d]", "x y z", "a b c d"]))
    assert found is not None and found.sentence == "a b c d"
    found = overlap(intents(A=["very very long one", "short"], B=["[very] [very] (long one|short)"]))
    assert found is not None and found.sentence == "short"


def test_an_intent_may_say_one_thing_in_two_ways() -> None:
    assert overlap(templates("stop [it]", "(stop|halt) it")) is None


def test_free_text_may_claim_what_fixed_text_says() -> None:
    assert overlap(intents(FREE, A=["i drank {any}"], B=["i drank water"], C=["{any}"])) is None


def test_words_shared_at_the_beginning_or_end_are_no_overlap() -> None:
    assert overlap(intents(A=["turn it on", "go [now]"], B=["turn it off", "stop now"])) is None
