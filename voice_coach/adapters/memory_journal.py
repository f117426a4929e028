"""A journal that lasts as long as the program: for trying things out, for tests, and where nothing was written yet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import time

from voice_coach.coaching.history import fold_all
from voice_coach.coaching.values import Entry, Facts


class MemoryJournal:
    """Behaves like the SQLite journal in everything but durability."""

    def __init__(self, day_ends: time = time(3)) -> None:
        self._day_ends = day_ends
        self._entries: list[Entry] = []
        self._facts = Facts()

    def __enter__(self) -> "MemoryJournal":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """The same entries with their ids, counted from 1. Raises ValueError for a time without UTC offset."""
        for entry in entries:
            if entry.at.utcoffset() is None:
                raise ValueError(f"the time of an entry needs its UTC offset: {entry.at}")
        first = len(self._entries) + 1
        written = tuple(replace(entry, id=id_) for id_, entry in enumerate(entries, first))
        self._entries.extend(written)
        self._facts = fold_all(self._facts, written, self._day_ends)
        return written

    def entries(self) -> Iterable[Entry]:
        return tuple(self._entries)

    def facts(self) -> Facts:
        return self._facts

    def close(self) -> None:
        pass
