"""What the templates mean is what the automaton reads: no sentence more, none less."""

import itertools
import os
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hassil.intents import SlotList, TextSlotList, TextSlotValue
from hassil.parse_expression import parse_sentence
from hassil.sample import sample_sentence

from tests.hearing.grammars import all_sentences, automaton_of, intents, reads, slots, takes, templates
from voice_coach.errors import PackError
from voice_coach.hearing.acceptor import compact
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.parsing import overlap
from voice_coach.hearing.words import to_words

FREE = "lists: {any: {wildcard: true}}"


@pytest.mark.parametrize(
    ("template", "sentences"),
    [
        ("a [b] c", {"a c", "a b c"}),
        ("a (b|c)", {"a b", "a c"}),
        ("a [b|c d]", {"a", "a b", "a c d"}),
        ("light[s]", {"light", "lights"}),
        ("turn(s|ed|) it", {"turns it", "turned it", "turn it"}),
        ("[un]do[ing] it", {"do it", "undo it", "doing it", "undoing it"}),
        ("(a|b)(c|d) e", {"ac e", "ad e", "bc e", "bd e"}),
        ("(a;b)", {"a b", "b a"}),
        ("x(a;[b])y", {"x a b y", "x b a y", "x a y"}),
        ("[a;b] c", {"a b c", "b a c", "c"}),
        ("(a|a) a", {"a a"}),
        (" [ a ]  b ", {"b", "a b"}),
        ("what's up?", {"what's up"}),
        ("well, OK then...", {"well ok then"}),
        ("2 eggs", {"two eggs"}),
        ("push-ups", {"push ups"}),
        ("(twenty|thirty)-one", {"twenty one", "thirty one"}),
        ("don\u2019t", {"don't"}),
        ("I CAN'T", {"i can't"}),
        ("\\(a\\) b", {"a b"}),
    ],
)
def test_a_template_says_exactly_its_sentences(template: str, sentences: set[str]) -> None:
    assert all_sentences(templates(template)) == sentences


def test_parts_in_any_order_may_be_five_and_optional() -> None:
    automaton = templates("please (a;b;c;[d];[e])")
    expected = {
        " ".join(("please", *order))
        for kept in (("a", "b", "c"), ("a", "b", "c", "d"), ("a", "b", "c", "e"), ("a", "b", "c", "d", "e"))
        for order in itertools.permutations(kept)
    }
    assert all_sentences(automaton) == expected
    assert len(automaton.states) < 400


def test_too_many_parts_in_any_order_are_refused() -> None:
    with pytest.raises(PackError, match="any order"):
        templates("(a;b;c;d;e;f;g;h)")


def test_rules_stand_apart_or_join_words_by_the_spaces_around_and_in_them() -> None:
    rest = "expansion_rules: {first: '[please ]', last: '[ please]', un: ' [un] ', nested: 'now<last>'}"
    assert all_sentences(templates("<first>go<last>", rest=rest)) == {
        "go",
        "please go",
        "go please",
        "please go please",
    }
    assert all_sentences(templates("<un>do it <nested>", rest=rest)) == {
        *("do it now", "undo it now", "do it now please", "undo it now please"),
    }


def test_lists_inside_lists_give_their_own_slots() -> None:
    automaton = templates(
        "i {deed:what}",
        rest="""
lists:
  any: {wildcard: true}
  drink: {values: [water, "green tea"]}
  deed: {values: ["drank {drink}", "did {0..100:quantity} {any:_}", slept]}""",
    )
    assert slots(automaton, "i drank green tea") == {"what": "drank green tea", "drink": "green tea"}
    assert slots(automaton, "i did 21 slow push-ups") == {
        "what": "did twenty one slow push ups",
        "quantity": "twenty one",
    }
    assert slots(automaton, "i slept") == {"what": "slept"}
    assert not takes(automaton, "i drank")


def test_a_value_may_give_something_other_than_its_words() -> None:
    automaton = templates(
        "{when}", rest='lists: {when: {values: [{in: "(now|right away)", out: 0}, {in: later, out: ""}, soon]}}'
    )
    assert slots(automaton, "right away") == {"when": "0"}
    assert slots(automaton, "later") == {"when": ""}
    assert slots(automaton, "soon") == {"when": "soon"}


def test_ranges_are_spelled_out() -> None:
    automaton = templates("{0..30,10:n} eggs", "{n} percent", rest="lists: {n: {range: {from: 98, to: 101}}}")
    assert all_sentences(automaton) == {
        *(f"{number} eggs" for number in ("zero", "ten", "twenty", "thirty")),
        *(f"{number} percent" for number in ("ninety eight", "ninety nine", "one hundred", "one hundred one")),
    }


