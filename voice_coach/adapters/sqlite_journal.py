"""The journal as one SQLite file: append-only, durable when `append` returns, one writing coach at a time.

Beside FILE stand FILE.lock (who writes; the lock itself is the system's and goes with the process) and, while somebody
has the journal open, SQLite's own FILE-wal and FILE-shm. With a write-ahead log and synchronous=FULL every commit waits
until its log is on the disk, and readers see a whole state without ever waiting for the writer or stopping it.
"""

import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from types import MappingProxyType

from voice_coach.adapters.memory_journal import MemoryJournal
from voice_coach.coaching.history import FOLD_VERSION, facts_as_json, facts_from_json, fold_all
from voice_coach.coaching.values import Entry, Facts
from voice_coach.errors import JournalError

APPLICATION_ID = 0x566F4963
"""Marks a SQLite file as ours ("VoIc"), so that no other program's database is ever written to."""
BUSY_SECONDS = 2.0
"""How long to wait for another program (never a coach) that holds the file."""
CACHE_EVERY = 256
"""Entries between two writings of the cached facts: at most about so many are folded again after a power cut."""
PAGE_ENTRIES = 1_000
"""Entries read at a time, so that no reader holds on to an old state of the file while it prints."""

Migration = Callable[[sqlite3.Connection], None]


