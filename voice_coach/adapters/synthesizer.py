"""Words to sound with pyttsx3, in one worker process that can hang, crash or vanish without taking the coach along."""

import contextlib
import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from voice_coach.errors import SpeechError
from voice_coach.ports import Samples, Speech

_WORKER = Path(__file__).with_name("synthesizer_worker.py")
_START_SECONDS = 30.0  # Python on an emulated or very small machine
_SECONDS_PER_CHARACTER = 0.02  # measured 0.0003 on a PC
_LONGEST_TEXT = 10_000  # also keeps a request shorter than a pipe, so that sending it never blocks
_RATES_PER_MINUTE = (80, 450)  # espeak-ng's own limits
_QUIET = 80  # of 32,768: softer than this at either end is not speech
_KEPT_BEFORE_SECONDS, _KEPT_AFTER_SECONDS = 0.02, 0.08
_USUAL_ACCENT = {"en": "en-us", "pt": "pt-br"}  # the one that the small speech models of these languages know
_ENGINE = "On Debian, Ubuntu or Raspberry Pi OS: sudo apt install espeak-ng"


@dataclass(frozen=True)
class Voice:
    id: str
    name: str
    languages: tuple[str, ...]


class Pyttsx3Synthesizer:
    """Speaks `language` ("en", "en-gb", "de") unless a voice is named. The worker warms up while the program starts.

    A worker that does not answer within `patience_seconds` (and a little more for long texts), or that dies, is
    replaced and asked once more.
    """

    def __init__(self, language: str = "en", *, patience_seconds: float = 5.0) -> None:
        self._language = language
        self._patience = patience_seconds
        self._asking = threading.Lock()
        self._worker: _Worker | None = _Worker()

    def synthesize(self, text: str, *, voice: str = "", rate: int = 170, volume: float = 1.0) -> Speech:
        """`voice` is a part of a voice's name or id; `rate` is kept within 80 to 450 words a minute.

        Text without a letter or digit is no sound at all. Raises SpeechError.
        """
        text = "".join(character if character.isprintable() else " " for character in text).strip()
        if not any(character.isalnum() for character in text):
            return Speech(np.zeros(0, np.int16), 22_050)
        if len(text) > _LONGEST_TEXT:
            raise SpeechError(f"A text of {len(text):,} characters is too long to be spoken.", "Say it in parts.")
        rate = int(min(max(rate, _RATES_PER_MINUTE[0]), _RATES_PER_MINUTE[1]))
        with self._asking:
            samples, sample_rate_hz = self._ask_twice(text, voice, rate)
        return Speech(_scaled(_trimmed(samples, sample_rate_hz), volume), sample_rate_hz)

    def get_ready(self) -> None:
        """Returns when the engine is there. Raises SpeechError."""
        self.voices()

    def voices(self) -> tuple[Voice, ...]:
        """What the engine has. Raises SpeechError."""
        with self._asking:
            try:
                return self._ready_worker().voices
            except _WorkerFailedError as failure:
                raise _told(failure) from None

    @property
    def process_id(self) -> int | None:
        """Of the worker, for whoever wants to look at what it uses; None while there is none."""
        return self._worker.process_id if self._worker else None

    def _ask_twice(self, text: str, voice: str, rate: int) -> tuple[Samples, int]:
        failure = _WorkerFailedError("it was not asked")
        for _ in range(2):
            try:
                worker = self._ready_worker()
                chosen = choose_voice(worker.voices, voice, self._language)
                return worker.synthesize(text, chosen, rate, self._patience + len(text) * _SECONDS_PER_CHARACTER)
            except _WorkerFailedError as error:
                failure = error
                self._end_worker()
            except KeyboardInterrupt:
                self._end_worker()  # its answer would come to the next question
                raise
        raise _told(failure)

    def _ready_worker(self) -> "_Worker":
        if self._worker is None:
            self._worker = _Worker()
        self._worker.wait_until_ready()
        return self._worker

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def close(self) -> None:
        """End the worker; a later request would start another."""
        self._end_worker()


