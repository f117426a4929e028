"""What the past says, and only that: the fold over the journal, and the questions that the coach asks of it.

Everything here is a pure function over frozen values; the present day is passed in. A local day is the date on the
person's own clock when the entry was written, and lasts until `day_ends` of the next morning: time zones and daylight
saving move no past day.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, TypeVar

from voice_coach.coaching.values import Entry, Facts

FOLD_VERSION = 1
"""To be raised whenever the fold or its JSON changes: facts that were cached by another version are made anew."""

UNDOABLE_KINDS = frozenset({"done", "not_done", "skipped", "answer", "obstacle", "goal", "setting"})
UNDOABLE_LIMIT = 50

SCORE_DAYS = 1_000
"""Days further back than this move the score by less than 1e-23."""
TREND_DAYS = 7
TREND_CHANGE = 0.05
"""A steady every-other-day habit swings by less than this from week to week."""

K = TypeVar("K")
V = TypeVar("V")


def local_day(at: datetime, day_ends: time) -> date:
    """The day that the person would say it was: half past one in the morning still belongs to the day before."""
    early = at.time() < day_ends
    return date.fromordinal(max(1, at.toordinal() - early))


# --- the fold


def fold(facts: Facts, entry: Entry, day_ends: time) -> Facts:
    """The facts after one more entry, which has its id."""
    return fold_all(facts, (entry,), day_ends)


def fold_all(facts: Facts, entries: Iterable[Entry], day_ends: time) -> Facts:
    """The facts after more entries, in the order they were written: the same as folding one by one, without copying
    in between. An undo of something that is not (or no longer) among the undoable changes nothing."""
    ledger = _Ledger(facts, day_ends)
    for entry in entries:
        ledger.add(entry)
    return ledger.facts()


class _Ledger:
    """Facts while they are being added to; never leaves this file."""

    def __init__(self, facts: Facts, day_ends: time) -> None:
        self.day_ends = day_ends
        self.last_id, self.last_at, self.day = facts.last_id, facts.last_at, facts.day
        self.undoable = {_id(entry): entry for entry in facts.undoable}
        self.today = {_id(entry): entry for entry in facts.today}
        self.done = _copy(facts.done_by_day)
        self.missed = _copy(facts.missed_by_day)
        self.skipped = _copy(facts.skipped_by_day)
        self.asked = _copy(facts.asked)
        self.changes = _copy(facts.changes)
        self.tallies = {"done": self.done, "not_done": self.missed, "skipped": self.skipped}

    def add(self, entry: Entry) -> None:
        day = local_day(entry.at, self.day_ends)
        if day != self.day:
            self.day, self.today = day, {}
        self.last_id, self.last_at = _id(entry), entry.at
        if entry.kind == "undo":
            self.take_back(entry.data.get("undoes"))
            return
        self.today[_id(entry)] = entry
        self.count(entry, day)
        if entry.kind in UNDOABLE_KINDS:
            self.undoable[_id(entry)] = entry
            if len(self.undoable) > UNDOABLE_LIMIT:
                del self.undoable[next(iter(self.undoable))]

    def count(self, entry: Entry, day: date) -> None:
        if (tally := self.tallies.get(entry.kind)) is not None:
            tally[day] = tally.get(day, 0) + 1
        if isinstance(question := entry.data.get("question"), str) and question:
            self.asked[question] = day
        if (change := _change(entry)) is not None:
            name, value = change
            # One more than can be taken back: the value that the last undo returns to.
            self.changes[name] = (*self.changes.get(name, ()), (_id(entry), value))[-UNDOABLE_LIMIT - 1 :]

    def take_back(self, undoes: object) -> None:
        entry = self.undoable.pop(undoes, None) if isinstance(undoes, int) else None
        if entry is None:
            return
        self.today.pop(_id(entry), None)
        day = local_day(entry.at, self.day_ends)
        if (tally := self.tallies.get(entry.kind)) is not None:
            tally[day] -= 1
            if not tally[day]:
                del tally[day]
        if (change := _change(entry)) is not None:
            name, _ = change
            self.changes[name] = tuple(kept for kept in self.changes[name] if kept[0] != _id(entry))

    def facts(self) -> Facts:
        changes = {name: kept for name, kept in self.changes.items() if kept}
        return Facts(
            last_id=self.last_id,
            last_at=self.last_at,
            undoable=tuple(self.undoable.values()),
            done_by_day=MappingProxyType(self.done),
            missed_by_day=MappingProxyType(self.missed),
            skipped_by_day=MappingProxyType(self.skipped),
            day=self.day,
            today=tuple(self.today.values()),
            asked=MappingProxyType(self.asked),
            settings=_settings(changes),
            changes=MappingProxyType(changes),
        )


def _id(entry: Entry) -> int:
    if entry.id is None:
        raise ValueError("only entries that the journal gave an id can be folded")
    return entry.id


def _copy(mapping: Mapping[K, V]) -> dict[K, V]:
    # A proxy's own copy is thirty times as fast as dict(proxy), and this runs once a turn over years of days.
    return mapping.copy() if isinstance(mapping, dict | MappingProxyType) else dict(mapping)


def _change(entry: Entry) -> tuple[str, float] | None:
    if entry.kind != "setting":
        return None
    name, value = entry.data.get("name"), entry.data.get("value")
    return (name, value) if isinstance(name, str) and isinstance(value, int | float) else None


def _settings(changes: Mapping[str, tuple[tuple[int, float], ...]]) -> Mapping[str, float]:
    return MappingProxyType({name: kept[-1][1] for name, kept in changes.items()})


# --- questions that the coach asks


def deeds_on(facts: Facts, day: date) -> tuple[Entry, ...]:
    """What was done on that day, oldest first. Known for the day of the last entry only; other days give nothing."""
    return tuple(entry for entry in facts.today if entry.kind == "done") if day == facts.day else ()


def days_in_last(facts: Facts, today: date, n: int) -> int:
    """On how many of the last `n` days, today among them, something was done."""
    return sum(day in facts.done_by_day for day in _days_back(today.toordinal(), n))


def smooth(previous: float, value: float, frequency: float = 1.0) -> float:
    """One step of the consistency score of Loop Habit Tracker (uhabits, Score.kt): exponential smoothing in which
    13 days of a daily habit weigh as much as all before. `value` 0 to 1, `frequency` in times a day."""
    keep: float = 0.5 ** (frequency**0.5 / 13)
    return previous * keep + value * (1 - keep)


def score(facts: Facts, today: date) -> float:
    """How consistent, 0 to 1: every day with a deed counts fully, however small; a day with an announced skip and no
    deed leaves the score as it was; today counts only once something was done, for it is not over."""
    return _score_through(facts, _last_known(facts, today))


def trend(facts: Facts, today: date) -> str:
    """The score against that of a week before: "up", "steady" or "down"."""
    last = _last_known(facts, today)
    change = _score_through(facts, last) - _score_through(facts, last - TREND_DAYS)
    if abs(change) < TREND_CHANGE:
        return "steady"
    return "up" if change > 0 else "down"


def streak(facts: Facts, today: date) -> int:
    """Days with a deed in a row, up to today or yesterday. An announced skip neither ends nor lengthens it."""
    length = 0
    last = _last_known(facts, today)
    for day in _days_back(last, last):
        if day in facts.done_by_day:
            length += 1
        elif day not in facts.skipped_by_day:
            break
    return length


def _last_known(facts: Facts, today: date) -> int:
    # Ordinals, because a clock may be wrong and there is no date before the first.
    return today.toordinal() if today in facts.done_by_day else today.toordinal() - 1


def _score_through(facts: Facts, last: int) -> float:
    result = 0.0
    for day in reversed(list(_days_back(last, SCORE_DAYS))):
        if day in facts.done_by_day:
            result = smooth(result, 1.0)
        elif day not in facts.skipped_by_day:
            result = smooth(result, 0.0)
    return result


def _days_back(last: int, n: int) -> Iterator[date]:
    return (date.fromordinal(ordinal) for ordinal in range(last, max(0, last - n), -1))


# --- as plain data, for the journal's cache, its export and the events of --json


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """The entry object of the command line: id, at, kind, practice, text, quantity, unit, data."""
    quantity = entry.quantity
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "practice": entry.practice,
        "text": entry.text,
        "quantity": int(quantity) if quantity is not None and float(quantity).is_integer() else quantity,
        "unit": entry.unit,
        "data": dict(entry.data),
    }


def entry_from_json(plain: Mapping[str, Any]) -> Entry:
    """The reverse. Raises KeyError, TypeError or ValueError on anything else."""
    return Entry(
        at=datetime.fromisoformat(plain["at"]),
        kind=plain["kind"],
        practice=plain["practice"],
        text=plain["text"],
        quantity=plain["quantity"],
        unit=plain["unit"],
        data=MappingProxyType(dict(plain["data"])),
        id=plain["id"],
    )


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Plain data that `facts_from_json` turns into equal facts."""
    return {
        "last_id": facts.last_id,
        "last_at": facts.last_at and facts.last_at.isoformat(),
        "undoable": [entry_as_json(entry) for entry in facts.undoable],
        "done_by_day": {day.isoformat(): n for day, n in facts.done_by_day.items()},
        "missed_by_day": {day.isoformat(): n for day, n in facts.missed_by_day.items()},
        "skipped_by_day": {day.isoformat(): n for day, n in facts.skipped_by_day.items()},
        "day": facts.day and facts.day.isoformat(),
        "today": [entry_as_json(entry) for entry in facts.today],
        "asked": {question: day.isoformat() for question, day in facts.asked.items()},
        "changes": {name: [list(change) for change in kept] for name, kept in facts.changes.items()},
    }


def facts_from_json(plain: Mapping[str, Any]) -> Facts:
    """The reverse. Raises KeyError, TypeError or ValueError on anything else."""
    changes = {name: tuple((int(id_), value) for id_, value in kept) for name, kept in plain["changes"].items()}
    return Facts(
        last_id=plain["last_id"],
        last_at=datetime.fromisoformat(plain["last_at"]) if plain["last_at"] else None,
        undoable=tuple(entry_from_json(entry) for entry in plain["undoable"]),
        done_by_day=_by_day(plain["done_by_day"]),
        missed_by_day=_by_day(plain["missed_by_day"]),
        skipped_by_day=_by_day(plain["skipped_by_day"]),
        day=date.fromisoformat(plain["day"]) if plain["day"] else None,
        today=tuple(entry_from_json(entry) for entry in plain["today"]),
        asked=MappingProxyType({question: date.fromisoformat(day) for question, day in plain["asked"].items()}),
        settings=_settings(changes),
        changes=MappingProxyType(changes),
    )


def _by_day(plain: Mapping[str, int]) -> Mapping[date, int]:
    return MappingProxyType({date.fromisoformat(day): n for day, n in plain.items()})
