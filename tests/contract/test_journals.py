"""What every journal promises, and what only the one on disk does: durability, one writer, readers, bad files."""

import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from voice_coach.adapters.memory_journal import MemoryJournal
from voice_coach.adapters.sqlite_journal import (
    CACHE_EVERY,
    MIGRATIONS,
    SqliteJournal,
    SqliteReader,
    open_reader,
)
from voice_coach.coaching.history import fold_all
from voice_coach.coaching.values import Entry, Facts
from voice_coach.errors import JournalError
from voice_coach.ports import Journal

START = datetime.fromisoformat("2026-11-24T07:30:00+01:00")
NOBODY = 65534


def done(text: str = "two push ups", minutes: int = 0, **more: Any) -> Entry:
    return Entry(START + timedelta(minutes=minutes), "done", text=text, **more)


def undo(id_: int) -> Entry:
    return Entry(START, "undo", data={"undoes": id_})


def everything(path: Path) -> list[Entry]:
    with SqliteReader(path) as reader:
        return list(reader.entries())


def complaint(path: Path, **more: Any) -> str:
    """What the person is told when a coach opens this journal."""
    with pytest.raises(JournalError) as caught:
        SqliteJournal(path, **more).close()
    assert caught.value.remedy
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


@contextmanager
def as_ordinary_user() -> Iterator[Path]:
    """A folder of an ordinary user's, and, for root, being one: root is refused nothing."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    root = os.geteuid() == 0
    try:
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


# --- every journal


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    makers: dict[str, Callable[[], Journal]] = {
        "memory": MemoryJournal,
        "sqlite": lambda: SqliteJournal(tmp_path / "journal.sqlite3"),
    }
    journal = makers[request.param]()
    yield journal
    journal.close()


def test_entries_come_back_as_they_were_written_with_ids_in_order(journal: Journal) -> None:
    entries = (
        Entry(START, "answer", "small_questions", "naïve 水", 2.5, "glass", {"question": "Why?", "x": [{"a": None}]}),
        Entry(datetime.fromisoformat("2026-11-24T02:30:00.123456-08:00"), "prompt"),
    )
    written = journal.append(entries)
    assert [replace(entry, id=None) for entry in written] == list(entries)
    assert [entry.id for entry in journal.append([done()])] == [3]
    assert [entry.id for entry in written] == [1, 2]
    assert list(journal.entries())[:2] == list(written)


def test_the_utc_offset_of_an_entry_is_kept(journal: Journal) -> None:
    journal.append([Entry(datetime.fromisoformat("2026-03-29T05:00:00+13:00"), "done")])
    (entry,) = journal.entries()
    assert entry.at.isoformat() == "2026-03-29T05:00:00+13:00"


def test_an_empty_turn_writes_nothing(journal: Journal) -> None:
    assert journal.append([]) == ()
    assert list(journal.entries()) == []
    assert journal.facts() == Facts()


def test_a_time_without_offset_is_refused_and_its_turn_with_it(journal: Journal) -> None:
    with pytest.raises(ValueError, match="offset"):
        journal.append([done(), Entry(datetime(2026, 11, 24), "done")])
    assert list(journal.entries()) == []
    assert journal.append([done()])[0].id == 1


def test_facts_follow_every_turn(journal: Journal) -> None:
    journal.append([done(), done("a walk")])
    assert journal.facts().done_by_day == {date(2026, 11, 24): 2}
    journal.append([undo(2)])
    assert journal.facts().done_by_day == {date(2026, 11, 24): 1}
    assert journal.facts() == fold_all(Facts(), journal.entries(), time(3))


def test_a_turn_written_while_the_entries_are_read_does_no_harm(journal: Journal) -> None:
    journal.append([done(str(n)) for n in range(1_500)])
    texts = []
    for entry in journal.entries():
        texts.append(entry.text)
        if len(texts) == 10:
            journal.append([done("later")])
    assert texts == [str(n) for n in range(1_500)]


# --- on disk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def test_a_journal_opened_again_goes_on_where_it_was(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done(), done("a walk")])
        facts = journal.facts()
    with SqliteJournal(path) as journal:
        assert journal.facts() == facts
        assert [entry.id for entry in journal.append([undo(2)])] == [3]
        assert [entry.text for entry in journal.facts().undoable] == ["two push ups"]


def test_words_that_are_no_text_are_kept_as_far_as_they_go(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done("two \udcff push ups\0", data={"question": "\udcff"})])
        (entry,) = journal.entries()
    assert entry.text == "two ? push ups\0"
    assert entry.data == {"question": "?"}


def test_a_turn_that_fails_in_its_middle_leaves_nothing_for_the_next_one_to_write(path: Path) -> None:
    with SqliteJournal(path) as journal:
        with pytest.raises(JournalError):
            journal.append([done(), replace(done(), text=None)])  # type: ignore[arg-type]
        assert not everything(path)
        assert [entry.id for entry in journal.append([done("a walk")])] == [1]
        assert [entry.text for entry in everything(path)] == ["a walk"]


def test_closing_twice_does_not_let_go_of_somebody_elses_journal(path: Path) -> None:
    first = SqliteJournal(path)
    first.close()
    with SqliteJournal(path):
        first.close()
        assert "held" in complaint(path)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_files_are_the_persons_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "new" / "folder" / "journal.sqlite3"
    before = os.umask(mask)
    try:
        with SqliteJournal(path) as journal:
            journal.append([done()])
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys((path.name + end for end in ("", "-wal", "-shm", ".lock")), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_a_folder_that_was_there_keeps_its_mode_and_a_file_becomes_private(tmp_path: Path, path: Path) -> None:
    tmp_path.chmod(0o755)
    SqliteJournal(path).close()
    path.chmod(0o664)
    SqliteJournal(path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_commit_waits_for_the_disk_and_what_is_deleted_is_overwritten(path: Path) -> None:
    with SqliteJournal(path) as journal:
        connection = journal._connection
        pragmas = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    assert pragmas == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}

ENDLESS_WRITER = """
import itertools, sys
from datetime import datetime, timedelta
from pathlib import Path
from voice_coach.adapters.sqlite_journal import SqliteJournal
from voice_coach.coaching.values import Entry
start = datetime.fromisoformat("2026-11-24T07:30:00+01:00")
journal = SqliteJournal(Path(sys.argv[1]))
for n in itertools.count():
    at = start + timedelta(minutes=n)
    written = journal.append([Entry(at, "prompt"), Entry(at, "done", text=f"deed {n}")])
    print(*(entry.id for entry in written), flush=True)
