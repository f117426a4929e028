"""PURE: the fixed part of the automaton as a small weighted acceptor, for the language graph.

Weights: every intent is taken to be equally likely, every template of an intent as well, and so is every way to say
one. Without weights the sentences would be free, and with thousands of them one can be heard into any noise.

The acceptor is not made deterministic: with optional words before and after every sentence that multiplies the arcs by
ten, while the recognizer copes with several arcs for a word. States that accept the same are merged instead.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from voice_coach.hearing.automaton import ANY, Automaton

SILENT = ""
"""The label of an arc that reads no word."""


class WeightedArc(NamedTuple):
    word: str
    target: int
    cost: float
    """Negative natural logarithm of its probability."""


@dataclass(frozen=True)
class AcceptorState:
    arcs: tuple[WeightedArc, ...]
    final: float | None
    """What ending here costs; None where nothing ends."""


OPENING = AcceptorState((WeightedArc(ANY, 0, 0.0),), None)
"""Where free text begins."""


def compact(
    automaton: Automaton, left_out: float = 0.5, left_out_around: float = 0.5, *, openings: bool = False
) -> tuple[AcceptorState, ...]:
    """The sentences of all templates without free text; no two states alike. The last state is the start.

    `left_out` is how likely a part that may be left out is left out; `left_out_around` is the same for what stands
    before the first needed word or after the last one. With `openings` there are the templates with free text as well,
    as far as to their first free text: there is a state whose only arc is ANY, and leads nowhere. Empty when there are
    no such sentences.
    """
    ahead = automaton.ahead([1 << index for index in range(len(automaton.grammar.templates))], free_text=openings)
    if not ahead[0]:
        return ()
    shares = _Shares(_template_weights(automaton))
    around = _around(automaton, ahead)
    class_of: dict[int, int] = {}
    known: dict[AcceptorState, int] = {}
    for state in _ends_first(automaton, ahead):
        part = left_out_around if state in around else left_out
        if openings and ANY in automaton.states[state].words:
            class_of[state] = known.setdefault(OPENING, len(known))
            continue
        arcs, final = _weighted(automaton, ahead, shares, state, part)
        merged = tuple(sorted(WeightedArc(arc.word, class_of[arc.target], round(arc.cost, 3)) for arc in arcs))
        if final is None and len(merged) == 1 and merged[0].word == SILENT:
            class_of[state] = merged[0].target
            continue
        class_of[state] = known.setdefault(AcceptorState(merged, final), len(known))
    return tuple(known)[: class_of[0] + 1]


def to_free_text(acceptor: Sequence[AcceptorState]) -> list[float]:
    """For each state what it costs at least to come to free text without another word; infinite where none is near."""
    least: list[float] = []
    for state in acceptor:  # arcs lead to earlier ones
        silent = (arc.cost + least[arc.target] for arc in state.arcs if arc.word == SILENT)
        least.append(0.0 if state == OPENING else min(silent, default=math.inf))
    return least


def _around(automaton: Automaton, ahead: list[int]) -> set[int]:
    """The states that are reached without a word, and those from which an end is."""
    before = {0}
    pending = [0]
    while pending:
        further = {target for target, _ in automaton.states[pending.pop()].silent if ahead[target]} - before
        before |= further
        pending += further
    after: set[int] = set()
    for state in automaton.ends_first:
        here = automaton.states[state]
        if here.final or any(target in after for target, _ in here.silent):
            after.add(state)
    return before | after


def _template_weights(automaton: Automaton) -> list[float]:
    templates = automaton.grammar.templates
    sizes: dict[str, int] = {}
    for template in templates:
        sizes[template.intent] = sizes.get(template.intent, 0) + 1
    return [1 / (len(sizes) * sizes[template.intent]) for template in templates]


class _Shares(dict[int, float]):
    """How likely the templates of a set are together (the set: one bit for each); worked out when first asked for."""

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        self._weights = weights

    def __missing__(self, templates: int) -> float:
        share, rest = 0.0, templates
        while rest:
            lowest = rest & -rest
            share += self._weights[lowest.bit_length() - 1]
            rest ^= lowest
        self[templates] = share
        return share


def _ways(automaton: Automaton, state: int) -> Iterator[tuple[str, int]]:
    here = automaton.states[state]
    for word, targets in here.words.items():
        if word != ANY:
            for target in targets:
                yield word, target
    for target, _ in here.silent:
        yield SILENT, target


def _weighted(
    automaton: Automaton, ahead: list[int], shares: _Shares, state: int, left_out: float
) -> tuple[list[WeightedArc], float | None]:
    """The ways out of a state with their costs.

    Ways that the same templates take divide the share of these templates; if some of them need no word, these get
    `left_out` of it.
    """
    groups: dict[int, list[tuple[str, int]]] = {}
    for word, target in _ways(automaton, state):
        if ahead[target]:
            groups.setdefault(ahead[target], []).append((word, target))
    ending = sum(shares[1 << index] for index in automaton.states[state].final)
    total = sum(shares[templates] for templates in groups) + ending
    arcs: list[WeightedArc] = []
    for templates, ways in groups.items():
        silent = [way for way in ways if way[0] == SILENT]
        spoken = [way for way in ways if way[0] != SILENT]
        for alike, part in ((silent, left_out), (spoken, 1 - left_out)):
            share = shares[templates] * (part if silent and spoken else 1) / max(1, len(alike))
            cost = -math.log(share / total)
            arcs.extend(WeightedArc(word, target, cost) for word, target in alike)
    return arcs, round(-math.log(ending / total), 3) if ending else None


def _ends_first(automaton: Automaton, ahead: list[int]) -> list[int]:
    """States on the ways without free text, in an order in which arcs lead to earlier ones; the start is last."""
    order: list[int] = []
    seen: set[int] = set()
    stack: list[tuple[int, bool]] = [(0, False)]
    while stack:
        state, done = stack.pop()
        if done:
            order.append(state)
        elif state not in seen:
            seen.add(state)
            stack.append((state, True))
            stack.extend((target, False) for _, target in _ways(automaton, state) if ahead[target])
    return order
