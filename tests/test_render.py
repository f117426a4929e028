"""Prompts become words: the same ones on the same day, and nothing that was said is ever read as a template."""

from datetime import UTC, datetime, timedelta

import pytest

from voice_coach.coaching.render import render, slots_of, spoken_time
from voice_coach.coaching.values import Clock, Prompt, Responses
from voice_coach.packs import pack_folder, read_pack

ENGLISH = read_pack(pack_folder("en")).responses
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)


def responses(**variants: str) -> Responses:
    return Responses({key: tuple(value.split("|")) for key, value in variants.items()}, ENGLISH.numbers)


def said(template: str, **slots: object) -> str:
    return render(responses(key=template), [Prompt("key", slots)], NOW)


def test_the_variant_depends_on_the_day_and_on_nothing_else() -> None:
    three = responses(key="one|two|three")
    days = [render(three, [Prompt("key")], NOW + timedelta(days=day)) for day in range(6)]
    assert sorted(days[:3]) == ["One", "Three", "Two"]
    assert days[:3] == days[3:]
    assert render(three, [Prompt("key")], NOW.replace(hour=23)) == days[0]


def test_a_value_is_said_as_it_is_even_if_it_looks_like_a_slot() -> None:
    assert said("noted: {answer}.", answer="{answer} {other} {0}") == "Noted: {answer} {other} {0}."


def test_whitespace_in_a_value_is_made_even() -> None:
    assert said("noted: {answer}.", answer="  two \n push\tups ") == "Noted: two push ups."


def test_braces_that_are_no_slot_stay() -> None:
    assert said("{} {Upper} {1}") == "{} {Upper} {1}"


def test_each_sentence_starts_with_a_capital() -> None:
    assert said("{what} is fine. could you {step}?", what="élan", step="rest") == "Élan is fine. Could you rest?"


def test_prompts_are_said_one_after_the_other() -> None:
    two = responses(first="noted.", second="that counts.")
    assert render(two, [Prompt("first"), Prompt("second")], NOW) == "Noted. That counts."
    assert render(two, [], NOW) == ""


def test_numbers_are_said_in_words() -> None:
    assert said("{days} days", days=5) == "Five days"
    assert said("{days} days", days=121) == "One hundred twenty one days"
    assert said("{days} days", days=5000) == "5000 days"
    assert said("{days} days", days=2.5) == "2.5 days"


def test_a_prompt_inside_a_prompt_is_said_in_its_place() -> None:
    both = responses(guess="did you mean {guess}?", it="that {what} is too hard")
    inner = Prompt("it", {"what": "stretching"})
    assert render(both, [Prompt("guess", {"guess": inner})], NOW) == "Did you mean that stretching is too hard?"


@pytest.mark.parametrize(
    ("items", "words"),
    [(("a",), "Today: a."), (("a", "b"), "Today: a and b."), (("a", "b", "c"), "Today: a, b and c."), ((), "Today: .")],
)
def test_things_in_a_row_are_joined_as_the_language_does(items: tuple[str, ...], words: str) -> None:
    assert said("today: {items}.", items=items) == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (7, 30, "half past seven"),
        (0, 0, "twelve o'clock"),
        (12, 15, "a quarter past twelve"),
        (23, 45, "a quarter to twelve"),
        (12, 45, "a quarter to one"),
        (13, 5, "one oh five"),
        (19, 32, "seven thirty two"),
    ],
)
def test_the_time_is_said_as_people_say_it(hour: int, minute: int, words: str) -> None:
    assert spoken_time(ENGLISH, NOW.replace(hour=hour, minute=minute)) == words


def test_a_language_that_counts_to_twenty_four_does() -> None:
    clock = Responses({}, ENGLISH.numbers, Clock(24, {30: "half {next_hour}"}))
    assert spoken_time(clock, NOW.replace(hour=19, minute=2)) == "nineteen two"
    assert spoken_time(clock, NOW.replace(hour=23, minute=30)) == "half zero"


def test_slots_are_found() -> None:
    assert slots_of("{a} and {b_c}, {a}, not { d } or {E}") == {"a", "b_c"}
