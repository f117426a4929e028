"""How much somebody did, found in their own words; what numbers and units are called comes from the language pack."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from unicode_rbnf import FormatPurpose, RbnfEngine

from voice_coach.coaching.values import Amounts

T = TypeVar("T")
LARGEST = 1000
MOST_WORDS = 8
"""More words than any number up to LARGEST has, joins included."""
_BREAKS = re.compile(r"[^\w.]+|(?<!\d)\.|\.(?!\d)")
_DIGITS = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class Amount:
    quantity: float
    unit: str | None = None


Read = tuple[float, int]
"""A value, and the index of the first word that does not belong to it."""


@cache
def spoken_numbers(language: str) -> Mapping[int, str]:
    """0 to LARGEST in words, one space between them, by the rules that Unicode publishes for the language.

    Raises ValueError for a language that has no such rules.
    """
    engine = RbnfEngine.for_language(language)
    return {
        number: " ".join(_words(engine.format_number(number, FormatPurpose.CARDINAL).text))
        for number in range(LARGEST + 1)
    }


@cache
def number_words(language: str) -> Mapping[str, int]:
    """Every way that the language has to say 0 to LARGEST (its genders and cases too), to the number."""
    engine = RbnfEngine.for_language(language)
    return {
        " ".join(_words(text)): number
        for number in range(LARGEST, -1, -1)
        for text in engine.format_number(number, FormatPurpose.CARDINAL).text_by_ruleset.values()
    }


def find(amounts: Amounts, text: str) -> Amount | None:
    """The first amount with a unit in the text, else the first bare number, else None. Units as the pack keeps them."""
    words = _words(text)
    bare: Amount | None = None
    at = 0
    while at < len(words):
        found = _amount(amounts, words, at)
        if found is None:
            at += 1
            continue
        amount, end = found
        if amount.unit:
            return amount
        if bare is None and not (at and words[at - 1] in amounts.not_after):
            bare = amount
        at = end
    return bare


def of_deed(amounts: Amounts, what: str, quantity: str = "", unit: str = "") -> Amount | None:
    """The amount of a deed: what the spoken slots `quantity` and `unit` say, else what its own words say."""
    said = find(amounts, f"{quantity} {unit}")
    inside = find(amounts, what)
    if said is None or (inside and inside.unit and inside.quantity == said.quantity):
        return inside
    return said if said.unit or not unit else Amount(said.quantity, " ".join(_words(unit)))


def _words(text: str) -> list[str]:
    """Lower case, hyphens and soft hyphens gone, a decimal point kept inside its number."""
    plain = text.lower().replace("\u00ad", "").replace("\u2019", "'")
    return [word for word in _BREAKS.split(plain) if word]


def _amount(amounts: Amounts, words: list[str], at: int) -> tuple[Amount, int] | None:
    if count := _phrase(amounts.counts, words, at):
        return Amount(count[0], amounts.count_unit or None), count[1]
    number = _number(amounts, words, at)
    value, end = number or (1.0, at)
    start = end
    # "half an hour", "a glass": what may stand between, or, where no number was said, must.
    while start < min(end + 2, len(words)) and words[start] in amounts.articles:
        start += 1
    unit = _phrase(amounts.units, words, start) if number or start > end else None
    if unit is None:
        return (Amount(value), end) if number else None
    extra = _fraction_on_top(amounts, words, unit[1])
    return (Amount(value + extra[0], unit[0]), extra[1]) if extra else (Amount(value, unit[0]), unit[1])


def _number(amounts: Amounts, words: list[str], at: int) -> Read | None:
    read = _whole(amounts, words, at) or _phrase(amounts.multiples, words, at) or _phrase(amounts.fractions, words, at)
    if read is None:
        return None
    value, end = _decimals(amounts, words, read)
    extra = _fraction_on_top(amounts, words, end)
    return (value + extra[0], extra[1]) if extra else (value, end)


def _whole(amounts: Amounts, words: list[str], at: int) -> Read | None:
    """Digits, or the longest run of words that is one number; "one hundred and five" counts without its "and"."""
    if at < len(words) and _DIGITS.fullmatch(words[at]):
        return float(words[at]), at + 1
    for end in range(min(len(words), at + MOST_WORDS), at, -1):
        run = words[at:end]
        if run[-1] in amounts.joins:
            continue
        number = amounts.numbers.get(" ".join(word for word in run if word not in amounts.joins))
        if number is not None and run[0] not in amounts.joins:
            return float(number), end
    return None


def _decimals(amounts: Amounts, words: list[str], read: Read) -> Read:
    value, end = read
    if end >= len(words) or words[end] not in amounts.points:
        return read
    digits = ""
    at = end + 1
    while at < len(words) and (digit := amounts.numbers.get(words[at], 10)) < 10:
        digits += str(digit)
        at += 1
    return (float(f"{int(value)}.{digits}"), at) if digits else read


def _fraction_on_top(amounts: Amounts, words: list[str], at: int) -> Read | None:
    """The "and a half" after a number or a unit."""
    if at < len(words) and words[at] in amounts.joins:
        return _phrase(amounts.fractions, words, at + 1)
    return None


def _phrase(table: Mapping[str, T], words: list[str], at: int) -> tuple[T, int] | None:
    """The longest run of words from here that the table knows."""
    for end in range(min(len(words), at + MOST_WORDS), at, -1):
        run = " ".join(words[at:end])
        if run in table:
            return table[run], end
    return None
