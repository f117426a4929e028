"""Journal entries as text: plain lines to read, JSON lines and CSV to work with. Pure; no line has its newline yet."""

import csv
import io
import json
from collections.abc import Container, Iterable, Iterator
from datetime import date, time

from voice_coach.coaching.history import entry_as_json, local_day
from voice_coach.coaching.values import Entry

COLUMNS = ("id", "at", "kind", "practice", "text", "quantity", "unit", "data", "undone")

_KINDS = {"not_done": "not done", "prompt": "asked", "undo": "taking back"}


def taken_back(entries: Iterable[Entry]) -> frozenset[int]:
    """The ids of entries that a later one took back: a first pass over the journal, before one of those below."""
    undos = (entry.data.get("undoes") for entry in entries if entry.kind == "undo")
    return frozenset(id_ for id_ in undos if isinstance(id_, int))


def as_jsonl(entries: Iterable[Entry], undone: Container[int | None]) -> Iterator[str]:
    """One entry object a line, with "undone" true or false."""
    for entry in entries:
        yield json.dumps(entry_as_json(entry) | {"undone": entry.id in undone}, ensure_ascii=False)


def as_csv(entries: Iterable[Entry], undone: Container[int | None]) -> Iterator[str]:
    """A header, then one record each; data is JSON. A text that a spreadsheet would take for a formula (it begins with
    = + - @, tab or carriage return) gets an apostrophe before it."""
    yield _record(COLUMNS)
    for entry in entries:
        plain = entry_as_json(entry)
        plain["data"] = json.dumps(plain["data"], ensure_ascii=False)
        plain["undone"] = "true" if entry.id in undone else "false"
        yield _record([_harmless(plain[column]) for column in COLUMNS])


def as_lines(entries: Iterable[Entry], undone: Container[int | None], day_ends: time) -> Iterator[str]:
    """For people, by eye or by ear: each day with its name, then its entries, in the order they were written."""
    last: date | None = None
    for entry in entries:
        day = local_day(entry.at, day_ends)
        if day != last:
            if last is not None:
                yield ""
            yield f"{day:%A}, {day.day} {day:%B} {day.year}"
            last = day
        yield f"  {_line(entry, entry.id in undone)}"


def _record(cells: Iterable[object]) -> str:
    text = io.StringIO()
    # The writer puts quotes around line breaks only if it uses them itself.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _line(entry: Entry, undone: bool) -> str:
    line = f"{entry.at:%H:%M}  {_KINDS.get(entry.kind, entry.kind)}"
    if words := _words(entry):
        line += f": {words}"
    if entry.practice:
        line += f" ({entry.practice.replace('_', ' ')})"
    # In words, because a struck-out line or a color cannot be heard.
    return _printable(f"{line}, taken back" if undone else line)


def _words(entry: Entry) -> str:
    if entry.kind == "undo":
        return f"entry {entry.data.get('undoes')}"
    if entry.kind == "setting":
        return f"{entry.data.get('name')} {entry.data.get('value')}"
    if entry.kind == "prompt":
        return str(entry.data.get("question") or entry.text)
    return entry.text


def _printable(line: str) -> str:
    # Typed words may hold control characters, which a terminal would obey.
    return "".join(letter if letter.isprintable() else " " for letter in line)
