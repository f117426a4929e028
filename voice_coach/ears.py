"""Where utterances come from: a microphone with a recognizer, recordings in a row, or typed lines."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from voice_coach.errors import UsageError
from voice_coach.hearing.activity import PreRoll, VoiceActivity
from voice_coach.hearing.endpointing import Listening, Waiting, has_ended
from voice_coach.hearing.values import Utterance
from voice_coach.ports import SAMPLE_RATE_HZ, Microphone, Recognizer, Samples

SILENCE = Utterance("")
MOMENT = "@"
"""A typed line that begins with this sets the clock."""


class AudioEars:
    """Listens to microphones one after the other; a recording is a microphone that ends.

    The recognizer sleeps until there is speech. Silence is counted in samples, never by a clock, so that a recording of
    ten minutes is heard in seconds.
    """

    def __init__(
        self,
        microphones: Iterable[Microphone],
        recognizer: Recognizer,
        is_complete: Callable[[str], bool],
        *,
        waiting: Waiting = Waiting(),  # noqa: B008  frozen
        live: bool = False,
    ) -> None:
        self._sources: Iterator[Microphone] = iter(microphones)
        self._microphone: Microphone | None = None
        self._recognizer = recognizer
        self._is_complete = is_complete
        self._waiting = waiting
        self._live = live
        self._activity = VoiceActivity(SAMPLE_RATE_HZ)
        self._pre_roll = PreRoll()
        self._listening: Listening | None = None
        self._samples = 0

    @property
    def seconds_heard(self) -> float:
        """How much sound was taken in so far."""
        return self._samples / SAMPLE_RATE_HZ

    def open(self) -> bool:
        """Opens the next source if none is open; False when there are no more."""
        if self._microphone is None:
            source = next(self._sources, None)
            if source is None:
                return False
            self._microphone = source.__enter__()
        return True

    def close(self) -> None:
        if self._microphone is not None:
            self._microphone.__exit__(None, None, None)
            self._microphone = None
            self._pre_roll.take()

    def listen(self, patience_seconds: float | None) -> Utterance | None:
        """The next utterance with words in it; SILENCE when nobody spoke for so long; None after the last source."""
        quiet_samples = 0
        while self.open():
            assert self._microphone is not None
            chunk = self._microphone.read()
            if chunk is None:
                self.close()
                utterance = self._ended()
            else:
                self._samples += len(chunk)
                utterance = self._hear(chunk)
                quiet_samples = 0 if self._has_words() else quiet_samples + len(chunk)
            if utterance is not None and utterance.text:
                return utterance
            if self._listening is not None or patience_seconds is None:
                continue  # a sound that may yet become a word is heard out first
            if quiet_samples >= patience_seconds * SAMPLE_RATE_HZ:
                return SILENCE
        return None

    def _has_words(self) -> bool:
        return self._listening is not None and bool(self._listening.partial)

    def forget(self) -> None:
        """Drops what was captured while the coach spoke; a recording has waited meanwhile and loses nothing."""
        if self._microphone is not None and self._live:
            self._microphone.discard()
            self._pre_roll.take()
            self._listening = None
            self._recognizer.reset()

    def _hear(self, chunk: Samples) -> Utterance | None:
        """Takes in one chunk; the utterance if it ended with it."""
        is_speech = self._activity.is_speech(chunk)
        if self._listening is None:
            if not is_speech:
                self._pre_roll.keep(chunk)
                return None
            self._listening = Listening()
            for earlier in self._pre_roll.take():
                self._recognizer.accept(earlier)
        whole = self._recognizer.accept(chunk)
        if whole is not None:
            self._listening = None
            return whole
        partial = self._recognizer.partial()
        if partial:
            self._pre_roll.take()
        else:  # should this sound be given up, the last of it may still be the beginning of a word
            self._pre_roll.keep(chunk)
        self._listening = self._listening.after(len(chunk) / SAMPLE_RATE_HZ, is_speech, partial)
        if has_ended(self._listening, self._waiting, bool(partial) and self._is_complete(partial)):
            return self._ended()
        return None

    def _ended(self) -> Utterance | None:
        self._listening = None
        return self._recognizer.finish()


class TypedEars:
    """One utterance a line. A line `@2026-11-21T07:30:00+01:00` sets the clock instead."""

    def __init__(self, lines: Iterable[str], set_clock: Callable[[datetime], None]) -> None:
        self._lines = iter(lines)
        self._set_clock = set_clock

    def listen(self, patience_seconds: float | None) -> Utterance | None:
        """The next line; an empty one is silence; None at the end."""
        for line in self._lines:
            text = line.strip()
            if text.startswith(MOMENT):
                self._set_clock(moment(text[len(MOMENT) :].strip()))
                continue
            return Utterance(text)
        return None

    def forget(self) -> None:
        """Nothing is lost: what was typed while the coach spoke still counts."""


def moment(text: str) -> datetime:
    """A moment in ISO 8601; without an offset it is local time. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"“{text}” is not a time.", "Write it like 2026-11-21T07:30:00+01:00.") from None
