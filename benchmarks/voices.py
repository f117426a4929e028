"""Synthetic speech for benchmarks: espeak-ng and flite voices, 16 kHz, made when it is needed."""

import subprocess
from pathlib import Path

import soundfile
import soxr
from common import stop

VOICES = ("espeak:en-us", "flite:slt", "espeak:en-gb", "flite:rms", "flite:awb")
RATE_HZ = 16_000


def say(text: str, voice: str, path: Path) -> Path:
    """Writes a WAV file with the text spoken by `espeak:VOICE` or `flite:VOICE`."""
    program, _, name = voice.partition(":")
    commands = {
        "espeak": ["espeak-ng", "-v", name, "-w", str(path), "--", text],
        "flite": ["flite", "-voice", name, "-t", text, "-o", str(path)],
    }
    try:
        subprocess.run(commands[program], check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        stop(f"{commands[program][0]} is not installed.", "sudo apt install espeak-ng flite")
    samples, rate = soundfile.read(path, dtype="float32")
    soundfile.write(path, soxr.resample(samples, rate, RATE_HZ).clip(-1, 1), RATE_HZ, subtype="PCM_16")
    return path
