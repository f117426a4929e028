"""How long it takes to match one utterance, against 250 to 2,000 templates and with 0 to 6 optional parts in each.

    python benchmarks/matching.py [--utterances N] [--json FILE]

The cost has to grow with the templates, not with the sentences that they generate: six optional parts make hundreds of
sentences of each template, and the same words must not take longer for it. ("All parts said" are twice as many words.)
"""

import random
import statistics
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from common import Row, arguments, progress, report, run

from voice_coach import assembly
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Confirm, Intent, NoMatch, Utterance

MOST_TEMPLATES = 2_000
LIMIT_MS = 5.0
WORDS = {
    kind: text.split() for kind, text in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}
VERBS, THINGS, PLACES, TALK = (WORDS[kind] for kind in ("verbs", "things", "places", "talk"))
OPTIONAL = (
    ("before", "[please]", "please"),
    ("before", "[can you|could you|would you]", "could you"),
    ("after", "[right now|now|today]", "today"),
    ("after", "[for me|for us]", "for me"),
    ("before", "[hello|hey]", "hey"),
    ("after", "[very slowly|slowly|carefully]", "slowly"),
)
"""Where it goes, the part, and how it is said."""


class Made(NamedTuple):
    """A template, and two of its sentences."""

    intent: str
    source: str
    short: str
    """No optional part is said."""
    long: str
    """All of them are."""


def templates(count: int, optional: int) -> list[Made]:
    """Some hundred intents, each template with a slot."""
    before = [part for part in OPTIONAL[:optional] if part[0] == "before"]
    after = [part for part in OPTIONAL[:optional] if part[0] == "after"]
    found = []
    for number in range(count):
        verb, rest = VERBS[number % len(VERBS)], number // len(VERBS)
        thing, other = THINGS[rest % len(THINGS)], THINGS[(rest // len(THINGS) * 7 + rest + 3) % len(THINGS)]
        core = f"{verb} the {thing}" if rest < len(THINGS) else f"{verb} the {thing} and the {other}"
        source = " ".join([*(part[1] for part in before), core, "in the {place}", *(part[1] for part in after)])
        place = PLACES[number % len(PLACES)]
        short = f"{core} in the {place}"
        long = " ".join([*(part[2] for part in before), short, *(part[2] for part in after)])
        found.append(Made(f"{verb}{rest % 5}", source, short, long))
    return found


def write_intents(folder: Path, rows: Sequence[Made]) -> None:
    intents: dict[str, dict[str, list[dict[str, list[str]]]]] = {}
    for made in rows:
        intents.setdefault(made.intent, {"data": [{"sentences": []}]})["data"][0]["sentences"].append(made.source)
    document = {"language": "en", "intents": intents, "lists": {"place": {"values": PLACES}}}
    (folder / "templates.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def ready_matcher(rows: Sequence[Made], sentence: str) -> tuple[Matcher, float]:
    """A matcher with everything computed that is computed once, and the CPU milliseconds from the files to it."""
    with tempfile.TemporaryDirectory() as folder:
        write_intents(Path(folder), rows)
        begun = time.thread_time()
        matcher = Matcher(assembly.automaton_of(Path(folder)))
        matcher.match(Utterance(sentence))
        return matcher, (time.thread_time() - begun) * 1000


def utterances(rows: Sequence[Made], count: int, dice: random.Random) -> dict[str, list[str]]:
    """What is said to the letter, what is nearly said, and what has nothing to do with it but some words."""
    chosen = [dice.choice(rows) for _ in range(count)]
    said = {
        "to the letter": [made.short for made in chosen],
        "nearly": [misheard(made.short, dice) for made in chosen],
        "unrelated": [talk(dice) for _ in chosen],
    }
    if chosen[0].long != chosen[0].short:
        said["nearly, all parts said"] = [misheard(made.long, dice) for made in chosen]
    return said


def misheard(text: str, dice: random.Random) -> str:
    """A word misheard, a little word lost or said twice."""
    words = text.split()
    at = dice.randrange(len(words))
    little = len(words[at]) <= 3
    words[at : at + 1] = dice.choice([[], words[at : at + 1] * 2]) if little else [words[at][:-1] + "s"]
    return " ".join(words)


def talk(dice: random.Random) -> str:
    words = dice.sample(TALK, 8)
    words[2], words[5] = dice.choice(THINGS), dice.choice(VERBS)
    return " ".join(words)


def milliseconds(matcher: Matcher, texts: Sequence[str], tick: Callable[[], object]) -> list[float]:
    """CPU time of each match; a busy machine does not count."""
    taken = []
    for text in texts:
        begun = time.thread_time()
        matcher.match(Utterance(text))
        taken.append((time.thread_time() - begun) * 1000)
        tick()
    return sorted(taken)


def check(matcher: Matcher, said: dict[str, list[str]]) -> None:
    """What is timed has to work: commands are found, talk is not acted on."""
    assert all(isinstance(matcher.match(Utterance(text)), Intent) for text in said["to the letter"])
    found = [isinstance(matcher.match(Utterance(text)), Intent | Confirm) for text in said["nearly"]]
    assert sum(found) > 0.8 * len(found), f"of {len(found)} near misses only {sum(found)} were found"
    assert all(isinstance(matcher.match(Utterance(text)), Confirm | NoMatch) for text in said["unrelated"])


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--utterances", type=int, default=100, metavar="N", help="of each kind (%(default)s)")
    asked = parser.parse_args()
    count = asked.utterances
    rows: list[Row] = []
    cases = [(250, 3), (500, 3), (1_000, 3), (MOST_TEMPLATES, 3), (MOST_TEMPLATES, 0), (MOST_TEMPLATES, 6)]
    with progress() as bar:
        task = bar.add_task("matching", total=len(cases) * 4 * count)
        for templates_count, optional in cases:
            made = templates(templates_count, optional)
            said = utterances(made, count, random.Random(templates_count))
            matcher, ready = ready_matcher(made, said["nearly"][0])
            name = f"{templates_count:,} templates, {optional} optional"
            rows.append(Row(f"{name}: read and made ready", ready, "ms"))
            check(matcher, said)
            for kind, texts in said.items():
                taken = milliseconds(matcher, texts, lambda: bar.advance(task))
                limit = LIMIT_MS if templates_count == MOST_TEMPLATES else None
                rows.append(Row(f"{name}: {kind}, median", statistics.median(taken), "ms", limit))
                rows.append(Row(f"{name}: {kind}, 95 in 100", taken[len(taken) * 95 // 100], "ms", limit))
    return report(rows, asked.json)


if __name__ == "__main__":
    run(main)
