"""What the loop needs from the outside world. Each port has shipped implementations with one set of contract tests."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voice_coach.coaching.values import Entry, Facts
from voice_coach.hearing.values import Utterance

SAMPLE_RATE_HZ = 16_000
CHUNK_SAMPLES = 1_600
"""A tenth of a second: short enough to answer fast, long enough to sleep in between."""

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Speech:
    """Synthesized sound: int16, mono."""

    samples: Samples
    sample_rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate_hz


class Earcon(Enum):
    """What is meant; the shape of the melody tells them apart, also for somebody who hears no pitch well."""

    LISTENING = "listening"
    """Two notes up: go ahead."""
    HEARD = "heard"
    """One short note: I have that."""
    NOT_UNDERSTOOD = "not_understood"
    """The same low note twice: once more."""
    GOODBYE = "goodbye"
    """Three notes down: I am not listening any longer."""


class Microphone(Protocol):
    """A source of chunks: int16, mono, 16 kHz, at most CHUNK_SAMPLES each. A recording is a microphone that ends.

    A context manager: entering opens the device and raises AudioError when it cannot; leaving closes it.
    """

    def __enter__(self) -> "Microphone": ...
    def __exit__(self, *exc: object) -> None: ...

    def read(self) -> Samples | None:
        """The next chunk; None when there will be no more. Blocks at most about a second on a live device."""
        ...

    def discard(self) -> None:
        """Forget what was captured and not yet read (while the coach spoke). A recording keeps everything: it waits."""
        ...


class Recognizer(Protocol):
    """Kept alive for the whole run."""

    def accept(self, chunk: Samples) -> Utterance | None:
        """Take in one chunk; the utterance when the person has finished one, else None. May be an empty utterance."""
        ...

    def finish(self) -> Utterance | None:
        """There is no more to come for now: whatever was begun, else None."""
        ...

    def reset(self) -> None:
        """Forget what was begun."""
        ...

    def partial(self) -> str:
        """What was heard so far of an utterance that is not finished; empty while nobody speaks."""
        ...


class Synthesizer(Protocol):
    def synthesize(self, text: str, *, voice: str, rate: int, volume: float) -> Speech:
        """Words to sound. `rate` in words a minute, `volume` 0 to 1. Raises SpeechError; never hangs."""
        ...

    def get_ready(self) -> None:
        """Returns when there is an engine. Raises SpeechError."""
        ...

    def close(self) -> None: ...


class Speaker(Protocol):
    def play(self, speech: Speech) -> None:
        """Returns when the last sample was played, or after `stop`. Raises AudioError."""
        ...

    def stop(self) -> None:
        """Cut what is being played at once; may be called from another thread."""
        ...

    def close(self) -> None: ...


class Journal(Protocol):
    """Append-only events, durable when `append` returns."""

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Write all of one turn or nothing; the same entries with their ids. Raises JournalError."""
        ...

    def entries(self) -> Iterable[Entry]:
        """All of them, in the order they were written."""
        ...

    def facts(self) -> Facts:
        """The fold over everything written so far."""
        ...

    def close(self) -> None: ...


class Ears(Protocol):
    """Where utterances come from: a microphone and a recognizer, or typed lines."""

    def listen(self, patience_seconds: float | None) -> Utterance | None:
        """The next utterance; an empty one after `patience_seconds` of silence; None when there will be no more."""
        ...

    def forget(self) -> None:
        """Drop what was captured while the coach spoke, so that it never hears itself."""
        ...


class Mouth(Protocol):
    """Where words go: a synthesizer and a speaker, or a line of text."""

    def get_ready(self) -> None:
        """Returns when it can speak. Raises SpeechError or AudioError when it will not be able to."""
        ...

    @property
    def seconds_spoken(self) -> float:
        """How long everything said so far took."""
        ...

    def say(self, text: str) -> None:
        """Returns when it has been said to the end."""
        ...

    def tune(self, rate: float, volume: float) -> None:
        """From now on at this many words a minute, and this loud (0 to 1)."""
        ...

    def chime(self, earcon: Earcon) -> None:
        """A short sound with a meaning."""
        ...


def chunks_of(microphone: Microphone) -> Iterator[Samples]:
    """The chunks of a microphone until it ends."""
    while (chunk := microphone.read()) is not None:
        yield chunk
