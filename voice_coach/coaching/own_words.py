"""PURE: what is kept of what somebody said in their own words."""

from collections.abc import Collection


def without_leads(text: str, leads: Collection[str]) -> str:
    """The words without what people say before they come to it ("um", "well", "i think it was").

    What consists of nothing else is kept as it is: the person said it.
    """
    words = text.split()
    at = 0
    while length := _lead(words, at, leads):
        at += length
    return " ".join(words[at:]) if at < len(words) else text


def _lead(words: list[str], at: int, leads: Collection[str]) -> int:
    """How many words from here are the longest lead; 0 when none is there."""
    lengths = sorted({len(lead.split()) for lead in leads}, reverse=True)
    return next((length for length in lengths if " ".join(words[at : at + length]) in leads and at < len(words)), 0)