"""


@contextmanager
def endless_writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ENDLESS_WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        try:
            yield writer
        finally:
            writer.kill()


def acknowledged(writer: subprocess.Popen[str], turns: int) -> list[int]:
    assert writer.stdout is not None
    return [int(id_) for _ in range(turns) for id_ in writer.stdout.readline().split()]


def test_killed_in_the_middle_nothing_acknowledged_is_lost_and_no_turn_is_half(path: Path) -> None:
    with endless_writer(path) as writer:
        told = acknowledged(writer, CACHE_EVERY)
        writer.send_signal(signal.SIGKILL)
        assert writer.stdout is not None
        told += [int(id_) for line in writer.stdout if line.endswith("\n") for id_ in line.split()]
    with SqliteJournal(path) as journal:
        entries = list(journal.entries())
        assert {entry.id for entry in entries} >= set(told)
        assert [entry.kind for entry in entries] == ["prompt", "done"] * (len(entries) // 2)
        assert journal.facts() == fold_all(Facts(), entries, time(3))
        assert journal.append([done()])[0].id == len(entries) + 1


def test_readers_see_whole_turns_while_a_coach_writes_and_do_not_wait(path: Path) -> None:
    with endless_writer(path) as writer:
        told = acknowledged(writer, 20)
        with SqliteReader(path) as reader:
            first = list(reader.entries())
            told = acknowledged(writer, 20)
            assert {entry.id for entry in reader.entries()} >= set(told)
            assert reader.facts().last_id >= max(told)
        assert len(first) % 2 == 0
        assert writer.poll() is None


def test_a_reader_that_stays_in_the_middle_of_its_reading_does_not_stop_the_coach(path: Path) -> None:
    with SqliteJournal(path) as journal, SqliteReader(path) as reader:
        journal.append([done(str(n)) for n in range(3_000)])
        reading = iter(reader.entries())
        next(reading)
        journal.append([done("later")])
        busy, _, _ = journal._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
        assert len(list(reading)) == 2_999


# --- one coach at a time


def test_a_second_coach_is_told_who_holds_the_journal_and_since_when(path: Path) -> None:
    with endless_writer(path) as writer:
        acknowledged(writer, 1)
        told = complaint(path)
        assert f"process {writer.pid}, since {datetime.now().astimezone():%Y-%m-%d}" in told
        writer.kill()
        writer.wait()
        SqliteJournal(path).close()


def test_another_name_of_the_same_file_is_the_same_journal(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(path)
    with SqliteJournal(path):
        assert "held by another coach" in complaint(link)


FORKING_COACH = """
import os, signal, sys
from pathlib import Path
from voice_coach.adapters.sqlite_journal import SqliteJournal
journal = SqliteJournal(Path(sys.argv[1]))
if not os.fork():
    print(os.getpid(), flush=True)
