"""Practices and journal for reading: objects for programs, plain lines for people."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from voice_coach.adapters.sqlite_journal import open_reader
from voice_coach.coaching.values import Practice
from voice_coach.errors import UsageError
from voice_coach.journal_export import as_csv, as_jsonl, as_lines, taken_back
from voice_coach.packs import Pack
from voice_coach.settings import Settings


def chosen(pack: Pack, practice_id: str | None) -> list[Practice]:
    """All practices, or the one that is asked for. Raises UsageError naming those there are."""
    if practice_id is None:
        return list(pack.practices.values())
    if practice_id not in pack.practices:
        raise UsageError(f"There is no practice {practice_id}.", f"There are: {', '.join(pack.practices)}.")
    return [pack.practices[practice_id]]


def as_object(practice: Practice) -> Mapping[str, Any]:
    """The object of the command-line contract."""
    return {
        "id": practice.id,
        "name": practice.name,
        "promise": practice.promise,
        "mechanism": practice.mechanism,
        "evidence": asdict(practice.evidence),
        "mistake": practice.mistake,
        "questions": list(practice.questions),
        "ladder": list(practice.ladder),
        "phrasings": list(practice.phrasings),
    }


def as_text(practice: Practice, *, whole: bool) -> str:
    """A few lines; with `whole`, its questions and steps too."""
    lines = [
        f"{practice.name} ({practice.id})",
        f"  {practice.promise}",
        f"  Why it works: {practice.mechanism}",
        f"  Evidence ({practice.evidence.strength}): {practice.evidence.note} {practice.evidence.caveat}",
        f"  A common mistake: {practice.mistake}",
    ]
    if whole:
        lines += ["  Questions:", *(f"    {question}" for question in practice.questions)]
        lines += ["  Steps, each smaller than the one before:", *(f"    {step}" for step in practice.ladder)]
    return "\n".join(lines)


NOTHING_YET = "Nothing has been logged yet."


def journal_lines(settings: Settings, kind: str, *, named: bool) -> Iterator[str]:
    """The journal as `list`, `jsonl` or `csv`. `named`: the person named the file, so it has to exist."""
    day_ends = settings.coach.day_ends
    with open_reader(settings.paths.journal, day_ends, named=named) as journal:
        undone = taken_back(journal.entries())
        if kind == "list":
            lines = as_lines(journal.entries(), undone, day_ends)
            first = next(lines, NOTHING_YET)
            yield from (first, *lines)
        elif kind == "csv":
            yield from as_csv(journal.entries(), undone)
        else:
            yield from as_jsonl(journal.entries(), undone)
