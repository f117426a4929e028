"""The values that coaching works with: frozen, made of plain parts, no words of any language in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from voice_coach.hearing.values import Intent, Verdict


def nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Evidence:
    note: str
    strength: str
    """One of trial, observational, mechanistic, anecdotal."""
    caveat: str


@dataclass(frozen=True)
class Practice:
    """One kaizen practice, as its file in the language pack tells it."""

    id: str
    name: str
    promise: str
    mechanism: str
    evidence: Evidence
    mistake: str
    questions: tuple[str, ...]
    ladder: tuple[str, ...]
    """Steps as bare verb phrases ("put one hand on your shoulder"), each smaller than the one before."""
    phrasings: tuple[str, ...]
    """Templates: the ways people ask for it."""


@dataclass(frozen=True)
class Amounts:
    """How a language says how much: what `amounts.find` needs, as the pack tells it. Everything in lower case."""

    numbers: Mapping[str, int] = field(default_factory=nothing)
    """Spoken words of a whole number, one space between them ("twenty one"), to the number."""
    units: Mapping[str, str] = field(default_factory=nothing)
    """Each way to say a unit ("glasses") to the one that is kept ("glass")."""
    fractions: Mapping[str, float] = field(default_factory=nothing)
    """Such as "half" to 0.5."""
    multiples: Mapping[str, float] = field(default_factory=nothing)
    """Words that are an amount by themselves, such as "a dozen" to 12."""
    counts: Mapping[str, float] = field(default_factory=nothing)
    """Words that say how often, such as "twice" to 2."""
    count_unit: str = ""
    """The unit of `counts`."""
    articles: frozenset[str] = frozenset()
    """Words that mean one before a unit ("a glass")."""
    joins: frozenset[str] = frozenset()
    """Words that may stand inside an amount ("two and a half")."""
    points: frozenset[str] = frozenset()
    """Words between a whole number and its decimals."""
    not_after: frozenset[str] = frozenset()
    """Words after which a bare number is no amount ("at seven")."""


@dataclass(frozen=True)
class Clock:
    """How a language says the time. Templates have {hour}, {next_hour} and {minute}, each a number in words."""

    hours: int = 24
    """12 or 24."""
    exact: Mapping[int, str] = field(default_factory=nothing)
    """Minutes with a template of their own."""
    early: str = "{hour} {minute}"
    """Minutes below ten."""
    other: str = "{hour} {minute}"


@dataclass(frozen=True)
class Responses:
    """What the coach says, as the pack tells it: all that `render` needs."""

    variants: Mapping[str, tuple[str, ...]]
    """Each prompt key to the ways to say it; a slot is {name}."""
    numbers: Mapping[int, str] = field(default_factory=nothing)
    """Whole numbers in words."""
    clock: Clock = Clock()
    comma: str = ", "
    last_comma: str = " and "
    """What stands between things in a row, and before the last of them."""


@dataclass(frozen=True)
class Content:
    """What the coach has to work with: the pack's practices, and what the configuration says."""

    practices: Mapping[str, Practice]
    """By id."""
    amounts: Amounts = Amounts()
    leads: Mapping[str, frozenset[str]] = field(default_factory=nothing)
    """By kind of entry, what people say before they come to it."""
    emergency_number: str = "112"
    day_ends: time = time(3)
    """A day of the person's ends at this hour of the next one."""
    rate: float = 180.0
    """Words a minute, until it is changed by voice."""
    volume: float = 1.0
    """0 to 1, until it is changed by voice."""


@dataclass(frozen=True)
class Prompt:
    """Something the coach says: a key of the pack's responses and the values for its slots."""

    key: str
    slots: Mapping[str, Any] = field(default_factory=nothing)
    """Texts, whole numbers, a datetime (its time is said), further prompts, or a tuple of these (said in a row)."""


