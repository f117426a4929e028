"""PURE: a trigram of how people talk in their own words, made from templates; it stands in the language graph too.

The templates of free text generate sample sentences. What is counted in them becomes a back-off trigram with absolute
discounting (Ney, Essen and Kneser 1994), so that words are heard in combinations that no template has, only at a price.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voice_coach.hearing.acceptor import SILENT, AcceptorState, WeightedArc

END = "</s>"
START = "<s>"
SAMPLES = 60_000
SEED = 1986
DISCOUNT = 0.7
"""Taken off every count, and given to the words that were not seen after these."""

History = tuple[str, ...]


@dataclass(frozen=True)
class PhraseModel:
    """States with costs (natural logarithms). State 0 is the start; `unigram` is the one that knows no history."""

    states: tuple[AcceptorState, ...]
    unigram: int


def sentences(acceptor: Sequence[AcceptorState], count: int = SAMPLES, seed: int = SEED) -> Iterator[list[str]]:
    """Random sentences of the acceptor, each as likely as its weights say; the same ones every time."""
    dice = random.Random(seed)
    ways = [_cumulative(state) for state in acceptor]
    for _ in range(count):
        state, words = len(acceptor) - 1, []
        while True:
            arc = _drawn(ways[state], dice.random())
            if arc is None:
                break
            if arc.word != SILENT:
                words.append(arc.word)
            state = arc.target
        yield words


def _cumulative(state: AcceptorState) -> list[tuple[float, WeightedArc | None]]:
    total = 0.0
    ways: list[tuple[float, WeightedArc | None]] = []
    for arc in state.arcs:
        total += math.exp(-arc.cost)
        ways.append((total, arc))
    if state.final is not None:
        ways.append((total + math.exp(-state.final), None))
    return ways


def _drawn(ways: list[tuple[float, WeightedArc | None]], chance: float) -> WeightedArc | None:
    chance *= ways[-1][0]
    return next(arc for share, arc in ways if chance <= share)


def phrase_model(acceptor: Sequence[AcceptorState]) -> PhraseModel:
    """The trigram of what the acceptor says."""
    counts: dict[History, Counter[str]] = defaultdict(Counter)
    for words in sentences(acceptor):
        row = [START, START, *words, END]
        for position in range(2, len(row)):
            for order in (2, 1, 0):
                counts[tuple(row[position - order : position])][row[position]] += 1
    return _back_off(counts)


def _back_off(counts: dict[History, Counter[str]]) -> PhraseModel:
    histories = sorted(counts, key=lambda history: (-len(history), history != (START, START), history))
    number = {history: index for index, history in enumerate(histories)}
    shares: dict[History, dict[str, float]] = {}
    for history in reversed(histories):
        shares[history] = _shares(counts[history], shares.get(history[1:]) if history else None)
    states = []
    for history in histories:
        arcs = [
            WeightedArc(word, number[_longest_known((*history, word)[-2:], number)], -math.log(share))
            for word, share in shares[history].items()
            if word != END
        ]
        if history:
            arcs.append(WeightedArc(SILENT, number[history[1:]], -math.log(_left_over(counts[history]))))
        ending = shares[history].get(END)
        states.append(AcceptorState(tuple(sorted(arcs)), None if ending is None else -math.log(ending)))
    return PhraseModel(tuple(states), number[()])


def _longest_known(history: History, known: dict[History, int]) -> History:
    while history not in known:
        history = history[1:]
    return history


def _left_over(counted: Counter[str]) -> float:
    return DISCOUNT * len(counted) / counted.total()


def _shares(counted: Counter[str], shorter: dict[str, float] | None) -> dict[str, float]:
    """The probability of each word that was seen, mixed with what is known without the first word of the history."""
    total = counted.total()
    if shorter is None:
        return {word: count / total for word, count in counted.items()}
    left = _left_over(counted)
    return {word: (count - DISCOUNT) / total + left * shorter[word] for word, count in counted.items()}
