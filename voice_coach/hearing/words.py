"""How text becomes the plain words that templates, recognizer and matcher share."""

import re
from functools import cache, lru_cache
from typing import Any
from unicodedata import normalize

LONGEST_NUMBER = 6
"""Digits; what has more is no amount, and is left as it is."""
LONGEST_REMEMBERED = 500
_NUMBER = re.compile(rf"\d{{1,{LONGEST_NUMBER}}}")
_DECIMAL = re.compile(r"(?<![\d.])\d{1,6}\.\d{1,6}(?!\.?\d)", re.ASCII)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Apostrophes belong to words (don't); everything else that is not a letter or digit parts them (push-ups).
_BREAKS = re.compile(r"[^\w']|_|(?<!\w)'|'(?!\w)")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4`\uff07", "'"))


@cache
def _speller(language: str) -> Any:
    """Spells numbers, or None for a language that nobody has published rules for."""
    from unicode_rbnf import RbnfEngine

    try:
        return RbnfEngine.for_language(re.split("[-_]", language)[0])
    except ValueError:
        return None


@cache
def spelled(number: int | str, language: str) -> tuple[str, ...]:
    """The words of a number ("twenty", "one"), by the rules that Unicode publishes for the language; else its digits.

    A decimal is given as its text ("2.5"), so that its digits are neither rounded nor lost.
    """
    speller = _speller(language)
    text = str(number) if speller is None else speller.format_number(number).text
    return tuple(_BREAKS.sub(" ", text.lower()).split())


def plain(text: str) -> str:
    """Lower case, straight apostrophes inside words, single spaces, nothing else."""
    return " ".join(_BREAKS.sub(" ", normalize("NFC", text).translate(_APOSTROPHES).lower()).split())


def to_words(text: str, language: str) -> tuple[str, ...]:
    """The words of typed or recognized text; digits are spelled, so that "2 push-ups" is what somebody would say."""
    return _to_words(text, language) if len(text) <= LONGEST_REMEMBERED else _to_words.__wrapped__(text, language)


@lru_cache(maxsize=16_384)
def _to_words(text: str, language: str) -> tuple[str, ...]:
    text = _DECIMAL.sub(lambda number: " ".join(spelled(number[0], language)), _THOUSANDS.sub("", text))
    words: list[str] = []
    for word in plain(text).split():
        words.extend(spelled(int(word), language) if _NUMBER.fullmatch(word) else (word,))
    return tuple(words)
