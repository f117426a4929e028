"""Text becomes the words that a recognizer would write."""

import pytest

from voice_coach.hearing.words import plain, spelled, to_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's UP?", "what's up"),
        ("  push-ups,\tplease \n", "push ups please"),
        ("don\u2019t don\u2018t don\u02bct don`t", "don't don't don't don't"),
        ("'quoted' runnin' rock 'n' roll", "quoted runnin rock n roll"),
        ("nai\u0308ve", "na\u00efve"),
        ("snake_case a--b a\u2014b (c) [d] {e}", "snake case a b a b c d e"),
        ("?! ... \u2026 \U0001f600", ""),
        ("", ""),
    ],
)
def test_only_letters_digits_and_apostrophes_inside_words_stay(text: str, words: str) -> None:
    assert plain(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 push-ups", "two push ups"),
        ("21", "twenty one"),
        ("at 7:30", "at seven thirty"),
        ("10,000 steps", "ten thousand steps"),
        ("2.5 miles.", "two point five miles"),
        ("1.2.3", "one two three"),
        ("007", "seven"),
        ("1234567", "1234567"),
    ],
)
def test_digits_are_spelled_as_they_would_be_said(text: str, words: str) -> None:
    assert " ".join(to_words(text, "en")) == words


def test_a_number_of_five_thousand_digits_is_left_alone() -> None:
    assert to_words("9" * 5_000, "en") == ("9" * 5_000,)


def test_other_languages_spell_in_their_own_way() -> None:
    assert to_words("21 Äpfel", "de") == ("einundzwanzig", "äpfel")
    assert spelled(21, "fr") == ("vingt", "et", "un")


def test_a_regional_language_spells_like_its_language() -> None:
    assert spelled(21, "en-US") == spelled(21, "en_GB") == ("twenty", "one")


def test_a_language_without_published_rules_keeps_its_digits() -> None:
    assert to_words("21 xyz", "tlh") == ("21", "xyz")


def test_words_are_the_same_when_taken_apart_again() -> None:
    for text in ("It's 5 o'clock", "\u00c9t\u00e9 d'or", "stra\u00dfe 12,500", "\ufb01nd \u0130stanbul"):
        words = to_words(text, "en")
        assert to_words(" ".join(words), "en") == words
