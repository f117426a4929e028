"""Vosk as a Recognizer: one model, and one recognizer kept alive for minutes of speech."""

import contextlib
import ctypes
import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz.distance import LCSseq

from voice_coach.errors import ModelError
from voice_coach.hearing.values import Hypothesis, Utterance, Word
from voice_coach.ports import SAMPLE_RATE_HZ, Samples

LEAD_IN = np.zeros(SAMPLE_RATE_HZ * 3 // 10, np.int16)
"""Silence before the first sound of an utterance: a recording that begins in mid-word is heard better for it."""
LEAD_OUT = np.zeros(SAMPLE_RATE_HZ // 2, np.int16)
ALTERNATIVES = 10
RENEWED_AFTER_SECONDS = 180
"""Of sound: a recognizer remembers every part of the graph that it has seen, and would grow without end. A new one has
to find them again, which costs a few seconds of computing, so it is not made more often than memory needs."""
# A difference of one in Vosk's scores is a factor e in likelihood, but neighboring frames are not independent; scaled
# down, the shares of the alternatives behave more like probabilities.
SCORE_SCALE = 0.5


class VoskRecognizer:
    """Decodes against the language graph in a model folder. Raises ModelError when Vosk refuses the folder."""

    def __init__(self, folder: Path) -> None:
        from vosk import KaldiRecognizer, Model, SetLogLevel

        SetLogLevel(-1)
        try:
            self._model = Model(str(folder))
            self._make: Callable[[], Any] = partial(KaldiRecognizer, self._model, SAMPLE_RATE_HZ)
            self._renew()
        except (Exception, SystemExit) as error:
            raise ModelError(
                f"Vosk could not load the model in {folder}: {error}.", "Run `voice-coach setup` to repair it."
            ) from None
        self._fresh = True
        self._samples = 0

    def _renew(self) -> None:
        self._recognizer: Any = None  # frees the old one before there is a new one
        _give_back_memory()
        self._recognizer = self._make()
        self._recognizer.SetWords(True)
        self._recognizer.SetMaxAlternatives(ALTERNATIVES)
        self._samples_fed = 0

    def knows(self, word: str) -> bool:
        """Whether the model can hear the word at all."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def accept(self, chunk: Samples) -> Utterance | None:
        """Takes in one chunk; the utterance when Vosk finds its end."""
        if self._fresh:
            self._fresh = False
            self._feed(LEAD_IN)
        self._samples += len(chunk)
        if self._feed(chunk):
            return self._utterance(self._recognizer.Result())
        return None

    def finish(self) -> Utterance | None:
        """Whatever was begun, closed with a little silence."""
        if self._fresh:
            return None
        if self._feed(LEAD_OUT):
            ended = self._utterance(self._recognizer.Result())
            self.reset()
            return ended
        ended = self._utterance(self._recognizer.FinalResult())
        self.reset()
        return ended

    def reset(self) -> None:
        """Forgets what was begun. Vosk's search cache stays, which is why the recognizer is kept."""
        if not self._fresh:
            self._recognizer.FinalResult()
            self._recognizer.Reset()
            if self._samples_fed > RENEWED_AFTER_SECONDS * SAMPLE_RATE_HZ:
                self._renew()
        self._fresh = True
        self._samples = 0

    def partial(self) -> str:
        """What was heard so far of an utterance that is not finished; may change."""
        return str(json.loads(self._recognizer.PartialResult()).get("partial", ""))

    def _feed(self, samples: Samples) -> bool:
        self._samples_fed += len(samples)
        return bool(self._recognizer.AcceptWaveform(samples.tobytes()))

    def _utterance(self, result: str) -> Utterance:
        readings = [found for found in json.loads(result).get("alternatives", []) if found.get("text")]
        seconds = self._samples / SAMPLE_RATE_HZ
        self._samples = 0
        if not readings:
            return Utterance("", 0.0, audio_seconds=seconds)
        alternatives = _distinct(readings)
        sureness = _sureness(alternatives)
        return Utterance(
            text=alternatives[0].text,
            confidence=sum(sureness) / len(sureness),
            alternatives=alternatives,
            words=_words(readings[0], sureness),
            audio_seconds=seconds,
        )


def _give_back_memory() -> None:
    """What was freed in small pieces goes back to the system; other systems than Linux with glibc see to it alone."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _distinct(readings: list[dict[str, Any]]) -> tuple[Hypothesis, ...]:
    best: dict[str, float] = {}
    for reading in readings:
        best.setdefault(str(reading["text"]), float(reading["confidence"]))
    return tuple(Hypothesis(text, score) for text, score in best.items())


def _sureness(alternatives: tuple[Hypothesis, ...]) -> tuple[float, ...]:
    """For each word of the first reading, the share of the likelihood of all readings that have it in that place."""
    first = alternatives[0].text.split()
    shares = [math.exp(SCORE_SCALE * (found.score - alternatives[0].score)) for found in alternatives]
    agreed = [0.0] * len(first)
    for share, found in zip(shares, alternatives, strict=True):
        for block in LCSseq.opcodes(first, found.text.split()):
            if block.tag == "equal":
                for position in range(block.src_start, block.src_end):
                    agreed[position] += share
    return tuple(value / sum(shares) for value in agreed)


def _words(reading: dict[str, Any], sureness: tuple[float, ...]) -> tuple[Word, ...]:
    """Word times count on through the life of a recognizer; here they start with the utterance."""
    found = reading.get("result", [])
    if len(found) != len(sureness):
        return ()
    begin = float(found[0]["start"])
    return tuple(
        Word(str(one["word"]), float(one["start"]) - begin, float(one["end"]) - begin, sure)
        for one, sure in zip(found, sureness, strict=True)
    )
