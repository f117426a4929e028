"""The values that hearing hands on: frozen, comparable, without behavior worth testing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def no_slots() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Word:
    """One recognized word and when it was said."""

    text: str
    start_seconds: float
    """From the start of the utterance."""
    end_seconds: float
    confidence: float = 1.0
    """0 to 1."""


@dataclass(frozen=True)
class Hypothesis:
    """One reading of an utterance."""

    text: str
    score: float
    """Unbounded; only differences between readings of one utterance mean anything. Higher is better."""


@dataclass(frozen=True)
class Utterance:
    """What somebody said, final. A typed line is an utterance with a confidence of 1."""

    text: str
    """Lower-case words with single spaces between them; empty when nothing was said."""
    confidence: float = 1.0
    """0 to 1: the mean over its words of how far the other readings agree with them."""
    alternatives: tuple[Hypothesis, ...] = ()
    """Best first; the first one is `text`. Empty when there is no other reading (typed words)."""
    words: tuple[Word, ...] = ()
    audio_seconds: float = 0.0


@dataclass(frozen=True)
class Intent:
    """What is meant."""

    name: str
    slots: Mapping[str, str] = field(default_factory=no_slots)
    """Named values, as spoken."""
    text: str = ""
    """The whole utterance."""
    confidence: float = 1.0


@dataclass(frozen=True)
class Confirm:
    """Heard, but doubtful: ask before acting."""

    candidates: tuple[Intent, ...]
    """One, or two that lie close together; best first, never empty."""
    text: str = ""
    confidence: float = 0.0

    @property
    def intent(self) -> Intent:
        return self.candidates[0]


@dataclass(frozen=True)
class NoMatch:
    """Heard, but not understood as any intent. It may be the answer to an open question."""

    text: str
    confidence: float = 0.0


@dataclass(frozen=True)
class NoInput:
    """Nothing was said."""


Verdict = Intent | Confirm | NoMatch | NoInput
