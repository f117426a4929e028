"""How far a long step has come: a bar on a terminal, now and then a plain line everywhere else."""

import os
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_QUIET_SECONDS = 5.0


class Progress(Protocol):
    """One step at a time."""

    def begin(self, what: str, total: int = 0) -> None:
        """A step begins; it is done after `total` bytes (0: unknown)."""
        ...

    def advance(self, count: int) -> None:
        """So many bytes more."""
        ...

    def note(self, text: str) -> None:
        """Something the person should know, in a sentence."""
        ...


class NoProgress:
    """Says nothing."""

    def begin(self, what: str, total: int = 0) -> None:
        pass

    def advance(self, count: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass


class LineProgress:
    """One line when a step begins, and one more every few seconds that it takes. For logs, pipes and dumb terminals."""

    def __init__(self, stream: TextIO, quiet_seconds: float = _QUIET_SECONDS) -> None:
        self._stream, self._quiet_seconds = stream, quiet_seconds
        self._what, self._total, self._count, self._said_at = "", 0, 0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def begin(self, what: str, total: int = 0) -> None:
        self._what, self._total, self._count = what, total, 0
        self.note(f"{what} ({_megabytes(total)})" if total else what)

    def advance(self, count: int) -> None:
        self._count += count
        if time.monotonic() - self._said_at >= self._quiet_seconds:
            share = f"{min(100, 100 * self._count // self._total)} %" if self._total else _megabytes(self._count)
            self.note(f"{self._what}: {share}")

    def note(self, text: str) -> None:
        self._said_at = time.monotonic()
        print(text, file=self._stream, flush=True)


class BarProgress:
    """A bar with bytes and the time left. A context manager: leaving restores the terminal."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        size = TextColumn("{task.fields[size]}")
        self._bar: Bar = Progress(
            TextColumn("{task.description}"), BarColumn(), size, TimeRemainingColumn(), console=Console(file=stream)
        )
        self._task: TaskID | None = None
        self._total, self._count = 0, 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._complete()
        self._bar.stop()

    def begin(self, what: str, total: int = 0) -> None:
        self._complete()
        self._total, self._count = total, 0
        self._task = self._bar.add_task(what, total=total or None, size="")

    def advance(self, count: int) -> None:
        self._count += count
        if self._task is not None:
            size = f"{self._count / 1e6:.0f}/{_megabytes(self._total)}" if self._total else _megabytes(self._count)
            self._bar.update(self._task, completed=self._count, size=size)

    def note(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _complete(self) -> None:
        if self._task is not None:
            self._bar.update(self._task, total=self._total or 1, completed=self._total or 1)


def progress_on(stream: TextIO) -> LineProgress | BarProgress:
    """The kind of progress that fits the stream; to be used in a `with` statement."""
    on_terminal = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return BarProgress(stream) if on_terminal else LineProgress(stream)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
