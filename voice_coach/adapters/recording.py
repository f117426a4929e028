"""A recording is a microphone that ends."""

from pathlib import Path
from typing import Any

import numpy as np

from voice_coach.adapters.resampling import Chunker
from voice_coach.errors import AudioError
from voice_coach.ports import SAMPLE_RATE_HZ, Samples

_RATES_HZ = (1_000, 768_000)
_FORMATS = "WAV, FLAC, OGG and MP3 files with sound in them are understood."


class RecordingMicrophone:
    """Any file that libsndfile reads, whatever its rate, channels and sample format; read from disk as it is heard."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file: Any = None
        self._chunker = Chunker(SAMPLE_RATE_HZ)
        self._at_end = False

    def __enter__(self) -> "RecordingMicrophone":
        self._check_path()
        try:
            import soundfile
        except (ImportError, OSError):
            raise AudioError("Recordings cannot be read without libsndfile.", "sudo apt install libsndfile1") from None
        try:
            self._file = soundfile.SoundFile(str(self.path))
        except (RuntimeError, TypeError):  # TypeError: a name that ends in .raw has no header to read
            raise AudioError(f"{self.path} is not a recording that can be read.", _FORMATS) from None
        rate = int(self._file.samplerate)
        if self._file.frames <= 0 or not _RATES_HZ[0] <= rate <= _RATES_HZ[1]:
            self._close()
            raise AudioError(f"{self.path} has no sound in it.", _FORMATS)
        self._chunker = Chunker(rate)
        self._at_end = False
        return self

    def _check_path(self) -> None:
        try:
            if self.path.is_dir():
                raise AudioError(f"{self.path} is a folder, not a recording.", "Name the file in it.")
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise AudioError(f"{self.path} is empty.", _FORMATS)
        except OSError as error:
            problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
            raise AudioError(f"{self.path} {problem}.", "Check the path and its permissions.") from None

    def __exit__(self, *exc: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self) -> Samples | None:
        """The next tenth of a second, the last one maybe shorter; then None."""
        while (chunk := self._chunker.take(rest=self._at_end)) is None and not self._at_end:
            block = self._next_block()
            self._at_end = not len(block)
            self._chunker.add(block, last=self._at_end)
        return chunk

    def _next_block(self) -> Any:
        if self._file is None:
            return np.zeros((0, 1), np.float32)
        try:
            return self._file.read(self._file.samplerate // 10, dtype="float32", always_2d=True)
        except RuntimeError as error:
            raise AudioError(f"{self.path} is damaged: {error}.", "Try to save it again as a WAV file.") from None

    def discard(self) -> None:
        """Nothing: a recording waits while the coach speaks."""
