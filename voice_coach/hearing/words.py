"""How text becomes the plain words that templates, recognizer and matcher share."""

import re
from functools import cache, lru_cache

_NUMBER = re.compile(r"\d+")
# Apostrophes belong to words (don't); everything else that is not a letter or digit parts them (push-ups).
_BREAKS = re.compile(r"[^\w']|_|(?<!\w)'|'(?!\w)")
MOST_SPELLED = 1_000_000


@cache
def _speller(language: str) -> object:
    from unicode_rbnf import RbnfEngine

    return RbnfEngine.for_language(language)


@cache
def spelled(number: int, language: str) -> tuple[str, ...]:
    """The words of a whole number ("twenty", "one"), by the rules that Unicode publishes for the language."""
    text = _speller(language).format_number(number).text  # type: ignore[attr-defined]
    return tuple(_BREAKS.sub(" ", text.lower()).split())


def plain(text: str) -> str:
    """Lower case, straight apostrophes inside words, single spaces, nothing else."""
    return " ".join(_BREAKS.sub(" ", text.replace("\u2019", "'").replace("\u02bc", "'").lower()).split())


@lru_cache(maxsize=16_384)
def to_words(text: str, language: str) -> tuple[str, ...]:
    """The words of typed or recognized text; digits are spelled, so that "2 push-ups" is what somebody would say."""
    words: list[str] = []
    for word in plain(text).split():
        if _NUMBER.fullmatch(word) and int(word) < MOST_SPELLED:
            words.extend(spelled(int(word), language))
        else:
            words.append(word)
    return tuple(words)
