"""What an utterance means: to the letter where it can be, asked back where it is near, and never its opposite."""

import time

import pytest

from tests.hearing.grammars import automaton_of, intents, templates, verdict
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Confirm, Intent, NoInput, NoMatch, Utterance

COACH = """
language: en
negations: [not, "no", never, don't, didn't, aren't, isn't, can't, won't, nothing]
skip_words: [um, uh, you know]
lists:
  any: {wildcard: true}
  drink: {values: [water, green tea, {in: "[black] coffee", out: coffee}]}
intents:
  Done: {data: [{sentences: ["i did it", "i have done it", "we are done", "i finished [the|my] step"]}]}
  Stop: {data: [{sentences: ["stop [it|talking]", "please stop", "be quiet"]}]}
  "Yes": {data: [{sentences: ["(yes|yeah|yep) [please]", "that is right"]}]}
  "No": {data: [{sentences: ["no [thanks]", "not now", "that is not right"]}]}
  Question: {data: [{sentences: ["(give|ask) me a [tiny|small] question", "what is the question"]}]}
  Progress: {data: [{sentences: ["how am i doing", "show me my progress", "what have i done this week"]}]}
  Undo: {data: [{sentences: ["undo that", "forget the last one"], metadata: {exact: true}}]}
  Drank: {data: [{sentences: ["i drank [a|some] [glass of] {drink:what}"], slots: {kind: drink}}]}
  Remind: {data: [{sentences: ["remind me to {any:what}"]}]}
"""


@pytest.fixture(scope="module")
def coach() -> Matcher:
    return Matcher(automaton_of(COACH))


def name_of(matcher: Matcher, text: str) -> str | None:
    """The intent that is accepted, if one is."""
    found = verdict(matcher, text)
    return found.name if isinstance(found, Intent) else None


def possible(matcher: Matcher, text: str) -> set[str]:
    """Every intent that is accepted or asked about."""
    found = verdict(matcher, text)
    if isinstance(found, Confirm):
        return {candidate.name for candidate in found.candidates}
    return {found.name} if isinstance(found, Intent) else set()


# --- to the letter ----------------------------------------------------------------------------------------------------


def test_what_a_template_says_is_accepted_with_its_slots(coach: Matcher) -> None:
    found = coach.match(Utterance("I drank a glass of black coffee!", 0.9))
    assert found == Intent(
        "Drank", {"kind": "drink", "what": "coffee"}, "i drank a glass of black coffee", confidence=0.9
    )
    assert verdict(coach, "remind me to call the dentist") == Intent(
        "Remind", {"what": "call the dentist"}, "remind me to call the dentist"
    )


@pytest.mark.parametrize("text", ["", " ", "?!", "\u2026", "\n\t"])
def test_nothing_said_is_no_input(coach: Matcher, text: str) -> None:
    assert verdict(coach, text) == NoInput()


@pytest.mark.parametrize("text", ["um stop", "stop um", "you know i did uh it", "uh um be you know quiet"])
def test_filler_between_the_words_changes_nothing(coach: Matcher, text: str) -> None:
    assert name_of(coach, text) in ("Stop", "Done")


def test_filler_alone_is_nothing_understood(coach: Matcher) -> None:
    assert verdict(coach, "um you know") == NoMatch("um you know", 1.0)


def test_two_readings_with_free_text_that_are_as_good_are_asked_about() -> None:
    rest = "lists: {any: {wildcard: true}}"
    matcher = Matcher(intents(rest, Add=["put {any:what} on it"], Note=["put {any:text} on it", "{any:x} in it"]))
    found = verdict(matcher, "put sugar on it")
    assert isinstance(found, Confirm)
    assert [(one.name, dict(one.slots)) for one in found.candidates] == [
        ("Add", {"what": "sugar"}),
        ("Note", {"text": "sugar"}),
    ]


# --- nearly -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("give me a tiny questoin", "Question"),
        ("show my progress", "Progress"),
        ("how am i doing then", "Progress"),
    ],
)
def test_a_slip_is_understood_or_asked_back_as_what_was_meant(coach: Matcher, text: str, intent: str) -> None:
    assert possible(coach, text) == {intent}


def test_a_misspelled_word_is_accepted_with_less_certainty(coach: Matcher) -> None:
    found = verdict(coach, "ask me a small questionn", 0.8)
    assert isinstance(found, Intent)
    assert found.name == "Question"
    assert found.text == "ask me a small questionn"
    assert 0.6 < found.confidence < 0.8


def test_something_else_is_not_understood_and_keeps_its_words(coach: Matcher) -> None:
    for text in ("the weather is lovely today", "my sister lives in norway", "seventeen elephants"):
        assert verdict(coach, text.upper(), 0.7) == NoMatch(text, 0.7)


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("i did not do it", "Done"),
        ("i didn't do it", "Done"),
        ("i did not", "Done"),
        ("i have not done it", "Done"),
        ("we are not done", "Done"),
        ("we aren't done", "Done"),
        ("i never finished my step", "Done"),
        ("i finished nothing", "Done"),
        ("don't stop", "Stop"),
        ("don\u2019t stop talking", "Stop"),
        ("please don't stop", "Stop"),
        ("never be quiet", "Stop"),
        ("that isn't right", "Yes"),
        ("no that is right", "No"),
        ("i didn't drink any water", "Drank"),
        ("don't give me a question", "Question"),
    ],
)
def test_a_negation_is_never_its_opposite(coach: Matcher, text: str, opposite: str) -> None:
    assert opposite not in possible(coach, text)


