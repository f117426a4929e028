"""How many spoken coffee orders are understood with every slot, in kitchen noise, beside the published engines.

    python benchmarks/speech_to_intent.py [--shared DIR] [--json FILE] [--plot FILE.svg] [--files N] [--snr DB ...]

Right means accepted outright with the right intent, every slot that was said and none that was not. The noise is mixed
in as the public benchmark does it: its stretch starts at random, is scaled by the loudest frames of speech and noise,
and the mix is brought to half of full scale.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from common import add_shared, arguments, machine, needed, peak_megabytes, progress, run, stop, write_json
from numpy.typing import NDArray

from voice_coach import assembly
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.hearing.engine import Engine
from voice_coach.hearing.language_graph import GraphSettings, language_graph
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Confirm, Intent, Verdict

FRAME_SAMPLES = 2_048
CLEAN = None
SNRS_DB = tuple(range(0, 25, 3))
CPU_LIMIT = 0.08
"""Seconds of CPU per second of recording."""

PUBLISHED: Mapping[str, Mapping[int, float]] = {
    name: dict(zip(range(6, 25, 3), shares, strict=True))
    for name, shares in {
        "Picovoice Rhino": (0.96, 0.97, 0.98, 0.99, 0.99, 0.99, 0.99),
        "Microsoft LUIS": (0.86, 0.89, 0.90, 0.91, 0.92, 0.93, 0.93),
        "IBM Watson": (0.72, 0.84, 0.89, 0.93, 0.95, 0.95, 0.96),
        "Amazon Lex": (0.80, 0.84, 0.85, 0.87, 0.87, 0.87, 0.88),
        "Google Dialogflow": (0.70, 0.78, 0.78, 0.80, 0.81, 0.82, 0.83),
    }.items()
}
"""On all 619 recordings, in the same noise."""

Signal = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    intent: str
    slots: Mapping[str, str]


@dataclass
class Condition:
    """What came out at one level of noise."""

    snr_db: int | None
    outcomes: Counter[str] = field(default_factory=Counter)
    """right, wrong (acted on), asked (the right one is offered), misasked, missed."""
    audio_seconds: float = 0.0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def right(self) -> float:
        return self.outcomes["right"] / max(1, self.outcomes.total())


def loudest_frame(signal: Signal) -> float:
    """Energy of the loudest whole frame."""
    frames = signal[: len(signal) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return float((frames**2).sum(axis=1).max())


def mixed(speech: Signal, noise: Signal, snr_db: int, random: np.random.Generator) -> Signal:
    """Speech in noise at this ratio of their loudest frames, brought to half of full scale."""
    start = int(random.integers(0, len(noise) - len(speech)))
    stretch = noise[start : start + len(speech)]
    ratio = loudest_frame(speech) / loudest_frame(stretch)
    mix = speech + np.sqrt(ratio / 10 ** (snr_db / 10)) * stretch
    return np.asarray(mix / (2 * np.abs(mix).max()))


def judged(verdict: Verdict, label: Label) -> str:
    def fits(intent: Intent) -> bool:
        return intent.name == label.intent and dict(intent.slots) == dict(label.slots)

    match verdict:
        case Intent():
            return "right" if fits(verdict) else "wrong"
        case Confirm():
            return "asked" if any(fits(candidate) for candidate in verdict.candidates) else "misasked"
        case _:
            return "missed"


class Orders:
    """The recordings, their labels and the noise."""

    def __init__(self, shared: Path, count: int | None) -> None:
        import json

        folder = needed(shared / "audio" / "orders")
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        self.labels = {name: Label(**labels[name]) for name in sorted(labels)[:count]}
        self.folder = folder / "speech"
        self.noise, self.rate = soundfile.read(needed(shared / "audio" / "kitchen-noise.flac"))

    def recordings(self, snr_db: int | None, folder: Path, seed: int) -> Iterator[tuple[Path, Label]]:
        """Each recording as a file; noisy ones are made in the folder, one at a time."""
        for index, (name, label) in enumerate(self.labels.items()):
            path = self.folder / name
            if snr_db is not CLEAN:
                speech, rate = soundfile.read(path)
                if rate != self.rate:
                    stop(f"{path} has {rate} Hz, the noise {self.rate} Hz.")
                noisy = mixed(speech, self.noise, snr_db, np.random.default_rng([seed, snr_db, index]))
                path = folder / "noisy.wav"
                soundfile.write(path, noisy, rate, subtype="PCM_16")
            yield path, label


def engine_for(intents: Path, model: Path | None, settings: GraphSettings) -> Engine:
    """The engine that `voice-coach understand --intents` uses."""
    automaton = assembly.automaton_of(intents)
    found = assembly.model_for(assembly.settings_for(None), model)
    cache = assembly.cache_folder() / "graphs"
    graph = language_graph(automaton, found, cache, settings, before_building=assembly.check_overlap)
    if graph.unknown:
        stop(f"The model does not know: {', '.join(graph.unknown)}.")
    return Engine(assembly.recognizer_for(graph), Matcher(automaton))


def measure(engine: Engine, orders: Orders, snr_db: int | None, seed: int, tick: Callable[[], object]) -> Condition:
    condition = Condition(snr_db)
    with tempfile.TemporaryDirectory() as folder:
        for number, (path, label) in enumerate(orders.recordings(snr_db, Path(folder), seed)):
            wall, cpu = time.perf_counter(), time.process_time()
            understood = engine.understand(RecordingMicrophone(path))
            condition.cpu_seconds += time.process_time() - cpu
            condition.wall_seconds += time.perf_counter() - wall
            condition.audio_seconds += soundfile.info(path).duration
            outcome = judged(understood.verdict, label)
            condition.outcomes[outcome] += 1
            if outcome != "right":
                name = list(orders.labels)[number]
                heard = {"text": understood.utterance.text, "verdict": type(understood.verdict).__name__}
                condition.failures.append({"file": name, "outcome": outcome, "wanted": dict(label.slots), **heard})
            tick()
    return condition


def name_of(snr_db: int | None) -> str:
    return "clean" if snr_db is CLEAN else f"{snr_db} dB"


def print_table(conditions: Sequence[Condition], recordings: int) -> None:
    columns = [condition.snr_db for condition in conditions]
    print(f"{'accepted with intent and every slot right':<42}" + "".join(f"{name_of(snr):>7}" for snr in columns))
    print(f"{f'Voice Coach, {recordings} recordings':<42}" + "".join(f"{one.right:>7.3f}" for one in conditions))
    for engine, shares in PUBLISHED.items():
        cells = ("" if snr is CLEAN or snr not in shares else f"{shares[snr]:.2f}" for snr in columns)
        print(f"{f'{engine}, published, 619':<42}" + "".join(f"{cell:>7}" for cell in cells))
    for outcome, meaning in (
        ("wrong", "Voice Coach: acted on wrongly"),
        ("asked", "Voice Coach: asked back, the right order"),
        ("misasked", "Voice Coach: asked back, another order"),
        ("missed", "Voice Coach: not understood"),
    ):
        shares_of = (one.outcomes[outcome] / max(1, one.outcomes.total()) for one in conditions)
        print(f"{meaning:<42}" + "".join(f"{share:>7.3f}" for share in shares_of))
    speeds = [
        ("CPU seconds per second of recording", [one.cpu_seconds / one.audio_seconds for one in conditions]),
        ("real-time factor", [one.wall_seconds / one.audio_seconds for one in conditions]),
    ]
    for meaning, values in speeds:
        print(f"{meaning:<42}" + "".join(f"{value:>7.3f}" for value in values))


def plot(conditions: Sequence[Condition], path: Path) -> None:
    """Accuracy over noise as SVG, ours and the published ones."""
    try:
        import matplotlib
    except ImportError:
        stop("The plot needs matplotlib.", "pip install matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "voice-coach", "svg.fonttype": "none", "font.size": 10})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    ours = sorted((one.snr_db, one.right) for one in conditions if one.snr_db is not CLEAN)
    axes.plot(*zip(*ours, strict=True), marker="o", linewidth=2.5, color="tab:blue", label="Voice Coach", zorder=3)
    styles = (("s", "tab:red"), ("^", "0.35"), ("v", "0.5"), ("D", "0.6"), ("x", "0.7"))
    for (engine, shares), (marker, color) in zip(PUBLISHED.items(), styles, strict=True):
        axes.plot(list(shares), list(shares.values()), marker=marker, linewidth=1.2, color=color, label=engine)
    axes.set(xlabel="speech to noise, dB", ylabel="orders with intent and every slot right")
    axes.set_xticks([snr for snr, _ in ours])
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, metadata={"Date": None, "Title": "Spoken coffee orders in kitchen noise"})


def asked_for() -> argparse.Namespace:
    parser = arguments(__doc__)
    add_shared(parser)
    parser.add_argument("--intents", type=Path, default=Path(__file__).parent / "coffee_orders")
    parser.add_argument("--model", type=Path, help="folder of a speech model")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw it, too (needs matplotlib)")
    parser.add_argument("--files", type=int, metavar="N", help="only the first N recordings")
    parser.add_argument("--snr", type=int, nargs="*", metavar="DB", help="only these levels (none: only clean)")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    for name, value in asdict(GraphSettings()).items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value, help="of the language graph (%(default)s)")
    return parser.parse_args()


def main() -> int:
    asked = asked_for()
    settings = GraphSettings(**{name: getattr(asked, name) for name in asdict(GraphSettings())})
    orders = Orders(asked.shared, asked.files)
    levels: list[int | None] = [CLEAN, *(SNRS_DB if asked.snr is None else asked.snr)]
    engine = engine_for(asked.intents, asked.model, settings)
    conditions: list[Condition] = []
    with progress() as bar:
        task = bar.add_task("", total=len(levels) * len(orders.labels))
        for snr_db in levels:
            bar.update(task, description=name_of(snr_db))
            conditions.append(measure(engine, orders, snr_db, asked.seed, lambda: bar.advance(task)))
    print_table(conditions, len(orders.labels))
    mean_cpu = sum(one.cpu_seconds for one in conditions) / sum(one.audio_seconds for one in conditions)
    print(f"CPU {mean_cpu:.3f} s per second (limit {CPU_LIMIT}), peak memory {peak_megabytes():.0f} MB\n{machine()}")
    details = [vars(one) | {"right": one.right} for one in conditions]
    results = {"graph": asdict(settings), "recordings": len(orders.labels), "seed": asked.seed, "conditions": details}
    write_json(asked.json, {**results, "cpu": mean_cpu, "peak_megabytes": peak_megabytes(), "published": PUBLISHED})
    if asked.plot:
        plot(conditions, asked.plot)
    return 0 if mean_cpu <= CPU_LIMIT else 1


if __name__ == "__main__":
    run(main)
