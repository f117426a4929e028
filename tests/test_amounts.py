"""Amounts in people's own words, with the English pack's units and Unicode's number words."""

import pytest

from voice_coach.coaching.amounts import Amount, find, number_words, of_deed, spoken_numbers
from voice_coach.packs import pack_folder, read_pack

AMOUNTS = read_pack(pack_folder("en")).amounts


@pytest.mark.parametrize(
    ("said", "quantity", "unit"),
    [
        ("two push ups", 2, None),
        ("i drank a glass of water before breakfast", 1, "glass"),
        ("three glasses of water", 3, "glass"),
        ("twenty one pages", 21, "page"),
        ("twenty-one pages", 21, "page"),
        ("one hundred and five steps", 105, "step"),
        ("a hundred steps", 100, "step"),
        ("one thousand steps", 1000, "step"),
        ("half an hour of reading", 0.5, "hour"),
        ("an hour and a half", 1.5, "hour"),
        ("two and a half pages", 2.5, "page"),
        ("a quarter of a mile", 0.25, "mile"),
        ("one point two five miles", 1.25, "mile"),
        ("2.5 km", 2.5, "kilometer"),
        ("10 minutes", 10, "minute"),
        ("a couple of minutes", 2, "minute"),
        ("a dozen squats", 12, None),
        ("rolled my shoulders twice", 2, "time"),
        ("stood up three times", 3, "time"),
        ("walked at seven for five minutes", 5, "minute"),
        ("two of my three pages", 3, "page"),
        ("a sip", 1, "sip"),
    ],
)
def test_an_amount_is_found_in_what_was_said(said: str, quantity: float, unit: str | None) -> None:
    assert find(AMOUNTS, said) == Amount(quantity, unit)


@pytest.mark.parametrize(
    "said", ["", "water", "walked at seven", "this one", "the office", "a walk", "and a", "of", "."]
)
def test_where_no_amount_was_said_none_is_made_up(said: str) -> None:
    assert find(AMOUNTS, said) is None


def test_the_slots_of_an_intent_say_the_amount_where_they_have_one() -> None:
    assert of_deed(AMOUNTS, "push ups", "two") == Amount(2, None)
    assert of_deed(AMOUNTS, "push ups", "two", "push ups") == Amount(2, "push ups")
    assert of_deed(AMOUNTS, "water", "three", "glasses") == Amount(3, "glass")


def test_a_unit_in_the_words_of_the_deed_completes_a_bare_quantity() -> None:
    assert of_deed(AMOUNTS, "drank two glasses of water", "two") == Amount(2, "glass")


def test_without_slots_the_words_of_the_deed_say_it() -> None:
    assert of_deed(AMOUNTS, "read two pages") == Amount(2, "page")
    assert of_deed(AMOUNTS, "read") is None


def test_every_number_up_to_a_thousand_is_read_back_as_itself() -> None:
    for number, words in spoken_numbers("en").items():
        assert find(AMOUNTS, words) == Amount(number, None), words


def test_another_language_has_its_own_numbers() -> None:
    assert number_words("de")["einundzwanzig"] == 21
    assert spoken_numbers("fr")[80] == "quatre vingts"