def choose_voice(voices: Sequence[Voice], wanted: str, language: str) -> str:
    """The id of the voice whose id or name is `wanted`, else the first that contains it; the language's when empty.

    Empty when no voice says that it speaks the language: then the engine's own choice is the best there is.
    """
    if not wanted:
        code = _USUAL_ACCENT.get(language.lower(), language.lower())
        spoken = [(spoken.lower(), voice.id) for voice in voices for spoken in voice.languages]
        same = [id for language, id in spoken if language == code]
        near = [id for language, id in spoken if language.split("-")[0] == code.split("-")[0]]
        return next(iter(same + near), "")
    sought = wanted.lower()
    exact = [voice.id for voice in voices if sought in (voice.id.lower(), voice.name.lower())]
    part = [voice.id for voice in voices if sought in f"{voice.id}\n{voice.name}".lower()]
    if exact + part:
        return (exact + part)[0]
    speaking = [voice.name for voice in voices if any(code.startswith(language[:2]) for code in voice.languages)]
    remedy = f"There is: {'; '.join(speaking)}." if speaking else "Leave the voice out of the configuration."
    raise SpeechError(f'There is no voice called "{wanted}".', remedy)


class _WorkerFailedError(Exception):
    """Why the worker gave no sound; `kind` is its own word for it."""

    def __init__(self, detail: str, kind: str = "failed") -> None:
        super().__init__(detail)
        self.detail = detail
        self.kind = kind


def _told(failure: _WorkerFailedError) -> SpeechError:
    if failure.kind == "library":
        return SpeechError("There is no speech engine: the library libespeak-ng is not installed.", _ENGINE)
    if failure.kind == "package":
        return SpeechError(f"The Python package pyttsx3 cannot be used: {failure.detail}.", "pip install pyttsx3")
    if failure.kind == "voice":
        return SpeechError(f"The voice {failure.detail} is listed, but cannot be used.", "Choose another one.")
    return SpeechError(
        f"Speech could not be made, not even at the second try: {failure.detail}.",
        "`voice-coach doctor` looks into it; `voice-coach chat` needs no speech.",
    )


class _Worker:
    """One process, and the folder into which it writes."""

    def __init__(self) -> None:
        self.voices: tuple[Voice, ...] = ()
        self._ready = False
        self._folder = tempfile.mkdtemp(prefix="voice-coach-speech-")
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._started_at = time.monotonic()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_WORKER), self._folder],  # -P: our folder must not hide standard modules
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SpeechError(f"The speech process could not be started: {error.strerror}.") from None
        self._reader = threading.Thread(target=_read, args=(self._process.stdout, self._answers), daemon=True)
        self._reader.start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        if self._ready:
            return
        waited = time.monotonic() - self._started_at
        answer = self._answer(max(_START_SECONDS - waited, 1.0))
        self.voices = tuple(Voice(id, name, tuple(languages)) for id, name, languages in answer["voices"])
        self._ready = True

    def synthesize(self, text: str, voice: str, rate: int, patience_seconds: float) -> tuple[Samples, int]:
        """Samples and their rate. Raises _WorkerFailedError; the worker is of no use afterwards."""
        path = Path(self._folder, "speech.wav")
        request = json.dumps({"text": text, "voice": voice, "rate": rate, "path": str(path)}, ensure_ascii=False)
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise _WorkerFailedError("the speech process has ended") from None
        self._answer(patience_seconds)
        try:
            samples, sample_rate_hz = _read_wav(path)
        except (OSError, EOFError, wave.Error) as error:
            raise _WorkerFailedError(f"its sound cannot be read ({error})") from None
        finally:
            path.unlink(missing_ok=True)
        if not samples.any():
            raise _WorkerFailedError("it made no sound")
        return samples, sample_rate_hz

    def _answer(self, patience_seconds: float) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=patience_seconds)
        except queue.Empty:
            raise _WorkerFailedError(f"no answer within {patience_seconds:.0f} seconds") from None
        if line is None:
            raise _WorkerFailedError("the speech process has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _WorkerFailedError(answer["detail"], answer["error"])
        return answer

    def kill(self) -> None:
        """It keeps nothing that a gentler end would save."""
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=1)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # something unsent is flushed into a pipe that nobody reads
                    pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _read(stream: IO[bytes], answers: "queue.SimpleQueue[bytes | None]") -> None:
    with contextlib.suppress(ValueError):
        for line in stream:
            answers.put(line)
    answers.put(None)


def _read_wav(path: Path) -> tuple[Samples, int]:
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2 or file.getnchannels() != 1:
            raise wave.Error("not 16 bit, mono")
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16), file.getframerate()


def _trimmed(samples: Samples, sample_rate_hz: int) -> Samples:
    """Without the third of a second of silence that espeak-ng leaves at the end: the coach listens again sooner."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not len(loud):
        return samples
    start = max(int(loud[0] - _KEPT_BEFORE_SECONDS * sample_rate_hz), 0)
    return samples[start : int(loud[-1] + _KEPT_AFTER_SECONDS * sample_rate_hz)]


def _scaled(samples: Samples, volume: float) -> Samples:
    return (samples * min(max(volume, 0.0), 1.0)).astype(np.int16)
