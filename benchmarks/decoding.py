"""What hearing costs: CPU for a second of speech and memory, beside the usual way of using the recognizer.

    python benchmarks/decoding.py [--utterances N] [--each N] [--json FILE]

Ours is one recognizer kept for the whole run on the language graph of the coach's own intents. The usual way is a new
KaldiRecognizer for every utterance on the stock model with its open vocabulary. Both hear the same synthetic voices,
each in a process of its own. Memory is that of `voice-coach run` with N recordings, every second of them free text that
is said only once.
"""

import itertools
import json
import multiprocessing
import os
import random
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import soundfile
from common import Row, arguments, peak_megabytes, program, progress, report, run, stop
from voices import VOICES, say

from voice_coach import assembly
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.hearing.engine import Engine
from voice_coach.hearing.matching import Matcher
from voice_coach.packs import pack_folder
from voice_coach.ports import SAMPLE_RATE_HZ, chunks_of

FEW = 10
CPU_LIMITS = {"commands": 0.08, "free text": 0.12}
MEMORY_LIMITS_MB = {"few": 300.0, "all": 420.0}

Spoken = tuple[str, Path]


class Heard(NamedTuple):
    cpu_seconds: float
    """For each second of speech."""
    word_for_word: float
    peak_megabytes: float


def sentences(dice: random.Random) -> tuple[list[str], Iterator[str]]:
    """The commands, and free text without end."""
    words = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    parts = list(words["free"].values())
    free = (" ".join(" ".join(dice.choice(part) for part in parts).split()) for _ in itertools.count())
    return words["commands"], free


def seconds_of(spoken: Sequence[Spoken]) -> float:
    return sum(float(soundfile.info(path).duration) for _, path in spoken)


def heard_by(hear: Callable[[Path], str], spoken: Sequence[Spoken]) -> Heard:
    """CPU time of this process while it hears them, after one to warm up."""
    hear(spoken[0][1])
    begun = time.process_time()
    same = sum(hear(path) == text for text, path in spoken)
    cpu = time.process_time() - begun
    return Heard(cpu / seconds_of(spoken), same / len(spoken), peak_megabytes())


def heard_by_ours(spoken: Sequence[Spoken]) -> Heard:
    settings = assembly.settings_for(None)
    automaton = assembly.automaton_of(pack_folder(settings.coach.language))
    graph = assembly.graph_for(automaton, assembly.model_for(settings, None))
    engine = Engine(assembly.recognizer_for(graph), Matcher(automaton))
    return heard_by(lambda path: engine.understand(RecordingMicrophone(path)).utterance.text, spoken)


def heard_by_usual(spoken: Sequence[Spoken]) -> Heard:
    from vosk import KaldiRecognizer, Model, SetLogLevel

    SetLogLevel(-1)
    model = Model(str(assembly.model_for(assembly.settings_for(None), None)))

    def hear(path: Path) -> str:
        recognizer = KaldiRecognizer(model, SAMPLE_RATE_HZ)
        texts = []
        with RecordingMicrophone(path) as microphone:
            for chunk in chunks_of(microphone):
                if recognizer.AcceptWaveform(chunk.tobytes()):
                    texts.append(json.loads(recognizer.Result())["text"])
        return " ".join(filter(None, [*texts, json.loads(recognizer.FinalResult())["text"]]))

    return heard_by(hear, spoken)


def apart(hear: Callable[[Sequence[Spoken]], Heard], spoken: Sequence[Spoken]) -> Heard:
    """In a process of its own, so that memory is its own as well."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(hear, spoken).result()


def memory_of_coach(spoken: Sequence[Spoken], folder: Path, tick: Callable[[], object]) -> tuple[float, float, int]:
    """Peak memory in MB of `voice-coach run` after a few utterances and after all, and how many it heard."""
    inputs = [option for _, path in spoken for option in ("--input", str(path))]
    environment = {**os.environ, "VOICE_COACH_DATA_DIR": str(folder / "data")}
    command = [program(), "run", "--json", *inputs]
    few = peak = 0.0
    heard = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as coach:
        assert coach.stdout is not None
        with closing(coach.stdout) as events:
            for line in events:
                if json.loads(line)["event"] == "heard":
                    heard += 1
                    peak = peak_megabytes(coach.pid) or peak
                    few = peak if heard <= FEW else few
                    tick()
    if coach.returncode:
        stop(f"voice-coach run ended with exit status {coach.returncode}.")
    return few, peak, heard


def spoken_by_turns(texts: Sequence[str], folder: Path, tick: Callable[[], object]) -> list[Spoken]:
    """Each sentence by the next voice."""
    folder.mkdir()
    spoken = []
    for number, text in enumerate(texts):
        spoken.append((text, say(text, VOICES[number % len(VOICES)], folder / f"{number}.wav")))
        tick()
    return spoken


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--each", type=int, default=100, metavar="N", help="utterances of each kind (%(default)s)")
    parser.add_argument("--utterances", type=int, default=1_000, metavar="N", help="for the memory (%(default)s)")
    asked = parser.parse_args()
    commands, free = sentences(random.Random(7))
    kinds = {"commands": list(itertools.islice(itertools.cycle(commands), asked.each))}
    kinds["free text"] = list(itertools.islice(free, asked.each))
    many = [next(free) if number % 2 else commands[number // 2 % len(commands)] for number in range(asked.utterances)]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name, progress() as bar:
        folder = Path(name)
        task = bar.add_task("speaking", total=2 * asked.each + len(many))
        for kind, texts in kinds.items():
            spoken = spoken_by_turns(texts, folder / kind, lambda: bar.advance(task))
            for way, hear, limit in (("ours", heard_by_ours, CPU_LIMITS[kind]), ("usual way", heard_by_usual, None)):
                found = apart(hear, spoken)
                rows.append(Row(f"{kind}, {way}: CPU", found.cpu_seconds, "s per second", limit))
                rows.append(Row(f"{kind}, {way}: word for word", found.word_for_word, "of 1"))
                rows.append(Row(f"{kind}, {way}: peak memory after {len(texts)}", found.peak_megabytes, "MB"))
        spoken = spoken_by_turns(many, folder / "many", lambda: bar.advance(task))
        task = bar.add_task("a long conversation", total=len(many))
        few, peak, heard = memory_of_coach(spoken, folder, lambda: bar.advance(task))
    rows.append(Row(f"voice-coach run: peak memory after {FEW} utterances", few, "MB", MEMORY_LIMITS_MB["few"]))
    rows.append(Row(f"voice-coach run: peak memory after {heard:,}", peak, "MB", MEMORY_LIMITS_MB["all"]))
    return report(rows, asked.json)


if __name__ == "__main__":
    run(main)
