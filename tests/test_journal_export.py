"""The journal as lines, JSON lines and CSV."""

import csv
import io
import json
from datetime import datetime, time

import pytest

from voice_coach.coaching.values import Entry
from voice_coach.journal_export import as_csv, as_jsonl, as_lines, taken_back


def entry(id_: int, kind: str, text: str = "", clock: str = "2026-11-24T07:30:00+01:00", **more: object) -> Entry:
    return Entry(datetime.fromisoformat(clock), kind, text=text, id=id_, **more)  # type: ignore[arg-type]


ENTRIES = [
    entry(1, "prompt", practice="small_questions", data={"question": "What is one small thing?"}),
    entry(2, "answer", "drink water", practice="small_questions", data={"question": "What is one small thing?"}),
    entry(3, "done", "two push ups", quantity=2.0, unit="push up"),
    entry(4, "undo", data={"undoes": 3}),
    entry(5, "not_done", "the walk", "2026-11-25T01:10:00+01:00"),
    entry(6, "setting", clock="2026-11-25T09:00:00+01:00", data={"name": "rate", "value": 180}),
]


def test_what_was_taken_back_is_known_from_the_undos() -> None:
    assert taken_back(ENTRIES) == {3}


def test_a_json_line_is_exactly_the_entry_object() -> None:
    lines = [json.loads(line) for line in as_jsonl(ENTRIES, {3})]
    assert lines[2] == {
        "id": 3,
        "at": "2026-11-24T07:30:00+01:00",
        "kind": "done",
        "practice": None,
        "text": "two push ups",
        "quantity": 2,
        "unit": "push up",
        "data": {},
        "undone": True,
    }
    assert [line["undone"] for line in lines] == [False, False, True, False, False, False]
    assert lines[3]["data"] == {"undoes": 3}


def test_a_line_of_json_stays_one_line() -> None:
    (line,) = as_jsonl([entry(1, "done", "a\nb\u2028c")], frozenset())
    assert "\n" not in line
    assert json.loads(line)["text"] == "a\nb\u2028c"


def test_a_whole_quantity_is_written_without_a_point_and_a_half_with_one() -> None:
    lines = list(as_jsonl([entry(1, "done", quantity=2.0), entry(2, "done", quantity=0.5)], frozenset()))
    assert '"quantity": 2,' in lines[0]
    assert '"quantity": 0.5,' in lines[1]


def test_csv_can_be_read_back() -> None:
    text = "\n".join(as_csv([entry(1, "done", "he said go, and\nwent", quantity=-3.0)], {1}))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["text"] == "he said go, and\nwent"
    assert row["quantity"] == "-3"
    assert row["undone"] == "true"
    assert list(row) == ["id", "at", "kind", "practice", "text", "quantity", "unit", "data", "undone"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_no_text_of_the_csv_is_a_formula(text: str) -> None:
    lines = "\n".join(as_csv([entry(1, "done", text, unit=text)], frozenset()))
    (row,) = csv.DictReader(io.StringIO(lines, newline=""))
    assert row["text"] == row["unit"] == f"'{text}"


def test_an_empty_journal_is_a_header_in_csv_and_nothing_else_anywhere() -> None:
    assert list(as_csv([], frozenset())) == ["id,at,kind,practice,text,quantity,unit,data,undone"]
    assert list(as_jsonl([], frozenset())) == list(as_lines([], frozenset(), time(3))) == []


def test_the_list_reads_by_days_and_says_what_was_taken_back() -> None:
    assert list(as_lines(ENTRIES, {3}, time(3))) == [
        "Tuesday, 24 November 2026",
        "  07:30  asked: What is one small thing? (small questions)",
        "  07:30  answer: drink water (small questions)",
        "  07:30  done: two push ups, taken back",
        "  07:30  taking back: entry 3",
        "  01:10  not done: the walk",
        "",
        "Wednesday, 25 November 2026",
        "  09:00  setting: rate 180",
    ]


def test_no_control_character_reaches_the_terminal() -> None:
    lines = list(as_lines([entry(1, "done", "a\x1b[2Jb\nc")], frozenset(), time(3)))
    assert lines[1] == "  07:30  done: a [2Jb c"
