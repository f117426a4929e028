"""Sentence templates compiled into one automaton over words, never expanded into their sentences.

The language graph, the exact parse, the vocabulary check and the search for near misses are all made from it.
Templates that begin alike share states.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from hassil.expression import Alternative, Expression, ListReference, Permutation, RuleReference, Sentence, TextChunk
from hassil.expression import Sequence as Series

from voice_coach.errors import PackError
from voice_coach.hearing.automaton import ANY, Automaton, Mark, State
from voice_coach.hearing.intent_files import Grammar, SlotList, checked_range
from voice_coach.hearing.words import spelled, to_words

DEEPEST = 40
MOST_PERMUTED = 7
MOST_STATES = 2_000_000
"""Rules within rules can multiply without end; long before this they are a mistake."""


class _Frontier(NamedTuple):
    """Where compiling has got to: states, each with the beginning of a word that is not complete yet; none twice."""

    ends: tuple[tuple[int, str], ...]


def compile_grammar(grammar: Grammar) -> Automaton:
    """One automaton for all templates. Raises PackError for unknown or endless rules and lists, naming the place."""
    compiler = _Compiler(grammar)
    try:
        return compiler.run()
    except RecursionError:
        raise PackError(
            f"{compiler.place}: brackets within brackets without end.", "Make the sentence flatter."
        ) from None


class _Compiler:
    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.states = [State()]
        self.vocabulary: dict[str, str] = {}
        self.place = ""
        self.depth: list[str] = []
        # Beginnings that templates share are compiled once: (where we are, what comes) → where it leads.
        self.prefixes: dict[tuple[_Frontier, str], _Frontier] = {}
        # The same for plain values of lists: (where we are, a word) → where it leads.
        self.shared: dict[tuple[int, str], int] = {}

    def run(self) -> Automaton:
        for index, template in enumerate(self.grammar.templates):
            self.place = template.where
            frontier = _Frontier(((0, ""),))
            assert template.expression is not None
            for item in _items(template.expression.expression):
                key = (frontier, _signature(item))
                if key not in self.prefixes:
                    self.prefixes[key] = self.build(item, frontier)
                frontier = self.prefixes[key]
            self.states[self.joined(frontier)].final += (index,)
        automaton = Automaton(self.grammar, self.states, self.vocabulary)
        for _, index in automaton.closure(0).finals:
            template = self.grammar.templates[index]
            raise PackError(f"{template.where}: “{template.source}” also matches silence.", "Make a part required.")
        return automaton

    def new_state(self) -> int:
        if len(self.states) >= MOST_STATES:
            raise PackError(f"{self.place}: the sentences grow without measure.", "Use fewer rules within rules.")
        self.states.append(State())
        return len(self.states) - 1

    def build(self, item: Expression, frontier: _Frontier) -> _Frontier:
        if isinstance(item, TextChunk):
            return self.text(item.original_text, frontier)
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
            frontier = _Frontier(tuple((state, begun + piece) for state, begun in frontier.ends))
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
                self.states[state].silent += ((meeting, None),)
            else:
                self.chain(state, words, meeting)
        return _Frontier(((meeting, ""),))

    def chain(self, state: int, words: tuple[str, ...], target: int) -> None:
        for number, word in enumerate(words):
            self.vocabulary.setdefault(word, self.place)
            following = target if number == len(words) - 1 else self.new_state()
            ways = self.states[state].words
            if following not in ways.get(word, ()):
                ways[word] = (*ways.get(word, ()), following)
            state = following

    def joined(self, frontier: _Frontier) -> int:
        """One state that all ways lead to, with nothing begun."""
        ends = self.word_boundary(frontier).ends
        if len(ends) == 1:
            return ends[0][0]
        meeting = self.new_state()
        for state, _ in ends:
            self.states[state].silent += ((meeting, None),)
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
                start = _Frontier(((self.joined(_union(ways)), ""),))
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
        with self.inside(f"<{name}>", self.grammar.rule_places[name]):
            return self.build(rule.expression, frontier)

    @contextmanager
    def inside(self, name: str, place: str) -> Iterator[None]:
        """While a rule or list is compiled: mistakes are where it is written, and it must not contain itself."""
        if name in self.depth:
            circle = " → ".join([*self.depth[self.depth.index(name) :], name])
            raise PackError(f"{self.place}: {circle} never ends, for it contains itself.", "Break the circle.")
        if len(self.depth) >= DEEPEST:
            raise PackError(f"{self.place}: more than {DEEPEST} rules within each other.", "Make them flatter.")
        outside, self.place = self.place, place
        self.depth.append(name)
        yield
        self.depth.pop()
        self.place = outside

    def slot(self, item: ListReference, frontier: _Frontier) -> _Frontier:
        start, first, last = self.joined(frontier), self.new_state(), self.new_state()
        self.states[start].silent += ((first, Mark("open", item.slot_name)),)
        source = self.listed(item)
        if source.wildcard:
            self.states[first].words[ANY] = (last,)
            self.states[last].words[ANY] = (last,)
            after = self.new_state()
            self.states[last].silent += ((after, Mark("close", item.slot_name)),)
            return _Frontier(((after, ""),))
        if source.numbers is not None:
            for number in source.numbers:
                self.chain_shared(first, spelled(number, self.grammar.language), last)
        else:
            with self.inside(f"{{{item.list_name}}}", source.where):
                self.values(source, first, last)
        after = self.new_state()
        self.states[last].silent += ((after, Mark("close", item.slot_name)),)
        return _Frontier(((after, ""),))

    def listed(self, item: ListReference) -> SlotList:
        if item.is_inline_range:
            low, high, step = item.get_inline_range() or (0, 0, 1)
            return SlotList(numbers=checked_range(range(low, high + 1, step or 1), self.place))
        source = self.grammar.lists.get(item.list_name)
        if source is None:
            raise PackError(f"{self.place}: there is no list {{{item.list_name}}}.", "Define it under `lists:`.")
        return source

    def values(self, source: SlotList, first: int, last: int) -> None:
        for value in source.values:
            self.place = value.where
            fixed = _fixed_words(value.expression, self.grammar.language) if value.out is None else None
            if fixed:
                self.chain_shared(first, fixed, last)
                continue
            end = self.joined(self.build(value.expression.expression, _Frontier(((first, ""),))))
            mark = None if value.out is None else Mark("out", value.out)
            self.states[end].silent += ((last, mark),)

    def chain_shared(self, state: int, words: tuple[str, ...], target: int) -> None:
        """Like `chain`, but words that begin alike share states: a list of thousands stays small."""
        for word in words[:-1]:
            following = self.shared.get((state, word))
            if following is None:
                following = self.shared[state, word] = self.new_state()
                self.chain(state, (word,), following)
            state = following
        self.chain(state, words[-1:], target)


def _union(frontiers: Iterable[_Frontier]) -> _Frontier:
    return _Frontier(tuple(dict.fromkeys(end for frontier in frontiers for end in frontier.ends)))


def _items(expression: Expression) -> Iterator[Expression]:
    """The parts of a template, text cut at spaces, so that templates share as long a beginning as possible."""
    if not isinstance(expression, Series):
        yield expression
        return
    for item in expression.items:
        if isinstance(item, TextChunk):
            text = item.original_text
            words = text.split()
            before, after = text[:1].isspace(), text[-1:].isspace()
            for number, word in enumerate(words):
                lead = " " if number or before else ""
                tail = " " if after and number == len(words) - 1 else ""
                yield TextChunk(f"{lead}{word}{tail}")
            if not words and text:
                yield item
        else:
            yield item


def _signature(item: Expression) -> str:
    if isinstance(item, TextChunk):
        return f"'{item.original_text}'"
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
    return to_words("".join(part.original_text for part in parts if isinstance(part, TextChunk)), language)
