"""PURE: which intents a row of words is, to the letter; and which sentences two intents would both claim."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from voice_coach.hearing.automaton import ANY, HIDDEN_SLOT, Automaton, Mark


@dataclass(frozen=True)
class Parse:
    """One way to read all the words."""

    intent: str
    slots: Mapping[str, str]
    template: int
    """Index into the grammar's templates."""
    fixed: int
    """How many words were matched by the template's own words rather than taken as free text."""
    free: int


class _Cell(NamedTuple):
    """The best way to have read the words so far and be in a state."""

    fixed: int
    back: "_Cell | None"
    marks: tuple[Mark, ...]
    """Silent marks passed just before the word."""


_START = _Cell(0, None, ())


def parse(automaton: Automaton, words: tuple[str, ...]) -> list[Parse]:
    """Every intent that reads all the words, each by its best way; most fixed words first, then in order of the files.

    A state is visited once for each word, whatever number of sentences leads to it.
    """
    if not words:
        return []
    cells: dict[int, _Cell] = {0: _START}
    for word in words:
        following: dict[int, _Cell] = {}
        for state, cell in cells.items():
            ways = automaton.closure(state).words
            for label, gain in ((word, 1), (ANY, 0)):
                for step in ways.get(label, ()):
                    score = cell.fixed + gain
                    best = following.get(step.target)
                    if best is None or score > best.fixed:
                        following[step.target] = _Cell(score, cell, step.marks)
        cells = following
        if not cells:
            return []
    return _finished(automaton, words, cells)


def is_complete(automaton: Automaton, words: tuple[str, ...]) -> bool:
    """Whether the words are a whole sentence of a template, and neither free text nor the beginning of a longer one."""
    states = {0}
    for word in words:
        states = {step.target for state in states for step in automaton.closure(state).words.get(word, ())}
        if not states:
            return False
    return any(automaton.closure(state).finals for state in states) and not any(
        automaton.closure(state).words for state in states
    )


def _finished(automaton: Automaton, words: tuple[str, ...], cells: dict[int, _Cell]) -> list[Parse]:
    best: dict[str, tuple[int, int, tuple[Mark, ...], _Cell]] = {}
    templates = automaton.grammar.templates
    for state, cell in cells.items():
        for marks, index in automaton.closure(state).finals:
            intent = templates[index].intent
            known = best.get(intent)
            if known is None or (-cell.fixed, index) < (-known[0], known[1]):
                best[intent] = (cell.fixed, index, marks, cell)
    parses = [
        Parse(intent, {**templates[index].slots, **_slots(words, marks, cell)}, index, fixed, len(words) - fixed)
        for intent, (fixed, index, marks, cell) in best.items()
    ]
    return sorted(parses, key=lambda found: (-found.fixed, found.template))


def _slots(words: tuple[str, ...], last: tuple[Mark, ...], cell: _Cell) -> dict[str, str]:
    """The named values along one way: the words between the marks, or the value that the list gives instead."""
    passed = [last]
    while cell.back is not None:
        passed.append(cell.marks)
        cell = cell.back
    slots: dict[str, str] = {}
    begun: list[tuple[str, int]] = []
    given: dict[int, str] = {}
    for position, marks in enumerate(reversed(passed)):
        for mark in marks:
            if mark.kind == "open":
                begun.append((mark.text, position))
            elif mark.kind == "out":
                given[len(begun)] = mark.text
            else:
                value = given.pop(len(begun), None)
                name, start = begun.pop()
                if name != HIDDEN_SLOT:
                    slots[name] = " ".join(words[start:position]) if value is None else value
    return slots


@dataclass(frozen=True)
class Overlap:
    """A sentence that two intents claim."""

    sentence: str
    first: int
    second: int
    """Indexes of the templates."""


def overlap(automaton: Automaton) -> Overlap | None:
    """The shortest sentence that fixed templates of two different intents both generate, if there is one.

    Walks sets of states that the same words lead to, so no sentence is ever spelled out, and leaves a set as soon as
    only one intent can come of it. Free text is left out: there the template with more words of its own wins.
    """
    ways_out = _WaysOut(automaton)
    start: tuple[int, ...] = (0,)
    came_from: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {start: None}
    pending: deque[tuple[int, ...]] = deque([start])
    while pending:
        states = pending.popleft()
        targets: dict[str, set[int]] = {}
        intents: dict[str, int] = {}
        claims: dict[str, int] = {}
        for state in states:
            words, finals = ways_out[state]
            for index in finals:
                claims.setdefault(automaton.grammar.templates[index].intent, index)
            for word, target, ahead in words:
                targets.setdefault(word, set()).add(target)
                intents[word] = intents.get(word, 0) | ahead
        if len(claims) > 1:
            first, second = list(claims.values())[:2]
            return Overlap(_spelled(came_from, states), first, second)
        for word, ahead in intents.items():
            if ahead & (ahead - 1):  # more than one intent can come of it
                key = tuple(sorted(targets[word]))
                if key not in came_from:
                    came_from[key] = (states, word)
                    pending.append(key)
    return None


class _WaysOut(dict[int, tuple[list[tuple[str, int, int]], list[int]]]):
    """For a state the words that can come, each with its target and the intents ahead of that; and what can end here.

    Worked out when first asked for. Free text is left out, and so is what marks slots.
    """

    def __init__(self, automaton: Automaton) -> None:
        super().__init__()
        self._states = automaton.states
        self._ahead = _intents_ahead(automaton)

    def __missing__(self, state: int) -> tuple[list[tuple[str, int, int]], list[int]]:
        words: list[tuple[str, int, int]] = []
        finals: list[int] = []
        seen = {state}
        pending = [state]
        while pending:
            here = self._states[pending.pop()]
            finals += here.final
            for word, targets in here.words.items():
                if word != ANY:
                    words += [(word, target, self._ahead[target]) for target in targets if self._ahead[target]]
            further = {target for target, _ in here.silent} - seen
            seen |= further
            pending += further
        self[state] = words, finals
        return words, finals


def _intents_ahead(automaton: Automaton) -> list[int]:
    """For each state the intents that a sentence without free text can still become, one bit each."""
    bits: dict[str, int] = {}
    of_templates = [bits.setdefault(template.intent, 1 << len(bits)) for template in automaton.grammar.templates]
    return automaton.ahead(of_templates, free_text=False)


def _spelled(came_from: Mapping[tuple[int, ...], tuple[tuple[int, ...], str] | None], states: tuple[int, ...]) -> str:
    words: list[str] = []
    while (step := came_from[states]) is not None:
        states, word = step
        words.append(word)
    return " ".join(reversed(words))
