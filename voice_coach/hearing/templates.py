"""Sentence templates compiled into one automaton over words, never expanded into their sentences.

The language graph, the exact parse, the vocabulary check and the search for near misses are all made from it.
Templates that begin alike share states. A state has arcs that read a word, arcs that read any word (free text), and
arcs that read nothing but may open or close a slot.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hassil.expression import Alternative, Expression, ListReference, Permutation, RuleReference, Sentence, TextChunk
from hassil.expression import Sequence as Series

from voice_coach.errors import PackError
from voice_coach.hearing.intent_files import Grammar, SlotList, checked_range
from voice_coach.hearing.words import plain, spelled, to_words

ANY = "*"
"""The label of an arc that reads any one word; no real word is spelled like this."""
HIDDEN_SLOT = "_"
"""A slot of this name groups words without being reported."""
DEEPEST = 40
MOST_PERMUTED = 7


class Mark(NamedTuple):
    """Something on an arc that reads no word: a slot begins, ends, or gets a value other than the words spoken."""

    kind: str
    """open, close or out."""
    text: str


@dataclass
class State:
    words: dict[str, list[int]] = field(default_factory=dict)
    silent: list[tuple[int, Mark | None]] = field(default_factory=list)
    final: list[int] = field(default_factory=list)
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
    """All templates of a grammar. State 0 is the start. Written once, by `compile_grammar`, then only read."""

    grammar: Grammar
    states: list[State]
    vocabulary: Mapping[str, str]
    """Each word and the first place that uses it."""
    _closures: dict[int, Closure] = field(default_factory=dict, repr=False)

    def closure(self, state: int) -> Closure:
        """The ways out of a state; computed when first needed."""
        found = self._closures.get(state)
        if found is None:
            found = self._closures[state] = self._close(state)
        return found

    def _close(self, state: int) -> Closure:
        words: dict[str, list[Step]] = {}
        finals: list[tuple[tuple[Mark, ...], int]] = []
        seen: set[tuple[int, tuple[Mark, ...]]] = {(state, ())}
        pending: list[tuple[int, tuple[Mark, ...]]] = [(state, ())]
        while pending:
            at, marks = pending.pop()
            here = self.states[at]
            for word, targets in here.words.items():
                words.setdefault(word, []).extend(Step(marks, target) for target in targets)
            finals.extend((marks, template) for template in here.final)
            for target, mark in here.silent:
                step = (target, marks if mark is None else (*marks, mark))
                if step not in seen:
                    seen.add(step)
                    pending.append(step)
        return Closure({word: tuple(steps) for word, steps in words.items()}, tuple(finals))


class _Frontier(NamedTuple):
    """Where compiling has got to: states, each with the beginning of a word that is not complete yet."""

    ends: frozenset[tuple[int, str]]


def compile_grammar(grammar: Grammar) -> Automaton:
    """One automaton for all templates. Raises PackError for unknown or endless rules and lists, naming the place."""
    return _Compiler(grammar).run()


class _Compiler:
    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.states = [State()]
        self.vocabulary: dict[str, str] = {}
        self.place = ""
        self.depth: list[str] = []
        # Beginnings that templates share are compiled once: (where we are, what comes) → where it leads.
        self.prefixes: dict[tuple[_Frontier, str], _Frontier] = {}

    def run(self) -> Automaton:
        for index, template in enumerate(self.grammar.templates):
            self.place = template.where
            frontier = _Frontier(frozenset({(0, "")}))
            assert template.expression is not None
            for item in _items(template.expression.expression):
                key = (frontier, _signature(item))
                if key not in self.prefixes:
                    self.prefixes[key] = self.build(item, frontier)
                frontier = self.prefixes[key]
            self.states[self.joined(frontier)].final.append(index)
        automaton = Automaton(self.grammar, self.states, self.vocabulary)
        for _, index in automaton.closure(0).finals:
            template = self.grammar.templates[index]
            raise PackError(f"{template.where}: “{template.source}” also matches silence.", "Make a part required.")
        return automaton

    def new_state(self) -> int:
        self.states.append(State())
        return len(self.states) - 1

    def build(self, item: Expression, frontier: _Frontier) -> _Frontier:
        if isinstance(item, TextChunk):
            return self.text(item.text, frontier)
        if isinstance(item, Alternative):
            return _union(self.build(choice, frontier) for choice in item.items)
        if isinstance(item, Permutation):
            return self.permutation(item, frontier)
        if isinstance(item, Series):
            for part in item.items:
                frontier = self.build(part, frontier)
            return frontier
        if isinstance(item, RuleReference):
            return self.rule(item, frontier)
        if isinstance(item, ListReference):
            return self.slot(item, frontier)
        raise PackError(f"{self.place}: {type(item).__name__} is not understood.", "See docs/writing-intents.md.")

    def text(self, text: str, frontier: _Frontier) -> _Frontier:
        text = text.replace("-", " ").replace("\u2019", "'")
        if not text:
            return frontier
        if text[0].isspace():
            frontier = self.word_boundary(frontier)
        pieces = text.split()
        for number, piece in enumerate(pieces):
            if number:
                frontier = self.word_boundary(frontier)
            frontier = _Frontier(frozenset((state, begun + piece) for state, begun in frontier.ends))
        if pieces and text[-1].isspace():
            frontier = self.word_boundary(frontier)
        return frontier

    def word_boundary(self, frontier: _Frontier) -> _Frontier:
        """Completes the words that were begun; all ways meet in one state."""
        if all(not begun for _, begun in frontier.ends):
            return frontier
        meeting = self.new_state()
        for state, begun in frontier.ends:
            words = to_words(begun, self.grammar.language)
            if not words:
                self.states[state].silent.append((meeting, None))
            else:
                self.chain(state, words, meeting)
        return _Frontier(frozenset({(meeting, "")}))

    def chain(self, state: int, words: tuple[str, ...], target: int) -> None:
        for number, word in enumerate(words):
            self.vocabulary.setdefault(word, self.place)
            following = target if number == len(words) - 1 else self.new_state()
            targets = self.states[state].words.setdefault(word, [])
            if following not in targets:
                targets.append(following)
            state = following

    def joined(self, frontier: _Frontier) -> int:
        """One state that all ways lead to, with nothing begun."""
        ends = list(self.word_boundary(frontier).ends)
        if len(ends) == 1:
            return ends[0][0]
        meeting = self.new_state()
        for state, _ in ends:
            self.states[state].silent.append((meeting, None))
        return meeting

    def permutation(self, item: Permutation, frontier: _Frontier) -> _Frontier:
        """Any order: one frontier for every set of parts already said, not one for every order."""
        parts = item.items
        if len(parts) > MOST_PERMUTED:
            raise PackError(f"{self.place}: more than {MOST_PERMUTED} parts in any order.", "Split the sentence.")
        reached: dict[frozenset[int], list[_Frontier]] = {frozenset(): [frontier]}
        for _ in parts:
            following: dict[frozenset[int], list[_Frontier]] = {}
            for said, ways in reached.items():
                start = _Frontier(frozenset({(self.joined(_union(ways)), "")}))
                for number, part in enumerate(parts):
                    if number not in said:
                        following.setdefault(said | {number}, []).append(self.build(part, start))
            reached = following
        return _union(reached[frozenset(range(len(parts)))])

    def rule(self, item: RuleReference, frontier: _Frontier) -> _Frontier:
        name = item.rule_name
        rule = self.grammar.rules.get(name)
        if rule is None:
            raise PackError(f"{self.place}: there is no rule <{name}>.", "Define it under `expansion_rules:`.")
        return self.nested(f"<{name}>", lambda: self.build(rule.expression, frontier))

    def nested(self, name: str, build: Callable[[], _Frontier]) -> _Frontier:
        if name in self.depth or len(self.depth) > DEEPEST:
            way = " → ".join([*self.depth[self.depth.index(name) :], name]) if name in self.depth else name
            raise PackError(f"{self.place}: {way} never ends, for it contains itself.", "Break the circle.")
        self.depth.append(name)
        try:
            return build()
        finally:
            self.depth.pop()

    def slot(self, item: ListReference, frontier: _Frontier) -> _Frontier:
        start, first, last = self.joined(frontier), self.new_state(), self.new_state()
        self.states[start].silent.append((first, Mark("open", item.slot_name)))
        source = self.listed(item)
        if source.wildcard:
            self.states[first].words[ANY] = [last]
            self.states[last].words[ANY] = [last]
            after = self.new_state()
            self.states[last].silent.append((after, Mark("close", item.slot_name)))
            return _Frontier(frozenset({(after, "")}))
        if source.numbers is not None:
            for number in source.numbers:
                self.chain_shared(first, spelled(number, self.grammar.language), last)
        else:
            self.nested(f"{{{item.list_name}}}", lambda: self.values(source, first, last))
        after = self.new_state()
        self.states[last].silent.append((after, Mark("close", item.slot_name)))
        return _Frontier(frozenset({(after, "")}))

    def listed(self, item: ListReference) -> SlotList:
        if item.is_inline_range:
            low, high, step = item.get_inline_range() or (0, 0, 1)
            return SlotList(numbers=checked_range(range(low, high + 1, step or 1), self.place))
        source = self.grammar.lists.get(item.list_name)
        if source is None:
            raise PackError(f"{self.place}: there is no list {{{item.list_name}}}.", "Define it under `lists:`.")
        return source

    def values(self, source: SlotList, first: int, last: int) -> _Frontier:
        place = self.place
        for value in source.values:
            if not self.grammar.templates:
                self.place = value.where
            fixed = _fixed_words(value.expression, self.grammar.language) if value.out is None else None
            if fixed:
                self.chain_shared(first, fixed, last)
                continue
            end = self.joined(self.build(value.expression.expression, _Frontier(frozenset({(first, "")}))))
            mark = None if value.out is None else Mark("out", value.out)
            self.states[end].silent.append((last, mark))
        self.place = place
        return _Frontier(frozenset({(last, "")}))

    def chain_shared(self, state: int, words: tuple[str, ...], target: int) -> None:
        """Like `chain`, but words that begin alike share states: a list of thousands stays small."""
        for word in words[:-1]:
            self.vocabulary.setdefault(word, self.place)
            targets = self.states[state].words.setdefault(word, [])
            following = next((other for other in targets if other != target), None)
            if following is None:
                following = self.new_state()
                targets.append(following)
            state = following
        self.chain(state, words[-1:], target)


def _union(frontiers: Iterable[_Frontier]) -> _Frontier:
    return _Frontier(frozenset(end for frontier in frontiers for end in frontier.ends))


def _items(expression: Expression) -> Iterator[Expression]:
    """The parts of a template, text cut at spaces, so that templates share as long a beginning as possible."""
    if not isinstance(expression, Series):
        yield expression
        return
    for item in expression.items:
        if isinstance(item, TextChunk):
            words = item.text.split()
            before, after = item.text[:1].isspace(), item.text[-1:].isspace()
            for number, word in enumerate(words):
                lead = " " if number or before else ""
                tail = " " if after and number == len(words) - 1 else ""
                yield TextChunk(f"{lead}{word}{tail}")
            if not words and item.text:
                yield item
        else:
            yield item


def _signature(item: Expression) -> str:
    if isinstance(item, TextChunk):
        return f"'{item.text}'"
    if isinstance(item, RuleReference):
        return f"<{item.rule_name}>"
    if isinstance(item, ListReference):
        return f"{{{item.list_name}:{item.slot_name}}}"
    if isinstance(item, (Alternative, Permutation, Series)):
        return f"{type(item).__name__}({','.join(_signature(part) for part in item.items)})"
    return repr(item)


def _fixed_words(sentence: Sentence, language: str) -> tuple[str, ...] | None:
    """The words of a value that is plain text, else None."""
    expression = sentence.expression
    parts = expression.items if isinstance(expression, Series) else [expression]
    if not all(isinstance(part, TextChunk) for part in parts):
        return None
    return to_words("".join(part.text for part in parts if isinstance(part, TextChunk)), language)


def unknown_words(automaton: Automaton, is_known: Callable[[str], bool]) -> dict[str, str]:
    """Words that the speech model can never hear, each with the place of the template that uses it."""
    return {word: place for word, place in sorted(automaton.vocabulary.items()) if not is_known(word)}


__all__ = [
    "ANY",
    "HIDDEN_SLOT",
    "Automaton",
    "Closure",
    "Mark",
    "State",
    "Step",
    "compile_grammar",
    "plain",
    "unknown_words",
]