@pytest.mark.parametrize(
    "template", ["{any} b", "a {any} b", "a {any}", "a {any:x} b {any:y}", "{any}", "{any:x} {any:y}"]
)
def test_free_text_takes_one_word_or_more_and_never_none(template: str) -> None:
    automaton = templates(template, rest=FREE)
    fixed = [word for word in template.split() if "{" not in word]
    assert not takes(automaton, " ".join(fixed))
    for one in ("x", "b a b"):
        sentence = " ".join(one if "{" in word or word.endswith("}") else word for word in template.split())
        found = slots(automaton, sentence)
        assert found and all(found.values())


def test_punctuation_after_a_slot_is_no_word() -> None:
    assert slots(templates("set {0..100:n}%, please!"), "set 5 please") == {"n": "five"}


def test_values_that_begin_like_other_values_lead_to_nothing_new() -> None:
    automaton = templates("{l} x", rest='lists: {l: {values: ["(a|b) [nice] c", "a d", "a d e", "b f"]}}')
    assert all_sentences(automaton) == {
        *("a c x", "b c x", "a nice c x", "b nice c x"),
        *("a d x", "a d e x", "b f x"),
    }


def test_templates_that_begin_alike_share_states_but_no_endings() -> None:
    rest = "lists: {l: {values: [p, q]}}"
    assert all_sentences(templates("[a] b {l} c", "[a] b {l} d e", "[a] b", rest=rest)) == {
        f"{start}b{end}" for start in ("", "a ") for end in ("", " p c", " q c", " p d e", " q d e")
    }
    alike = templates(*(f"will you please [just] tell me w{number}" for number in range(100)), rest=rest)
    assert len(alike.states) < 130


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("intents: {A: {data: [{sentences: ['a <b>']}]}}", r"sentences.yaml, line 1: there is no rule <b>"),
        ("intents: {A: {data: [{sentences: ['a {b}']}]}}", r"sentences.yaml, line 1: there is no list \{b\}"),
        (
            "intents: {A: {data: [{sentences: ['[a] [b]']}]}}",
            r"sentences.yaml, line 1: “\[a\] \[b\]” also matches silence",
        ),
        ("intents: {A: {data: [{sentences: ['?!']}]}}", r"also matches silence"),
        ("intents: {A: {data: [{sentences: ['{5..1:n}']}]}}", r"line 1 has a range from 5 to 1"),
        ("intents: {A: {data: [{sentences: ['{0..99999999999999999999999:n}']}]}}", r"has a range"),
    ],
)
def test_a_mistake_in_a_template_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(PackError, match=message):
        automaton_of(text)


def test_a_rule_that_contains_itself_is_named_with_its_line() -> None:
    with pytest.raises(PackError, match=r"line 5: <one> → <two> → <one> never ends"):
        automaton_of(
            "intents:\n  A: {data: [{sentences: ['a <one>']}]}\nexpansion_rules:\n  one: 'b <two>'\n  two: 'c [<one>]'"
        )


def test_a_list_that_contains_itself_is_named_with_its_line() -> None:
    with pytest.raises(PackError, match=r"line 4: \{l\} → \{l\} never ends"):
        automaton_of("intents: {A: {data: [{sentences: ['a {l}']}]}}\nlists:\n  l:\n    values: ['x {l}', y]")


def test_a_mistake_inside_a_rule_or_value_is_named_where_it_is_written() -> None:
    with pytest.raises(PackError, match="line 2: there is no rule <x>"):
        automaton_of("intents: {A: {data: [{sentences: ['a <one>']}]}}\nexpansion_rules: {one: 'b <x>'}")
    with pytest.raises(PackError, match="line 4: there is no list"):
        automaton_of("intents: {A: {data: [{sentences: ['a {l}']}]}}\nlists:\n  l: {values: [b,\n    'c {x}']}")


def test_rules_that_multiply_without_measure_are_refused_in_good_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice_coach.hearing.templates.MOST_STATES", 5_000)
    rules = "\n".join(f"  r{number}: '(<r{number + 1}> a|<r{number + 1}> b)'" for number in range(30))
    with pytest.raises(PackError, match="grow without measure"):
        templates("<r0>", rest=f"expansion_rules:\n{rules}\n  r30: x y")


def test_each_word_is_kept_with_the_place_that_uses_it_first() -> None:
    sentences = "intents:\n  A:\n    data:\n      - sentences:\n          - one two\n          - two {l}\n"
    automaton = automaton_of(f"{sentences}lists: {{l: {{values: [\n  three]}}}}")
    lines = {word: place.rpartition(" ")[2] for word, place in automaton.vocabulary.items()}
    assert lines == {"one": "5", "two": "5", "three": "8"}


