"""All sentence templates as one automaton over words: what the compiler makes and everything else reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from voice_coach.hearing.intent_files import Grammar

ANY = "*"
"""The label of an arc that reads any one word; no real word is spelled like this."""
HIDDEN_SLOT = "_"
"""A slot of this name groups words without being reported."""


class Mark(NamedTuple):
    """Something on an arc that reads no word: a slot begins, ends, or gets a value other than the words spoken."""

    kind: str
    """open, close or out."""
    text: str


@dataclass(slots=True)
class State:
    """A state has arcs that read a word, arcs that read any word, and silent arcs that may open or close a slot.

    Tuples, because there are tens of thousands of states and most have next to nothing.
    """

    words: dict[str, tuple[int, ...]] = field(default_factory=dict)
    silent: tuple[tuple[int, Mark | None], ...] = ()
    final: tuple[int, ...] = ()
    """Indexes of the templates that end here."""


class Step(NamedTuple):
    """A way out of a state: silent arcs taken together, then one word."""

    marks: tuple[Mark, ...]
    target: int


class Closure(NamedTuple):
    """Everything that can be reached from a state without reading a word."""

    words: Mapping[str, tuple[Step, ...]]
    finals: tuple[tuple[tuple[Mark, ...], int], ...]


@dataclass
class Automaton:
    """All templates of a grammar. State 0 is the start. Written once, by `compile_grammar`, then only read.

    It has no circles but one: free text goes on from a state to the same state.
    """

    grammar: Grammar
    states: list[State]
    vocabulary: Mapping[str, str]
    """Each word and the first place that uses it."""
    _closures: dict[int, Closure] = field(default_factory=dict, repr=False)

    def closure(self, state: int) -> Closure:
        """The ways out of a state, in the order of the files; computed when first needed."""
        found = self._closures.get(state)
        if found is None:
            found = self._closures[state] = self._close(state)
        return found

    def _close(self, state: int) -> Closure:
        words: dict[str, list[Step]] = {}
        finals: list[tuple[tuple[Mark, ...], int]] = []
        seen: set[tuple[int, tuple[Mark, ...]]] = set()
        pending: list[tuple[int, tuple[Mark, ...]]] = [(state, ())]
        while pending:
            way = pending.pop()
            if way in seen:
                continue
            seen.add(way)
            at, marks = way
            here = self.states[at]
            for word, targets in here.words.items():
                words.setdefault(word, []).extend(Step(marks, target) for target in targets)
            finals.extend((marks, template) for template in here.final)
            pending.extend(
                (target, marks if mark is None else (*marks, mark)) for target, mark in reversed(here.silent)
            )
        return Closure({word: tuple(steps) for word, steps in words.items()}, tuple(finals))

    @cached_property
    def ends_first(self) -> list[int]:
        """The states in an order in which every arc, but the one circle of free text, leads to an earlier one."""
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
                here = self.states[state]
                stack.extend((target, False) for targets in here.words.values() for target in targets)
                stack.extend((target, False) for target, _ in here.silent)
        return order

    def ahead(self, bits: Sequence[int], *, free_text: bool) -> list[int]:
        """For each state the bits of all templates that can be completed from it, with or without free text."""
        found = [0] * len(self.states)
        shared: dict[int, int] = {}
        for state in self.ends_first:
            here = self.states[state]
            union = 0
            for index in here.final:
                union |= bits[index]
            for target, _ in here.silent:
                union |= found[target]
            for word, targets in here.words.items():
                if free_text or word != ANY:
                    for target in targets:
                        union |= found[target]
            found[state] = shared.setdefault(union, union)
        return found
