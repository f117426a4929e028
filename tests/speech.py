"""Speech for tests, made when they run, by voices that the coach itself does not use."""

import atexit
import functools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

RATE_HZ = 16_000
VOICES = ("espeak:en-us", "espeak:en-gb", "flite:slt", "flite:rms", "flite:awb")


@functools.cache
def say(text: str, voice: str = "espeak:en-us") -> Path:
    """A WAV file, 16 kHz mono int16, of `text` spoken by `espeak:VOICE` or `flite:VOICE`; made once a run."""
    program, _, name = voice.partition(":")
    stem = re.sub(r"\W+", "_", f"{text[:40]} {voice}")
    raw = _folder() / f"{stem}-{len(list(_folder().iterdir()))}.raw.wav"
    commands = {
        "espeak": ["espeak-ng", "-v", name, "-w", str(raw), "--", text],
        "flite": ["flite", "-voice", name, "-t", text, "-o", str(raw)],
    }
    try:
        subprocess.run(commands[program], check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.fail(
            "Tests speak with espeak-ng and flite. Install them: sudo apt install espeak-ng flite", pytrace=False
        )
    samples, rate = soundfile.read(raw, dtype="float32")
    raw.unlink()
    path = raw.with_name(raw.name.replace(".raw", ""))
    soundfile.write(path, np.clip(soxr.resample(samples, rate, RATE_HZ), -1, 1), RATE_HZ, subtype="PCM_16")
    return path


def samples_of(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """What is in a mono file, as int16."""
    samples: np.ndarray[tuple[int], np.dtype[np.int16]] = soundfile.read(path, dtype="int16")[0]
    return samples


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="test-speech-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
