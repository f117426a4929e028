"""PURE: the fixed part of the automaton as a small deterministic acceptor, for the language graph."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from voice_coach.hearing.templates import ANY, Automaton


@dataclass(frozen=True)
class AcceptorState:
    words: Mapping[str, int]
    final: bool


def deterministic(automaton: Automaton) -> tuple[AcceptorState, ...]:
    """The sentences of all templates without free text: at most one arc for a word in a state, no two states alike.

    State 0 is the start. Subset construction, then alike states are merged from the ends backwards (there are no
    circles without free text).
    """
    useful = _leading_to_an_end(automaton)
    start = frozenset({0})
    numbers = {start: 0}
    rows: list[tuple[dict[str, int], bool]] = []
    pending = deque([start])
    while pending:
        states = pending.popleft()
        ways: dict[str, set[int]] = {}
        final = False
        for state in states:
            closure = automaton.closure(state)
            final = final or bool(closure.finals)
            for word, steps in closure.words.items():
                if word != ANY:
                    targets = {step.target for step in steps if step.target in useful}
                    if targets:
                        ways.setdefault(word, set()).update(targets)
        row: dict[str, int] = {}
        for word, targets in ways.items():
            key = frozenset(targets)
            if key not in numbers:
                numbers[key] = len(numbers)
                pending.append(key)
            row[word] = numbers[key]
        rows.append((row, final))
    return _merged(rows)


def _leading_to_an_end(automaton: Automaton) -> set[int]:
    """States from which a template can be completed without free text."""
    sources: dict[int, list[int]] = {}
    ends: list[int] = []
    for state, here in enumerate(automaton.states):
        if here.final:
            ends.append(state)
        for word, targets in here.words.items():
            if word != ANY:
                for target in targets:
                    sources.setdefault(target, []).append(state)
        for target, _ in here.silent:
            sources.setdefault(target, []).append(state)
    useful = set(ends)
    while ends:
        for source in sources.get(ends.pop(), ()):
            if source not in useful:
                useful.add(source)
                ends.append(source)
    return useful


def _merged(rows: list[tuple[dict[str, int], bool]]) -> tuple[AcceptorState, ...]:
    classes: dict[tuple[frozenset[tuple[str, int]], bool], int] = {}
    class_of: dict[int, int] = {}
    for state in _ends_first(rows):
        words, final = rows[state]
        signature = (frozenset((word, class_of[target]) for word, target in words.items()), final)
        class_of[state] = classes.setdefault(signature, len(classes))
    # The start comes first: numbering is turned round.
    last = len(classes) - 1
    ordered: list[AcceptorState] = [AcceptorState({}, False)] * len(classes)
    for (words_to, final), number in classes.items():
        ordered[last - number] = AcceptorState({word: last - target for word, target in sorted(words_to)}, final)
    return tuple(ordered)


def _ends_first(rows: list[tuple[dict[str, int], bool]]) -> list[int]:
    """States in an order in which every arc leads to an earlier one; the start is last."""
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
            stack.extend((target, False) for target in rows[state][0].values())
    return order
