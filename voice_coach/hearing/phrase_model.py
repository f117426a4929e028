"""PURE: a trigram of how people talk in their own words, made from templates; it stands in the language graph too.

The templates of free text generate sample sentences. What is counted in them becomes a back-off trigram with absolute
discounting (Ney, Essen and Kneser 1994), so that words are heard in combinations that no template has, only at a price.
"""

import math
import random
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

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
    ways = [_Ways(state) for state in acceptor]
    for _ in range(count):
        state, words = len(acceptor) - 1, []
        while (arc := ways[state].drawn(dice.random())) is not None:
            if arc.word != SILENT:
                words.append(arc.word)
            state = arc.target
        yield words


class _Ways:
    """What can come in a state: its arcs, and the end of the sentence."""

    def __init__(self, state: AcceptorState) -> None:
        self._arcs: list[WeightedArc | None] = list(state.arcs)
        costs = [arc.cost for arc in state.arcs]
        if state.final is not None:
            self._arcs.append(None)
            costs.append(state.final)
        self._shares = list(accumulate(math.exp(-cost) for cost in costs))

    def drawn(self, chance: float) -> WeightedArc | None:
        return self._arcs[bisect_left(self._shares, chance * self._shares[-1])]


def phrase_model(acceptor: Sequence[AcceptorState]) -> PhraseModel:
    """The trigram of what the acceptor says."""
    trigrams: Counter[tuple[str, str, str]] = Counter()
    for words in sentences(acceptor):
        row = [START, START, *words, END]
        trigrams.update(zip(row, row[1:], row[2:], strict=False))
    counts: dict[History, Counter[str]] = defaultdict(Counter)
    for (first, second, word), count in trigrams.items():
        for history in ((first, second), (second,), ()):
            counts[history][word] += count
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