signal.pause()
"""


def test_a_forked_worker_that_outlives_its_coach_does_not_hold_the_journal(path: Path) -> None:
    command = [sys.executable, "-c", FORKING_COACH, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as coach:
        assert coach.stdout is not None
        worker = int(coach.stdout.readline())
        try:
            assert f"process {coach.pid}" in complaint(path)
            coach.kill()
            coach.wait()
            SqliteJournal(path).close()
        finally:
            os.kill(worker, signal.SIGKILL)


def test_a_journal_that_another_program_has_locked_is_told_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice_coach.adapters.sqlite_journal.BUSY_SECONDS", 0.05)
    with SqliteJournal(path) as journal, closing(sqlite3.connect(path)) as other:
        journal.append([done()])
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked by another program"):
            journal.append([done()])
        other.rollback()
        assert journal.append([done()])[0].id == 2


# --- the cached facts


def cached_up_to(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT json_extract(facts, '$.last_id') FROM cache").fetchone()
    return int(row[0]) if row else 0


def test_the_facts_are_cached_now_and_then_and_at_the_end(path: Path) -> None:
    with SqliteJournal(path) as journal:
        for n in range(CACHE_EVERY + 10):
            journal.append([done(minutes=n)])
        assert cached_up_to(path) == CACHE_EVERY
    assert cached_up_to(path) == CACHE_EVERY + 10


def spoil(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_the_cache_is_what_a_start_reads(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
    spoil(path, "UPDATE cache SET facts = replace(facts, '\"2026-11-24\":1', '\"2026-11-24\":7')")
    with SqliteJournal(path) as journal:
        assert journal.facts().done_by_day == {date(2026, 11, 24): 7}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cache SET version = version + 1",
        "UPDATE cache SET facts = '{\"last_id\": 1}'",
        "UPDATE cache SET facts = '[]'",
        "UPDATE cache SET facts = 'x'",
        "UPDATE cache SET facts = replace(facts, '\"last_id\":1', '\"last_id\":9')",
        "UPDATE cache SET facts = replace(facts, '2026-11-24T07:30:00+01:00', '2026-11-24T08:30:00+01:00')",
        "DELETE FROM cache",
    ],
)
def test_a_cache_that_does_not_fit_is_made_anew(path: Path, statement: str) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
        facts = journal.facts()
    spoil(path, statement)
    with SqliteReader(path) as reader:
        assert reader.facts() == facts
    with SqliteJournal(path) as journal:
        assert journal.facts() == facts


def test_another_hour_at_which_days_end_makes_the_facts_anew(path: Path) -> None:
    with SqliteJournal(path, time(3)) as journal:
        journal.append([done()])
    with SqliteJournal(path, time(8)) as journal:
        assert journal.facts().done_by_day == {date(2026, 11, 23): 1}
    with SqliteReader(path, time(3)) as reader:
        assert reader.facts().done_by_day == {date(2026, 11, 24): 1}


# --- readers


def test_a_named_journal_that_does_not_exist_is_an_error_and_the_default_one_is_empty(path: Path) -> None:
    with pytest.raises(JournalError, match="There is no journal"):
        open_reader(path, named=True)
    with open_reader(path, named=False) as reader:
        assert list(reader.entries()) == []
    assert not path.exists()


def test_a_reader_changes_nothing_and_what_sqlite_leaves_beside_it_is_private_and_passing(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
    before, content = set(path.parent.iterdir()), path.read_bytes()
    with open_reader(path, named=True) as reader:
        assert len(list(reader.entries())) == 1
    assert path.read_bytes() == content
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    SqliteJournal(path).close()
    assert set(path.parent.iterdir()) == before


def test_a_file_that_is_still_empty_is_an_empty_journal(path: Path) -> None:
    path.touch()
    assert everything(path) == []
    with SqliteReader(path) as reader:
        assert reader.facts() == Facts()


def test_a_journal_in_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    with as_ordinary_user() as folder:
        path = folder / "journal.sqlite3"
        with SqliteJournal(path) as journal:
            journal.append([done()])
        folder.chmod(0o500)
        assert [entry.text for entry in everything(path)] == ["two push ups"]


def test_what_a_power_cut_left_in_the_log_is_read_from_a_folder_that_cannot_be_written() -> None:
    with as_ordinary_user() as folder:
        path, cut = folder / "journal.sqlite3", folder / "cut"
        cut.mkdir()
        with SqliteJournal(path) as journal:
            journal.append([done()])
            for end in ("", "-wal"):
                shutil.copyfile(f"{path}{end}", cut / f"journal.sqlite3{end}")
        cut.chmod(0o500)
        assert [entry.text for entry in everything(cut / "journal.sqlite3")] == ["two push ups"]
        cut.chmod(0o700)


# --- bad files


def test_a_file_that_is_no_database_is_told_so_and_left_alone(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 500)
    assert "not a SQLite database" in complaint(path)
    with pytest.raises(JournalError, match="not a SQLite database"):
        everything(path)
    assert path.read_bytes() == b"Dear diary, " * 500


def test_a_database_of_another_program_is_told_so_and_left_alone(path: Path) -> None:
    spoil(path, "CREATE TABLE entries (id INTEGER PRIMARY KEY, url TEXT)")
    content = path.read_bytes()
    assert "of another program" in complaint(path)
    with pytest.raises(JournalError, match="of another program"):
        everything(path)
    assert path.read_bytes() == content


def test_a_damaged_journal_is_told_so_when_the_damage_is_met(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done("x" * 500, minutes=n) for n in range(500)])
    content = bytearray(path.read_bytes())
    content[40_000:140_000] = b"\xa5" * 100_000
    path.write_bytes(content)
    with pytest.raises(JournalError, match="is damaged") as caught:
        everything(path)
    assert "recover" in caught.value.remedy


def test_a_journal_cut_short_is_told_so(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done("x" * 500, minutes=n) for n in range(500)])
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(JournalError, match="is damaged"):
        everything(path)


def test_an_entry_that_makes_no_sense_is_damage(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
    spoil(path, "UPDATE entries SET data = '[1]'")
    with pytest.raises(JournalError, match="is damaged"):
        everything(path)


def test_a_file_that_was_made_read_only_stays_as_it_is_also_for_root(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
    path.chmod(0o444)
    assert "cannot be written" in complaint(path)
    assert len(everything(path)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_folder_that_cannot_be_written_is_told_so() -> None:
    with as_ordinary_user() as folder:
        SqliteJournal(folder / "journal.sqlite3").close()
        folder.chmod(0o500)
        assert "cannot be written" in complaint(folder / "new.sqlite3")
        assert "cannot be made" in complaint(folder / "new" / "journal.sqlite3")


def test_a_journal_that_may_not_be_read_is_told_so() -> None:
    with as_ordinary_user() as folder:
        path = folder / "journal.sqlite3"
        SqliteJournal(path).close()
        path.chmod(0o000)
        assert "cannot be written" in complaint(path)
        with pytest.raises(JournalError, match="cannot be opened"):
            everything(path)


def test_a_name_that_cannot_be_a_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "is a folder" in complaint(tmp_path)
    assert "cannot be written" in complaint(tmp_path / "file" / "journal.sqlite3")
    assert "cannot be opened" in complaint(tmp_path / ("x" * 300))
    assert "cannot be opened" in complaint(tmp_path / "circle")
    assert "not a regular file" in complaint(Path("/dev/null"))
    with pytest.raises(JournalError, match="is a folder"):
        everything(tmp_path)


@contextmanager
def no_file_larger_than(limit: int) -> Iterator[None]:
    """The system refuses to let files grow, for any user (Python ignores the signal that comes with it)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_refuses_more_is_told_so_and_loses_nothing(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
        with no_file_larger_than(100_000), pytest.raises(JournalError, match="disk refused") as caught:
            for n in range(10_000):
                journal.append([done("x" * 1_000, minutes=n), done("second half")])
        assert "safe" in caught.value.remedy
        kept = list(journal.entries())
        assert len(kept) > 1
        assert len(kept) % 2 == 1, "the turn that failed left a half"
        assert everything(path) == kept
        assert journal.append([done()])[0].id == len(kept) + 1
        assert journal.facts().last_id == len(kept) + 1


def test_a_full_disk_is_told_so_and_loses_nothing(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
        journal._connection.execute("PRAGMA max_page_count = 20")
        with pytest.raises(JournalError, match="disk is full"):
            for n in range(10_000):
                journal.append([done("x" * 1_000, minutes=n), done("second half")])
        journal._connection.execute("PRAGMA max_page_count = 1000000")
        kept = len(list(journal.entries()))
        assert kept % 2 == 1, "the turn that failed left a half"
        assert journal.append([done()])[0].id == kept + 1


def test_a_new_journal_where_there_is_no_room_is_told_so(path: Path) -> None:
    with no_file_larger_than(0):
        assert "disk refused" in complaint(path)
    SqliteJournal(path).close()


# --- versions


def add_mood(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE entries ADD COLUMN mood TEXT")


def fail(connection: sqlite3.Connection) -> None:
    add_mood(connection)
    connection.execute("DROP TABLE nonsense")


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_journal_of_an_older_version_is_brought_up_to_date_with_a_copy_beside_it(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
    with SqliteJournal(path, migrations=(*MIGRATIONS, add_mood)) as journal:
        assert [entry.text for entry in journal.entries()] == ["two push ups"]
    backup = path.with_name("journal.sqlite3.version-1.backup")
    assert [entry.text for entry in everything(backup)] == ["two push ups"]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert (version_of(path), version_of(backup)) == (2, 1)


def test_an_update_that_fails_leaves_the_journal_as_it_was_and_no_copy_is_overwritten(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.append([done()])
    for backup in ("journal.sqlite3.version-1.backup", "journal.sqlite3.version-1.backup-2"):
        told = complaint(path, migrations=(*MIGRATIONS, fail))
        assert f"{backup}." in told
        assert len(everything(path.with_name(backup))) == 1
    assert version_of(path) == 1
    with SqliteJournal(path) as journal:
        assert len(list(journal.entries())) == 1


def test_a_journal_of_a_newer_version_is_told_so_and_left_alone(path: Path) -> None:
    SqliteJournal(path, migrations=(*MIGRATIONS, add_mood)).close()
    content = path.read_bytes()
    assert "newer Voice Coach (version 2; this one knows 1)" in complaint(path)
    with pytest.raises(JournalError, match="newer"):
        everything(path)
    assert path.read_bytes() == content
