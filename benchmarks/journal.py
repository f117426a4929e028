"""How fast the journal is: durable turns a second, a question to its history, and opening it, beside reading it all.

    python benchmarks/journal.py [--entries N] [--turns N] [--folder DIR] [--json]

The folder decides what is measured: take one on the disk that the journal will be on (the default is a temporary one).
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from voice_coach.adapters.sqlite_journal import SqliteJournal, SqliteReader
from voice_coach.coaching.history import days_in_last, deeds_on, fold_all, score, streak, trend
from voice_coach.coaching.values import Entry, Facts

START = datetime.fromisoformat("2016-01-01T07:00:00+01:00")
ENTRIES_A_DAY = 30
DAY_ENDS = datetime.min.time().replace(hour=3)


@dataclass(frozen=True)
class Row:
    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.limit is None or (self.value >= self.limit if self.at_least else self.value <= self.limit)


def entry(n: int) -> Entry:
    """The nth of a long life with the coach: a question and a deed in turn, some misses and skips, an undo in 50."""
    at = START + timedelta(days=n // ENTRIES_A_DAY, minutes=20 * (n % ENTRIES_A_DAY))
    if n % 50 == 49:
        return Entry(at, "undo", data={"undoes": n - 1})
    if n % 2 == 0:
        return Entry(at, "prompt", "small_questions", data={"question": f"What is tiny question {n // 2 % 400}?"})
    kind = {21: "not_done", 33: "skipped"}.get(n % 60, "done")
    return Entry(at, kind, "shrink_the_step", f"two push ups before coffee {n}", 2.0, "push up")


def milliseconds(run: Callable[[], object], times: int) -> float:
    """The median of several runs, each of which may use what the one before left in memory or on disk."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def turns_a_second(path: Path, turns: int, tick: Callable[[], object]) -> float:
    with closing(SqliteJournal(path)) as journal:
        begun = time.perf_counter()
        for n in range(turns):
            journal.append([entry(2 * n), entry(2 * n + 1)])
            tick()
        return turns / (time.perf_counter() - begun)


def bare_syncs_a_second(path: Path, times: int) -> float:
    """What the disk can do at best: one page, then wait for it."""
    with path.open("wb") as file:
        begun = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return times / (time.perf_counter() - begun)


def fill(path: Path, entries: int, tick: Callable[[int], object]) -> None:
    with closing(SqliteJournal(path)) as journal:
        for first in range(0, entries, 1_000):
            turn = [entry(n) for n in range(first, min(first + 1_000, entries))]
            journal.append(turn)
            tick(len(turn))


def how_am_i_doing(facts: Facts) -> tuple[object, ...]:
    """Everything that the answer can mention."""
    today = facts.day or START.date()
    return (
        score(facts, today),
        trend(facts, today),
        streak(facts, today),
        days_in_last(facts, today, 30),
        deeds_on(facts, today),
    )


def measure(folder: Path, entries: int, turns: int, progress: Progress) -> Iterator[Row]:
    task = progress.add_task("writing turns", total=turns)
    speed = turns_a_second(folder / "turns.sqlite3", turns, lambda: progress.advance(task))
    yield Row("durable turns of two entries", speed, "a second", 200, at_least=True)
    yield Row("one page and fdatasync, the disk alone", bare_syncs_a_second(folder / "bare", turns), "a second")

    path = folder / "long.sqlite3"
    task = progress.add_task(f"making {entries:,} entries", total=entries)
    fill(path, entries, lambda n: progress.advance(task, n))
    task = progress.add_task("asking", total=4)
    with closing(SqliteJournal(path)) as journal:
        asked = milliseconds(lambda: how_am_i_doing(journal.facts()), 51)
        turn = milliseconds(lambda: journal.append([entry(entries), entry(entries + 1)]), 51)
        progress.advance(task)
        whole = milliseconds(lambda: how_am_i_doing(fold_all(Facts(), journal.entries(), DAY_ENDS)), 3)
    progress.advance(task)
    yield Row(f"how am I doing, {entries:,} entries", asked, "ms", 50)
    yield Row("the same by reading all entries each time", whole, "ms")
    yield Row(f"one more turn, {entries:,} entries", turn, "ms")
    yield Row("opening it (the cached facts)", milliseconds(lambda: SqliteJournal(path).close(), 11), "ms")
    progress.advance(task)
    yield Row("the same for a reader, and its facts", milliseconds(lambda: read_facts(path), 11), "ms")
    progress.advance(task)
    yield Row("size on disk", path.stat().st_size / 1e6, "MB")


def read_facts(path: Path) -> Facts:
    with closing(SqliteReader(path)) as reader:
        return reader.facts()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="where to make the journals")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    asked = parser.parse_args()
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        rows = list(measure(Path(folder), asked.entries, asked.turns, progress))
    for row in rows:
        if asked.json:
            print(json.dumps(asdict(row) | {"met": row.met}))
        else:
            limit = f"limit {row.limit:g}: {'met' if row.met else 'MISSED'}" if row.limit is not None else ""
            print(f"{row.what:<45}{row.value:>10.2f} {row.unit:<10}{limit}".rstrip())
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