def test_the_same_files_give_the_same_automaton_whatever_the_seed_of_hashes() -> None:
    program = """
from tests.hearing.grammars import templates
rest = "lists: {l: {values: ['x [y]', 'x z']}}"
print(templates("(un|re|)do[ing] [it|that thing] ({l};now;[ok])", rest=rest).states)
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1 and "State(" in outputs.pop()


# --- against hassil's own expansion -----------------------------------------------------------------------------------

WORDS = ("a", "b", "ca", "d's", "e")


def random_template(dice: random.Random, depth: int) -> str:
    """A template of hassil's syntax. Parts in any order stand apart, for there hassil's sampler forgets the spaces."""

    def inner() -> str:
        return random_template(dice, depth - 1)

    kinds: dict[str, Callable[[], str]] = {
        "word": lambda: dice.choice(WORDS),
        "optional": lambda: f"[{inner()}]",
        "choice": lambda: f"({'|'.join(inner() for _ in range(dice.randint(2, 3)))})",
        "optional choice": lambda: f"[{inner()}|{inner()}]",
        "any order": lambda: f" ({';'.join(random_template(dice, 0) for _ in range(dice.randint(2, 3)))}) ",
        "list": lambda: f" {{l{dice.randint(1, 2)}:s}} ",
        "range": lambda: " {1..3:n} ",
        "rule": lambda: f"<r{dice.randint(1, 2)}>",
    }
    names = list(kinds) if depth else ["word"]
    parts = (kinds[dice.choice(names)]() for _ in range(dice.randint(1, 3)))
    return dice.choice(("", " ", " ")).join(parts)


def random_grammar(dice: random.Random) -> tuple[list[str], dict[str, str], dict[str, list[str]]]:
    def plain_template() -> str:
        text = random_template(dice, 1)
        for name in ("<r1>", "<r2>", "{l1:s}", "{l2:s}"):
            text = text.replace(name, "x")
        return text

    rules = {"r1": f"w {plain_template()} w", "r2": f"w {plain_template()} w"}
    lists = {
        "l1": [f"{plain_template()} k" for _ in range(3)],
        "l2": ["[a] b", *(dice.choice(("a b", "a c d", "a", "b a")) for _ in range(3))],
    }
    return [f"z {random_template(dice, 2)}", f"{random_template(dice, 2)} z"], rules, lists


def expanded(template: str, rules: dict[str, str], lists: dict[str, list[str]]) -> set[str]:
    """All sentences, as hassil expands them; an empty set where there are too many."""
    values = {**lists, "1..3": ["one", "two", "three"]}
    slot_lists: dict[str, SlotList] = {
        name: TextSlotList(
            name=name, values=[TextSlotValue(text_in=parse_sentence(text).expression, value_out=text) for text in texts]
        )
        for name, texts in values.items()
    }
    parsed = {name: parse_sentence(text) for name, text in rules.items()}
    sampled = list(itertools.islice(sample_sentence(parse_sentence(template), slot_lists, parsed, "en"), 20_001))
    return set() if len(sampled) > 20_000 else {" ".join(to_words(text, "en")) for text in sampled}


def accepted(automaton: Automaton) -> set[str]:
    """All sentences of the acceptor that goes into the language graph."""
    states = compact(automaton)
    found: set[str] = set()
    pending: list[tuple[int, tuple[str, ...]]] = [(len(states) - 1, ())]
    while pending:
        state, words = pending.pop()
        if states[state].final is not None:
            found.add(" ".join(words))
        pending.extend((arc.target, (*words, arc.word) if arc.word else words) for arc in states[state].arcs)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_compiling_gives_the_sentences_that_hassil_expands(seed: int) -> None:
    dice = random.Random(seed)
    first, second = set[str](), set[str]()
    while not first or not second:
        sentences, rules, lists = random_grammar(dice)
        first, second = (expanded(template, rules, lists) for template in sentences)
    rest = f"expansion_rules: {rules!r}\nlists: { ({name: {'values': texts} for name, texts in lists.items()})!r}"
    automaton = intents(rest, First=sentences[:1], Second=sentences[1:])
    assert all_sentences(automaton) == first | second
    assert accepted(automaton) == first | second
    for sentence in dice.sample(sorted(first | second), min(30, len(first | second))):
        claims = {name for name, of in (("First", first), ("Second", second)) if sentence in of}
        assert {found.intent for found in reads(automaton, sentence)} == claims
    shared = overlap(automaton)
    assert (shared.sentence in first & second) if shared else not first & second


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_a_list_of_five_thousand_values_in_ten_templates_compiles_in_seconds_and_stays_fast() -> None:
    dice = random.Random(1)
    names = sorted({" ".join(f"n{dice.randrange(700)}" for _ in range(dice.randint(1, 3))) for _ in range(5_400)})[
        :5_000
    ]
    begun = time.process_time()
    automaton = intents(
        f"lists: {{l: {{values: {names!r}}}}}",
        **{f"Intent{number}": [f"[please] do{number} [the] {{l}} [now]"] for number in range(10)},
    )
    assert time.process_time() - begun < 5
    begun = time.process_time()
    assert overlap(automaton) is None
    assert len(compact(automaton)) < 10 * 5_000
    assert time.process_time() - begun < 5


def test_a_sentence_of_millions_costs_what_its_template_costs() -> None:
    tracemalloc.start()
    automaton = templates(" ".join(f"[a{number}|b{number}|c{number}]" for number in range(40)) + " end")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(automaton.states) < 200
    assert peak < 20_000_000
    assert takes(automaton, "b0 c7 a39 end")