def test_every_sentence_loses_its_meaning_with_a_negation_anywhere(coach: Matcher) -> None:
    sentences = {
        "Done": "we are done",
        "Stop": "please stop",
        "Question": "give me a tiny question",
        "Progress": "how am i doing",
        "Drank": "i drank some green tea",
    }
    for intent, sentence in sentences.items():
        words = sentence.split()
        for negation in coach.automaton.grammar.negations:
            for position in range(len(words) + 1):
                text = " ".join((*words[:position], negation, *words[position:]))
                assert intent not in possible(coach, text), text


@pytest.mark.parametrize(
    "text",
    ["yesterday", "the", "a", "it", "is", "me", "yes yesterday i was", "know", "nod", "top", "stoop", "i", "that"],
)
def test_a_word_that_looks_or_counts_like_another_is_not_accepted(coach: Matcher, text: str) -> None:
    assert name_of(coach, text) is None


def test_filler_of_the_templates_alone_is_not_even_asked_about(coach: Matcher) -> None:
    for text in ("the", "a", "me", "is it", "yesterday"):
        assert verdict(coach, text) == NoMatch(text, 1.0)


def test_of_two_close_intents_none_is_taken() -> None:
    walk = "remind me to take a little walk in the"
    matcher = Matcher(
        intents(
            Morning=[f"{walk} morning"],
            Evening=[f"{walk} evening"],
            Other=["what time is it", "stop", "how am i doing"],
        )
    )
    for text in (walk, f"{walk} morning evening", "remind me", f"{walk} garden"):
        found = verdict(matcher, text)
        assert isinstance(found, NoMatch) or (isinstance(found, Confirm) and len(found.candidates) == 2), text
    found = verdict(matcher, walk)
    assert isinstance(found, Confirm)
    assert {candidate.name for candidate in found.candidates} == {"Morning", "Evening"}
    assert found.confidence < 1 and found.text == walk
    assert name_of(matcher, f"{walk} morning") == "Morning"


@pytest.mark.parametrize(
    "text", ["undo this", "undo", "undo that please", "undu that", "forget the last", "forgot the last one"]
)
def test_what_is_marked_exact_is_never_guessed(coach: Matcher, text: str) -> None:
    assert name_of(coach, "undo that") == name_of(coach, "forget the last one") == "Undo"
    assert "Undo" not in possible(coach, text)


def test_free_text_that_is_not_to_the_letter_is_at_most_asked_about(coach: Matcher) -> None:
    for text in ("remind to call the dentist", "reminds me to stretch", "please remind me to stretch"):
        assert name_of(coach, text) is None
        assert possible(coach, text) <= {"Remind"}


def test_doubt_names_the_value_that_was_nearly_said(coach: Matcher) -> None:
    found = verdict(coach, "i drank some gren tea")
    assert isinstance(found, (Intent, Confirm))
    intent = found.intent if isinstance(found, Confirm) else found
    assert dict(intent.slots) == {"kind": "drink", "what": "green tea"}


# --- limits -----------------------------------------------------------------------------------------------------------


def test_ten_thousand_words_are_quickly_nothing(coach: Matcher) -> None:
    text = "please stop and give me a tiny question " * 1_250
    verdict(coach, "something to make it ready")
    begun = time.process_time()
    found = verdict(coach, text)
    assert time.process_time() - begun < 1
    assert isinstance(found, NoMatch)
    assert len(found.text.split()) == 10_000


def test_one_enormous_word_is_quickly_nothing(coach: Matcher) -> None:
    begun = time.process_time()
    assert isinstance(verdict(coach, "stop" * 50_000), NoMatch)
    assert time.process_time() - begun < 1


def test_a_near_miss_is_judged_in_milliseconds(coach: Matcher) -> None:
    verdict(coach, "something to make it ready")
    begun = time.process_time()
    for number in range(50):
        verdict(coach, f"could you show me all my progress of week {number}")
    assert time.process_time() - begun < 50 * 0.02


def test_a_folder_with_one_intent_works() -> None:
    matcher = Matcher(templates("turn on the [kitchen] light"))
    assert name_of(matcher, "turn on the light") == "It"
    assert possible(matcher, "turn on the kitchen lihgt") == {"It"}
    assert verdict(matcher, "what a day") == NoMatch("what a day", 1.0)
    assert verdict(matcher, "") == NoInput()


def test_a_folder_with_nothing_but_free_text_works() -> None:
    matcher = Matcher(templates("{any:all}", rest="lists: {any: {wildcard: true}}"))
    assert verdict(matcher, "what a day") == Intent("It", {"all": "what a day"}, "what a day")


def test_words_in_any_script_are_taken(coach: Matcher) -> None:
    for text in (
        "\u4f60\u597d",
        "\u041f\u0440\u0438\u0432\u0435\u0442",
        "\u0627\u0644\u0633\u0644\u0627\u0645",
        "*",
        "* *",
    ):
        assert not possible(coach, text)


def test_the_same_words_always_mean_the_same(coach: Matcher) -> None:
    said = ("remind me", "show me progress", "i did", "give me a question now", "stop please")
    first = [verdict(coach, text) for text in said]
    assert [verdict(Matcher(automaton_of(COACH)), text) for text in said] == first


def test_the_explanation_tells_how_it_came_about(coach: Matcher) -> None:
    _, exact = coach.explain(Utterance("stop it"))
    assert [parse.intent for parse in exact.exact] == ["Stop"] and not exact.near
    _, near = coach.explain(Utterance("show me progress"))
    assert near.near[0].intent == "Progress"
    assert near.near[0].words == ("show", "me", "my", "progress")
    assert 0.7 < near.near[0].closeness < 1
    _, vetoed = coach.explain(Utterance("we are not done"))
    assert ("we are done", "negation") in vetoed.rejected
