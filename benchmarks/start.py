"""How long it takes from `voice-coach run` to listening, with model and graph on disk.

    python benchmarks/start.py [--runs N] [--room] [--json FILE]

It starts with a recording as its microphone, or with --room at a microphone of a virtual sound card (PulseAudio, and
the packages of the extra `dev`).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from common import TOP, Row, arguments, peak_megabytes, program, progress, report, run, stop

from voice_coach import assembly
from voice_coach.catalog import find_model

LIMIT_SECONDS = 1.5


def cpu_seconds(process: int) -> float:
    """What a process and those it has waited for have used so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def start(options: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float, float]:
    """Seconds until it listens, CPU seconds and peak MB up to then."""
    begun = time.perf_counter()
    command = [program(), "run", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as coach:
        assert coach.stdout is not None
        line = coach.stdout.readline()
        taken = time.perf_counter() - begun
        if not line or json.loads(line)["event"] != "listening":
            stop("The coach did not start to listen.")
        used = cpu_seconds(coach.pid), peak_megabytes(coach.pid)
        coach.terminate()
    return taken, *used


def milliseconds_of(command: Sequence[str], runs: int) -> float:
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def room() -> Any:
    """A virtual sound card, the one of the tests."""
    sys.path.insert(0, str(TOP))
    try:
        from tests.live.room import Room
    except ImportError:
        stop("The virtual sound card is that of the tests.", "pip install -e .[dev]")
    return Room()


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--runs", type=int, default=9, metavar="N")
    parser.add_argument("--room", action="store_true", help="at a virtual microphone instead of a recording")
    asked = parser.parse_args()
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        environment = {**os.environ, "VOICE_COACH_DATA_DIR": str(folder / "data")}
        recording = folder / "silence.wav"
        soundfile.write(recording, np.zeros(16_000 * 60, np.int16), 16_000)
        options = [] if asked.room else ["--input", str(recording)]
        if asked.room:
            environment |= parts.enter_context(room()).environment
            # The room has a home of its own; model and graphs stay where they are.
            environment["VOICE_COACH_MODEL_DIR"] = str(find_model().parent)
            environment["XDG_CACHE_HOME"] = str(assembly.cache_folder().parent)
        start(options, environment)  # makes the graph where it is not there yet
        bar = parts.enter_context(progress())
        task = bar.add_task("starting", total=asked.runs)
        found = []
        for _ in range(asked.runs):
            found.append(start(options, environment))
            bar.advance(task)
    walls, cpus, peaks = zip(*found, strict=True)
    where = "virtual microphone" if asked.room else "recording"
    rows = [
        Row(f"until it listens, {where}, median", statistics.median(walls), "s", LIMIT_SECONDS),
        Row("fastest", min(walls), "s"),
        Row("slowest", max(walls), "s"),
        Row("CPU until then, median", statistics.median(cpus), "s"),
        Row("peak memory until then", max(peaks), "MB"),
        Row("of it: voice-coach --version", milliseconds_of([program(), "--version"], 5) / 1000, "s"),
        Row("of it: Python itself", milliseconds_of([sys.executable, "-c", "pass"], 5) / 1000, "s"),
    ]
    return report(rows, asked.json)


if __name__ == "__main__":
    run(main)
