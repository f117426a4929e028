"""What the benchmarks share: rows with limits, progress on a terminal, results as JSON, the machine in one line."""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import Progress

from voice_coach.errors import CoachError

TOP = Path(__file__).resolve().parent.parent
"""The checkout."""


@dataclass(frozen=True)
class Row:
    """One measured figure, and what it should reach."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.limit is None or (self.value >= self.limit if self.at_least else self.value <= self.limit)


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    return parser


def add_shared(parser: argparse.ArgumentParser) -> None:
    default = TOP.parent / "shared"
    parser.add_argument("--shared", type=Path, default=default, help="folder with audio/ and text/ (%(default)s)")


def needed(path: Path) -> Path:
    """The same path, if it is there; else the program ends with a sentence."""
    if path.exists():
        return path
    stop(f"{path} is not there.", "Name the folder that holds the benchmark's data with --shared DIR.")


def stop(what: str, remedy: str = "") -> NoReturn:
    """Ends the program with exit status 1."""
    print(f"{Path(sys.argv[0]).name}: {what}", remedy, sep="\n" if remedy else "", file=sys.stderr)
    sys.exit(1)


def run(main: Callable[[], int]) -> NoReturn:
    """The whole program: what stops the coach with a sentence stops a benchmark with the same one."""
    try:
        sys.exit(main())
    except CoachError as error:
        stop(str(error))


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error while somebody watches, else nothing."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


def report(rows: Sequence[Row], json_file: Path | None, **details: Any) -> int:
    """Prints the rows and writes the JSON file; the exit status: 1 when a limit is missed."""
    for row in rows:
        limit = f"limit {row.limit:g}: {'met' if row.met else 'MISSED'}" if row.limit is not None else ""
        print(f"{row.what:<58}{row.value:>10.3f} {row.unit:<16}{limit}".rstrip())
    print(machine())
    write_json(json_file, {"rows": [asdict(row) | {"met": row.met} for row in rows], **details})
    return 0 if all(row.met for row in rows) else 1


def write_json(path: Path | None, results: Mapping[str, Any]) -> None:
    if path is not None:
        text = json.dumps({"machine": machine(), **results}, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def machine() -> str:
    """Processor, cores, memory, system, and the versions that figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    parts = [f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB", f"{platform.system()} {platform.machine()}"]
    parts.append(f"Python {platform.python_version()}")
    parts.extend(f"{name} {_version(name)}" for name in ("vosk", "rapidfuzz"))
    return ", ".join(parts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.processor() or "unknown processor"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def program() -> str:
    """The installed command `voice-coach` of this Python."""
    found = shutil.which("voice-coach", path=str(Path(sys.executable).parent))
    return found or stop("voice-coach is not installed beside this Python.", "pip install -e .")


def peak_megabytes(process: int | str = "self") -> float:
    """The most memory that a process ever had resident."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