def _first_tables(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE entries (id INTEGER PRIMARY KEY, at TEXT NOT NULL, epoch REAL NOT NULL, kind TEXT NOT NULL,"
        " practice TEXT, text TEXT NOT NULL, quantity REAL, unit TEXT, data TEXT NOT NULL)"
    )
    # The fold so far, as JSON: in the same file, so that words which are taken out of it are taken out of everything.
    connection.execute(
        "CREATE TABLE cache (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, day_ends TEXT NOT NULL,"
        " facts TEXT NOT NULL)"
    )


MIGRATIONS: tuple[Migration, ...] = (_first_tables,)
"""The first makes version 1 out of an empty file, each further one the next version. Only ever add to the end. They run
in one transaction, so `executescript` (which commits) must not be used."""


class SqliteJournal:
    """The one writer. Creates what is missing: the file with mode 0600, its folder with 0700 (one that exists keeps
    its mode). Raises JournalError, here and in every method, when the file cannot do its job."""

    def __init__(self, path: Path, day_ends: time = time(3), *, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self._day_ends = day_ends
        with _told(path), ExitStack() as undo:
            self.path = _absolute(path)
            _create_folder(self.path)
            _refuse_unwritable(self.path)
            self._lock = _Lock(self.path)
            undo.callback(self._lock.release)
            _create_file(self.path)
            self._connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            undo.callback(self._connection.close)
            _bring_up_to_date(self._connection, self.path, migrations)
            self._facts, self._cached_id = _read_facts(self._connection, self.path, day_ends)
            undo.pop_all()

    def __enter__(self) -> "SqliteJournal":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Write all of one turn or nothing; the same entries with their ids. When it returns they are on the disk.
        Raises ValueError for a time without UTC offset."""
        if not entries:
            return ()
        rows = [_row(entry) for entry in entries]
        with _told(self.path), _transaction(self._connection):
            ids = [self._connection.execute(_INSERT, row).lastrowid for row in rows]
        written = tuple(replace(entry, id=id_) for entry, id_ in zip(entries, ids, strict=True))
        self._facts = fold_all(self._facts, written, self._day_ends)
        # Never more often than a day has entries, since the cache holds the whole of the present day.
        if self._facts.last_id - self._cached_id >= max(CACHE_EVERY, len(self._facts.today)):
            self._write_cache()
        return written

    def entries(self) -> Iterable[Entry]:
        """All that are written when the reading begins, in the order they were written."""
        return _read_entries(self._connection, self.path)

    def facts(self) -> Facts:
        """The fold over everything written so far; costs nothing."""
        return self._facts

    def close(self) -> None:
        """Lets go of the file; a second time does nothing."""
        if self._lock.held:
            self._write_cache()
            self._connection.close()
            self._lock.release()

    def _write_cache(self) -> None:
        if self._facts.last_id == self._cached_id:
            return
        facts = json.dumps(facts_as_json(self._facts), separators=(",", ":"))
        row = (1, FOLD_VERSION, self._day_ends.isoformat(), facts)
        # Without the cache the next start takes longer, that is all: no reason to trouble the person.
        with suppress(sqlite3.Error), _transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO cache VALUES (?, ?, ?, ?)", row)
        self._cached_id = self._facts.last_id


class SqliteReader:
    """Looks at a journal, also while a coach writes it or on a read-only disk; never waits for it, never changes it.

    Raises JournalError, here and in every method, when there is no journal or it cannot be read.
    """

    def __init__(self, path: Path, day_ends: time = time(3)) -> None:
        self._day_ends = day_ends
        with _told(path), ExitStack() as opened:
            self.path = _absolute(path)
            if not self.path.exists():
                raise JournalError(f"There is no journal at {self.path}.", "Check the path, or leave out --journal.")
            _refuse_other_kinds(self.path)
            self._connection = _open_to_read(self.path, opened)
            opened.callback(self._connection.close)
            self._empty = _version(self._connection, self.path, len(MIGRATIONS)) == 0
            self._opened = opened.pop_all()

    def __enter__(self) -> "SqliteReader":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def entries(self) -> Iterable[Entry]:
        """All that are written when the reading begins, in the order they were written."""
        return () if self._empty else _read_entries(self._connection, self.path)

    def facts(self) -> Facts:
        """The fold over everything written so far."""
        if self._empty:
            return Facts()
        with _told(self.path):
            return _read_facts(self._connection, self.path, self._day_ends)[0]

    def close(self) -> None:
        self._opened.close()


def open_reader(path: Path, day_ends: time = time(3), *, named: bool) -> "SqliteReader | MemoryJournal":
    """A reader of the journal; where the default one was not made yet, an empty one. A file that the person named
    has to exist: JournalError otherwise."""
    with _told(path):
        if not named and not _absolute(path).exists():
            return MemoryJournal(day_ends)
    return SqliteReader(path, day_ends)


def writer_of(path: Path) -> str:
    """Which coach has the journal open ("process 7, since …"); empty when none has. Waits for nobody."""
    with _told(path):
        try:
            lock = os.open(_beside(_absolute(path), ".lock"), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return ""
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(lock, 200, 0).decode("utf-8", "replace").strip() or "it has only just started"
        finally:
            os.close(lock)
        return ""


def ensure_writable(path: Path) -> None:
    """Raises JournalError where a coach could not write; makes and changes nothing."""
    with _told(path):
        path = _absolute(path)
        _refuse_unwritable(path)
        folder = next(folder for folder in path.parents if folder.exists())
        if not folder.is_dir():
            raise _error(sqlite3.SQLITE_READONLY, f"{folder} is not a folder", path)
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            raise _error(sqlite3.SQLITE_READONLY, f"no write permission for {folder}", path)


# --- rows


_INSERT = "INSERT INTO entries (at, epoch, kind, practice, text, quantity, unit, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT = (
    "SELECT id, at, kind, practice, text, quantity, unit, data FROM entries"
    " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
)


def _row(entry: Entry) -> tuple[object, ...]:
    if entry.at.utcoffset() is None:
        raise ValueError(f"the time of an entry needs its UTC offset: {entry.at}")
    quantity = None if entry.quantity is None else float(entry.quantity)
    texts = [None if text is None else _storable(text) for text in (entry.kind, entry.practice, entry.text)]
    unit = None if entry.unit is None else _storable(entry.unit)
    data = _storable(json.dumps(dict(entry.data), ensure_ascii=False, separators=(",", ":")))
    return (entry.at.isoformat(), entry.at.timestamp(), *texts, quantity, unit, data)


def _storable(text: str) -> str:
    # Typed lines may hold bytes that are no UTF-8 (as lone surrogates), which SQLite refuses.
    return text.encode("utf-8", "replace").decode("utf-8")


def _entry(row: tuple[int, str, str, str | None, str, float | None, str | None, str]) -> Entry:
    id_, at, kind, practice, text, quantity, unit, data = row
    return Entry(
        at=datetime.fromisoformat(at),
        kind=kind,
        practice=practice,
        text=text,
        quantity=quantity,
        unit=unit,
        data=_data(data),
        id=id_,
    )


def _data(text: str) -> Mapping[str, object]:
    return MappingProxyType(json.loads(text) if text != "{}" else {})


def _read_entries(connection: sqlite3.Connection, path: Path, after: int = 0) -> Iterator[Entry]:
    with _told(path):
        last = _last_id(connection)
        while after < last:
            page = connection.execute(_SELECT, (after, last, PAGE_ENTRIES)).fetchall()
            if not page:
                # SQLite takes a row with a damaged id for the end of the range, and says nothing.
                raise _error(sqlite3.SQLITE_CORRUPT, f"no entry can be read between {after} and {last}", path)
            yield from map(_entry, page)
            after = page[-1][0]


def _last_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()[0])


def _read_facts(connection: sqlite3.Connection, path: Path, day_ends: time) -> tuple[Facts, int]:
    """The facts, and the id of the entry that the cache in the file is up to."""
    cached = _cached_facts(connection, day_ends)
    new = _read_entries(connection, path, after=cached.last_id)
    return fold_all(cached, new, day_ends), cached.last_id


def _cached_facts(connection: sqlite3.Connection, day_ends: time) -> Facts:
    row = connection.execute(
        "SELECT facts FROM cache WHERE version = ? AND day_ends = ?", (FOLD_VERSION, day_ends.isoformat())
    ).fetchone()
    if row is None:
        return Facts()
    try:
        facts = facts_from_json(json.loads(row[0]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Facts()
    same = connection.execute("SELECT at FROM entries WHERE id = ?", (facts.last_id,)).fetchone()
    return facts if same and facts.last_at and same[0] == facts.last_at.isoformat() else Facts()


# --- the file


def _open_to_read(path: Path, opened: ExitStack) -> sqlite3.Connection:
    try:
        return _connect_to_read(path, "mode=ro")
    except sqlite3.OperationalError:
        if os.access(path.parent, os.W_OK, effective_ids=True):
            raise
    # In a folder that cannot be written, SQLite cannot make the index of a write-ahead log. Where there is no log
    # nobody writes; where one was left behind, it is read with a copy of the file.
    log = _beside(path, "-wal")
    if not log.exists() or not log.stat().st_size:
        return _connect_to_read(path, "mode=ro&immutable=1")
    copy = Path(opened.enter_context(tempfile.TemporaryDirectory()), path.name)
    shutil.copyfile(path, copy)
    shutil.copyfile(log, _beside(copy, "-wal"))
    return _connect_to_read(copy, "mode=rw")


def _connect_to_read(path: Path, query: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?{query}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Ctrl-C too: what was begun must not be committed with the next turn.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    version = _version(connection, path, len(migrations))
    backup = _back_up(connection, path, version) if 0 < version < len(migrations) else None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    try:
        # Also when there is nothing to do: it finds out now whether the file can be written.
        with _transaction(connection):
            for migration in migrations[version:]:
                migration(connection)
            if version < len(migrations):
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {len(migrations)}")
    except sqlite3.Error as error:
        if backup is None:
            raise
        raise JournalError(
            f"The journal {path} could not be brought from version {version} to {len(migrations)} ({error}).",
            f"It is as it was; a copy is at {backup}. The version of Voice Coach that wrote it can still use it.",
        ) from error


def _version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """The version of the tables, 0 for a new file. Raises JournalError if they are not ours, or newer than we know."""
    (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        if not count:
            return 0
        raise JournalError(
            f"{path} is a database of another program, not a journal of Voice Coach.",
            "Name another file with --journal.",
        )
    if version > known:
        raise JournalError(
            f"The journal {path} was written by a newer Voice Coach (version {version}; this one knows {known}).",
            "Update Voice Coach, or name another file with --journal.",
        )
    return int(version)


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    number, backup = 1, _beside(path, f".version-{version}.backup")
    while backup.exists():
        number += 1
        backup = _beside(path, f".version-{version}.backup-{number}")
    _create_file(backup)
    copy = sqlite3.connect(backup)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    return backup


def _absolute(path: Path) -> Path:
    # Links resolved: two names of one file have to share one lock.
    return path.expanduser().resolve()


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _create_folder(path: Path) -> None:
    try:
        missing = [folder for folder in path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"The folder {path.parent} for the journal cannot be made: {error.strerror}.",
            "Name another file with --journal, or another folder with VOICE_COACH_DATA_DIR.",
        ) from error


def _create_file(path: Path) -> None:
    try:
        # Never opened when it exists: closing a file that SQLite has open in this process would drop its locks.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            with suppress(PermissionError):
                path.chmod(0o600)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Some file systems cannot do this; they have nothing to lose by it either.
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)


def _refuse_other_kinds(path: Path) -> None:
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "not a regular file"
        raise JournalError(f"The journal {path} is {what}.", "Name a file with --journal.")


def _refuse_unwritable(path: Path) -> None:
    _refuse_other_kinds(path)
    # Also for root, whom the system would let write: a file that was made read-only is meant to stay as it is.
    if path.exists() and not (os.access(path, os.W_OK, effective_ids=True) and path.stat().st_mode & 0o222):
        raise _error(sqlite3.SQLITE_READONLY, "no write permission", path)


# --- the lock


class _Lock:
    """Held until released or until the process ends, however it ends. The file says who holds it, and stays."""

    def __init__(self, path: Path) -> None:
        lock = _beside(path, ".lock")
        try:
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _error(sqlite3.SQLITE_READONLY, f"{lock.name}: {error.strerror}", path) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._descriptor)
            if not isinstance(error, BlockingIOError):
                raise _error(sqlite3.SQLITE_IOERR, f"{lock.name}: {error.strerror}", path) from error
            raise JournalError(
                f"The journal {path} is held by another coach ({holder or 'it has only just started'}).",
                "Stop that one first, or give this one a journal of its own with --journal.",
            ) from error
        _HELD.add(self._descriptor)
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        # On a full disk this stays empty, and only the message to a second coach says less.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()}, since {since}\n".encode(), 0)

    @property
    def held(self) -> bool:
        return self._descriptor in _HELD

    def release(self) -> None:
        if self.held:
            _HELD.remove(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


_HELD: set[int] = set()


def _close_in_child() -> None:
    # A forked worker that outlives a killed coach must not go on holding its journal.
    while _HELD:
        os.close(_HELD.pop())


os.register_at_fork(after_in_child=_close_in_child)


# --- errors


_REMEDIES = {
    sqlite3.SQLITE_FULL: (
        "The disk is full: nothing more can be written to the journal {path}.",
        "Make room on the disk. What was logged before is safe.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The journal {path} cannot be written ({detail}).",
        "Check the permissions of the file and its folder, or name another file with --journal.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The journal {path} cannot be opened ({detail}).",
        "Check the permissions of the file and its folder, or name another file with --journal.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "{path} is not a journal: it is not a SQLite database.",
        "Name another file with --journal; this one was not changed.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The journal {path} is damaged ({detail}).",
        "Copy it to a safe place, then get out what can be read: sqlite3 FILE .recover | sqlite3 NEW-FILE",
    ),
    sqlite3.SQLITE_BUSY: (
        "The journal {path} is locked by another program.",
        "Close the program that has the file open, then try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk refused to read or write the journal {path} ({detail}).",
        "Check that it has room and is healthy. What was logged before is safe.",
    ),
}
_REMEDIES[sqlite3.SQLITE_PERM] = _REMEDIES[sqlite3.SQLITE_READONLY]
_REMEDIES[sqlite3.SQLITE_LOCKED] = _REMEDIES[sqlite3.SQLITE_BUSY]


def _error(code: int, detail: str, path: Path) -> JournalError:
    unknown = ("The journal {path} cannot be used ({detail}).", "Name another file with --journal.")
    what, remedy = _REMEDIES.get(code & 0xFF, unknown)
    return JournalError(what.format(path=path, detail=detail), remedy)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What SQLite and the system complain of becomes a JournalError about this file."""
    try:
        yield
    except sqlite3.Error as error:
        raise _error(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR), str(error), path) from error
    except OSError as error:
        raise _error(sqlite3.SQLITE_CANTOPEN, error.strerror or str(error), path) from error
    except RuntimeError as error:
        # A circle of symbolic links, or ~somebody who is not there.
        raise _error(sqlite3.SQLITE_CANTOPEN, str(error), path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _error(sqlite3.SQLITE_CORRUPT, str(error), path) from error
