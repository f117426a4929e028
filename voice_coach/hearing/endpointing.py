"""PURE: when somebody has finished speaking. Time is what the audio says it is."""

from dataclasses import dataclass

LONGEST_SECONDS = 30.0
"""Somebody who speaks longer is heard in parts."""


@dataclass(frozen=True)
class Waiting:
    """How long a silence ends an utterance. All of it grows with the patience that the person has set."""

    complete_seconds: float = 0.4
    """After words that are a whole command."""
    incomplete_seconds: float = 0.8
    """After words that may go on: half a command, free text."""
    noisy_factor: float = 2.0
    """In lasting noise silence cannot be told; nothing new for this many times as long ends the utterance as well."""
    false_start_seconds: float = 1.0
    """Sound without a single word: a door, a cough."""

    def scaled(self, patience: float) -> "Waiting":
        return Waiting(
            self.complete_seconds * patience,
            self.incomplete_seconds * patience,
            self.noisy_factor,
            self.false_start_seconds * patience,
        )


@dataclass(frozen=True)
class Listening:
    """How far one utterance has come."""

    seconds: float = 0.0
    silent_seconds: float = 0.0
    """Since the last sound of speech."""
    unchanged_seconds: float = 0.0
    """Since the recognizer last heard something new."""
    partial: str = ""

    def after(self, seconds: float, is_speech: bool, partial: str) -> "Listening":
        """The same utterance, one chunk later."""
        return Listening(
            self.seconds + seconds,
            0.0 if is_speech else self.silent_seconds + seconds,
            self.unchanged_seconds + seconds if partial == self.partial else 0.0,
            partial,
        )


def has_ended(now: Listening, waiting: Waiting, complete: bool) -> bool:
    """Whether the utterance is over. `complete`: the words so far are a whole command that nothing can follow."""
    if not now.partial:
        needed, news = waiting.false_start_seconds, 0.0
    else:
        needed = waiting.complete_seconds if complete else waiting.incomplete_seconds
        news = min(needed, waiting.complete_seconds)
    return (
        _reached(now.seconds, LONGEST_SECONDS)
        or _reached(now.unchanged_seconds, needed * waiting.noisy_factor)
        or (_reached(now.silent_seconds, needed) and _reached(now.unchanged_seconds, news))
    )


def _reached(seconds: float, limit: float) -> bool:
    # Tenths of a second do not add up to the last digit, and a whole chunk more is a tenth of a second lost.
    return seconds >= limit - 1e-6