@dataclass(frozen=True)
class Entry:
    """One event of the journal. `id` is None until the journal has made it durable."""

    at: datetime
    """With its UTC offset, as it was where the person was."""
    kind: str
    """done, not_done, skipped, answer, obstacle, goal, undo, prompt, setting."""
    practice: str | None = None
    text: str = ""
    """In the person's own words."""
    quantity: float | None = None
    unit: str | None = None
    data: Mapping[str, Any] = field(default_factory=nothing)
    """What else the kind needs, JSON-able: undo has {"undoes": id}, setting {"name", "value"}, answer and prompt
    {"question": text}."""
    id: int | None = None


@dataclass(frozen=True)
class Facts:
    """What the journal says so far: a fold over its entries, see `history.fold`."""

    last_id: int = 0
    last_at: datetime | None = None
    undoable: tuple[Entry, ...] = ()
    """The latest entries that "undo that" can take back, oldest first; at most 50."""
    done_by_day: Mapping[date, int] = field(default_factory=nothing)
    """How many deeds were logged on each local day; only days that have some."""
    missed_by_day: Mapping[date, int] = field(default_factory=nothing)
    skipped_by_day: Mapping[date, int] = field(default_factory=nothing)
    """Announced skips: such a day counts neither for nor against."""
    day: date | None = None
    """The local day of the entry that was written last: what `today` is about."""
    today: tuple[Entry, ...] = ()
    """Entries of `day`, undone ones and undos left out, in the order they were written."""
    asked: Mapping[str, date] = field(default_factory=nothing)
    """Each question that was asked, and the day it was last asked."""
    settings: Mapping[str, float] = field(default_factory=nothing)
    """What was changed by voice: rate (words a minute), volume (0 to 1)."""
    changes: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=nothing)
    """For each setting its latest changes as (entry id, value), oldest first: what an undo goes back to."""


@dataclass(frozen=True)
class Expecting:
    """The open question: what an answer would mean."""

    kind: str
    """answer (free words to a question), deed and miss (free words: what was or was not done), step (yes or no to an
    offered step), doing (the step was accepted and is being done), confirm (yes or no to a guess), heard (yes or no to
    words that were kept though hardly heard), more (yes or no to hearing more)."""
    practice: str | None = None
    question: str = ""
    step: str = ""
    rung: int = 0
    """Which step of the practice's ladder was offered; with `more`, how many were read."""
    text: str = ""
    """With `heard`: the words that were kept."""
    asked_again: bool = False
    """Nobody answered when it was asked first."""
    wants_words: bool = False
    """A yes was the answer where words were asked for, and words were asked for again."""
    candidates: tuple[Intent, ...] = ()
    """With `confirm`: what was guessed."""
    then: "Expecting | None" = None
    """With `confirm`, `deed` and `heard`: the question that was open before this one had to be asked."""


@dataclass(frozen=True)
class Session:
    """What is only of the moment; lost at the end of the program without harm."""

    expecting: Expecting | None = None
    said: tuple[Prompt, ...] = ()
    """What the coach said last, for "repeat"."""
    practice: str | None = None
    """What the conversation is about, for "why" and "smaller"."""
    rung: int = 0
    """Where on that practice's ladder the last step stood; the length of the ladder when there was none smaller."""
    step: str = ""
    """The step that was offered last and neither done nor turned down."""
    about: str = ""
    """What the step is a part of, in the person's words, where they named it."""
    misses: int = 0
    """How often in a row nothing was understood."""
    wrong_guesses: int = 0
    """How often in a row a guess that was asked back was wrong."""
    quiet: bool = False
    """After words of distress: nothing is asked any more until something is clearly understood."""
    at: datetime | None = None
    """When the person last spoke: a session that is too old is forgotten."""


@dataclass(frozen=True)
class Decision:
    """What follows from a turn. The loop writes the entries first, then speaks."""

    session: Session
    prompts: tuple[Prompt, ...] = ()
    entries: tuple[Entry, ...] = ()
    """Without ids, in the order they are to be written."""
    ends: bool = False
    """The conversation is over (the program goes on listening)."""

    @property
    def expects_answer(self) -> bool:
        return self.session.expecting is not None


Turn = Verdict
