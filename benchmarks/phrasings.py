"""How well typed phrasings by real people are understood, and how well what is not for the coach is left alone.

    python benchmarks/phrasings.py [--shared DIR] [--show N] [--json FILE]

The sentences go the way of `voice-coach understand --text`. phrasings.toml says which intents each kind means. Asked
back counts as understood when the first guess is right.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common import Row, add_shared, arguments, needed, progress, report, run, stop

from voice_coach import assembly
from voice_coach.errors import CoachError
from voice_coach.understanding import Result, as_object, understand

STRANGERS = "not for the coach"
OUTCOMES = ("accepted", "asked", "wrong", "misasked", "missed")


@dataclass(frozen=True)
class Phrasing:
    """One sentence and what became of it."""

    kind: str
    text: str
    intent: str | None
    verdict: str
    outcome: str
    """accepted or asked back with the right intent; wrong: accepted as another; misasked; missed: not understood."""
    template: str = ""
    """The place of the template that was taken, in the pack."""
    cpu_seconds: float = 0.0


def outcome_of(intent: str | None, verdict: str, wanted: Sequence[str]) -> str:
    if verdict == "accept":
        return "accepted" if intent in wanted else "wrong"
    if verdict == "confirm":
        return "asked" if intent in wanted else "misasked"
    return "missed"


def template_of(result: Result) -> str:
    explanation = result.understood.explanation
    ways = [*(way.template for way in explanation.exact), *(way.template for way in explanation.near)]
    place = result.automaton.grammar.templates[ways[0]].where if ways else ""
    return place.rpartition("/")[2]


def judged(sentences: Sequence[tuple[str, str]], meant: Mapping[str, Sequence[str]]) -> Iterator[Phrasing]:
    """Each pair of kind and text, through the command's own code."""
    lines = [text.replace("\n", " ") for _, text in sentences]
    settings = assembly.settings_for(None)
    results = understand(settings, intents=None, files=(), lines=lines, model=None, warn=lambda text: None)
    for (kind, text), result in zip(sentences, results, strict=True):
        if isinstance(result, CoachError):
            raise result
        found = as_object(result)
        intent, verdict = found["intent"], found["verdict"]
        outcome = outcome_of(intent, verdict, meant.get(kind, ()))
        yield Phrasing(kind, text, intent, verdict, outcome, template_of(result), result.cpu_seconds)


def share(phrasings: Sequence[Phrasing], *outcomes: str) -> float:
    return sum(one.outcome in outcomes for one in phrasings) / max(1, len(phrasings))


def summary(phrasings: Sequence[Phrasing]) -> list[Row]:
    meant = [one for one in phrasings if one.kind != STRANGERS]
    strangers = [one for one in phrasings if one.kind == STRANGERS]
    taken = [one for one in phrasings if one.verdict == "accept"]
    milliseconds = sorted(one.cpu_seconds * 1000 for one in phrasings)
    return [
        Row("meant: understood", share(meant, "accepted", "asked"), "of 1", 0.85, at_least=True),
        Row("meant: accepted outright", share(meant, "accepted"), "of 1", 0.80, at_least=True),
        Row("meant: asked back", share(meant, "asked"), "of 1"),
        Row("meant: accepted as something else", share(meant, "wrong"), "of 1", 0.02),
        Row("meant: asked back as something else", share(meant, "misasked"), "of 1"),
        Row(f"{STRANGERS}: accepted", share(strangers, "wrong"), "of 1", 0.01),
        Row(f"{STRANGERS}: asked back", share(strangers, "misasked"), "of 1", 0.04),
        Row("precision of what was accepted", share(taken, "accepted"), "of 1"),
        Row("matching one sentence, median", milliseconds[len(milliseconds) // 2], "ms of CPU"),
        Row("matching one sentence, 95 in 100", milliseconds[len(milliseconds) * 95 // 100], "ms of CPU"),
        Row("matching one sentence, slowest", milliseconds[-1], "ms of CPU"),
    ]


def print_kinds(phrasings: Sequence[Phrasing]) -> None:
    print(f"{'kind':<24}{'sentences':>10}" + "".join(f"{outcome:>10}" for outcome in OUTCOMES))
    for kind in dict.fromkeys(one.kind for one in phrasings):
        outcomes = Counter(one.outcome for one in phrasings if one.kind == kind)
        print(f"{kind:<24}{outcomes.total():>10}" + "".join(f"{outcomes[outcome]:>10}" for outcome in OUTCOMES))


def print_confusions(phrasings: Sequence[Phrasing], show: int) -> None:
    """What was taken for something else, the most frequent first, with sentences to read."""
    wrong = [one for one in phrasings if one.outcome in ("wrong", "misasked")]
    pairs = Counter((one.kind, one.outcome, one.intent) for one in wrong)
    for (kind, outcome, intent), number in sorted(pairs.items(), key=lambda pair: (pair[0][1] != "wrong", -pair[1])):
        examples = [one for one in wrong if (one.kind, one.outcome, one.intent) == (kind, outcome, intent)]
        texts = "; ".join(f"{one.text} ({one.template})" for one in examples[:show])
        print(f"{kind} {'accepted as' if outcome == 'wrong' else 'asked back as'} {intent}, {number}: {texts}")
    for kind in dict.fromkeys(one.kind for one in phrasings if one.kind != STRANGERS):
        missed = [one.text for one in phrasings if one.kind == kind and one.outcome == "missed"]
        if missed:
            print(f"{kind} not understood, {len(missed)}: {'; '.join(missed[:show])}")


def main() -> int:
    parser = arguments(__doc__)
    add_shared(parser)
    parser.add_argument("--show", type=int, default=5, metavar="N", help="sentences of each confusion (%(default)s)")
    asked = parser.parse_args()
    collection = json.loads(needed(asked.shared / "text" / "phrasings.json").read_text(encoding="utf-8"))
    meant: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    sentences = [(kind, text) for kind, texts in collection["said_to_an_assistant"].items() for text in texts]
    if unmapped := sorted({kind for kind, _ in sentences} - meant.keys()):
        stop(f"phrasings.toml does not say what these mean: {', '.join(unmapped)}.")
    sentences += [(STRANGERS, text) for text in collection["not_for_the_coach"]]
    with progress() as bar:
        phrasings = list(bar.track(judged(sentences, meant), total=len(sentences), description="understanding"))
    print_kinds(phrasings)
    print_confusions(phrasings, asked.show)
    return report(summary(phrasings), asked.json, phrasings=[asdict(one) for one in phrasings])


if __name__ == "__main__":
    run(main)
