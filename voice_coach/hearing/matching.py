"""PURE: what an utterance means. What the templates generate is that intent, to the letter; only where that fails is
RapidFuzz asked what was nearly said, and then the answer is at most as sure as the words were close."""

import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from voice_coach.hearing.automaton import ANY, Automaton
from voice_coach.hearing.parsing import Parse, parse
from voice_coach.hearing.values import Confirm, Intent, NoInput, NoMatch, Utterance, Verdict
from voice_coach.hearing.words import to_words

Matrix = NDArray[np.float32]
MOST_WORDS = 40
"""Longer speech is nobody's command; it is not compared with any."""
MOST_STEPS = 1_500
"""Where the search for a near miss gives up: what is that far away is not near."""


@dataclass(frozen=True)
class Thresholds:
    """Chosen on data; docs/hearing.md has the curves."""

    accept: float = 0.86
    """From this closeness (0 to 1) on a fixed sentence is taken as said, if no other intent is near."""
    confirm: float = 0.70
    """From here on it is asked back."""
    margin: float = 0.12
    """Another intent closer than this to the best one makes it a question."""
    free_text: float = 0.80
    """A sentence with free text, not said to the letter, is asked back from here on and never simply accepted."""
    similar: float = 0.60
    """Two words less alike than this are two different words."""
    same: float = 0.85
    """From here on an unknown word is a known one, misheard or misspelled."""
    shortest: int = 5
    """A known word of fewer letters has too many neighbors to be recognized when it is misspelled ("stoop", "stop")."""
    covered: float = 0.68
    """A template whose words account for less than this share of what was said is not looked at."""
    short_list: int = 8
    """How many templates are aligned word by word."""
    content: float = 0.5
    """A word of at least this weight says something; at least one has to be matched."""


@dataclass(frozen=True)
class Candidate:
    """An intent that was nearly said."""

    intent: str
    template: int
    closeness: float
    """1 means to the letter."""
    words: tuple[str, ...]
    """The sentence of the template that is nearest; ANY where it takes free text."""


@dataclass(frozen=True)
class Explanation:
    """How a verdict came about, for people who write intents."""

    words: tuple[str, ...]
    exact: tuple[Parse, ...] = ()
    near: tuple[Candidate, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    """Template and reason."""


class _Said(NamedTuple):
    """The words of a sentence so far, last first."""

    word: str
    before: "_Said | None"


@dataclass(frozen=True, eq=False)
class Matcher:
    """One automaton, made ready for matching. Everything derived is computed once, when first needed."""

    automaton: Automaton
    thresholds: Thresholds = Thresholds()

    def match(self, utterance: Utterance) -> Verdict:
        """Accept (an Intent), Confirm, NoMatch or NoInput."""
        return self.explain(utterance)[0]

    def explain(self, utterance: Utterance) -> tuple[Verdict, Explanation]:
        words = to_words(utterance.text, self.automaton.grammar.language)
        text = " ".join(words)
        if not words:
            return NoInput(), Explanation(words)
        exact = parse(self.automaton, words) or self._without_skipped(words)
        if exact:
            return self._exact(exact, text, utterance.confidence), Explanation(words, tuple(exact))
        near, rejected = self.near(words) if len(words) <= MOST_WORDS else ([], [])
        return self._judge(near, words, utterance.confidence), Explanation(words, (), tuple(near), tuple(rejected))

    def warm_up(self) -> None:
        """Works out ahead what the search for near misses needs: the first one would take many times as long."""
        self.near(tuple(self._vocabulary[:3]))

    def _without_skipped(self, words: tuple[str, ...]) -> list[Parse]:
        kept: list[str] = []
        position = 0
        while position < len(words):
            lengths = (length for length in self._skip_lengths if self._is_skipped(words[position : position + length]))
            length = next(lengths, 0)
            if not length:
                kept.append(words[position])
            position += max(1, length)
        return parse(self.automaton, tuple(kept)) if len(kept) < len(words) else []

    def _is_skipped(self, words: tuple[str, ...]) -> bool:
        return " ".join(words) in self.automaton.grammar.skip_words

    @cached_property
    def _skip_lengths(self) -> list[int]:
        """How many words those have that mean nothing, longest first."""
        return sorted({len(words.split()) for words in self.automaton.grammar.skip_words}, reverse=True)

    def _exact(self, parses: list[Parse], text: str, confidence: float) -> Verdict:
        best = parses[0]
        intents = tuple(Intent(found.intent, found.slots, text, confidence) for found in parses[:2])
        if len(parses) > 1 and parses[1].fixed == best.fixed and best.free:
            return Confirm(intents, text, confidence)
        return intents[0]

    def _judge(self, near: list[Candidate], words: tuple[str, ...], confidence: float) -> Verdict:
        text = " ".join(words)
        limits = self.thresholds
        if not near or near[0].closeness < limits.confirm:
            return NoMatch(text, confidence)
        best = near[0]
        rivals = [other for other in near[1:] if best.closeness - other.closeness < limits.margin]
        free = ANY in best.words
        if best.closeness >= limits.accept and not rivals and not free and self._says_the_same(best, words):
            return self._intent(best, text, confidence * best.closeness)
        if free and best.closeness < limits.free_text:
            return NoMatch(text, confidence)
        candidates = tuple(self._intent(found, text, confidence * found.closeness) for found in (best, *rivals[:1]))
        return Confirm(candidates, text, confidence * best.closeness)

    def _intent(self, found: Candidate, text: str, confidence: float) -> Intent:
        """The candidate as if its sentence had been said; free text cannot be told from a near miss and is left out."""
        said = parse(self.automaton, found.words) if ANY not in found.words else []
        slots = next((way.slots for way in said if way.intent == found.intent), None)
        if slots is None:
            slots = self.automaton.grammar.templates[found.template].slots
        return Intent(found.intent, slots, text, confidence)

    def near(self, words: tuple[str, ...]) -> tuple[list[Candidate], list[tuple[str, str]]]:
        """The nearest sentence of each intent that is near at all, nearest first; and what was ruled out, and why."""
        similarity: Matrix = process.cdist(words, self._vocabulary, scorer=fuzz.ratio, dtype=np.float32, workers=1)
        similarity = (similarity / 100).astype(np.float32)
        templates = self._short_list(similarity, sum(self.weight(word) for word in words))
        if not templates:
            return [], []
        allowed = frozenset().union(*(self._on_the_way(index) for index in templates))
        wanted = {self._end[index]: index for index in templates}
        best: dict[str, Candidate] = {}
        rejected: list[tuple[str, str]] = []
        for found in _Alignment(self, words, similarity, allowed, wanted).candidates():
            reason = self._veto(found, words)
            if reason:
                rejected.append((self.automaton.grammar.templates[found.template].source, reason))
            elif found.intent not in best:
                best[found.intent] = found
            if len(best) > 1:
                break
        return sorted(best.values(), key=lambda found: -found.closeness), rejected

    def _veto(self, found: Candidate, words: tuple[str, ...]) -> str:
        negations = self.automaton.grammar.negations
        if bool(negations.intersection(words)) != bool(negations.intersection(found.words)):
            return "negation"
        shared = [word for word in found.words if word in words or self._has_twin(word, words)]
        if not any(self.weight(word) >= self.thresholds.content for word in shared):
            return "nothing said but filler"
        return ""

    def _says_the_same(self, found: Candidate, words: tuple[str, ...]) -> bool:
        """Whether the two differ in nothing that says much: a word left out, one too many, a known word for another."""
        limits = self.thresholds
        added = [word for word in words if word not in found.words]
        lost = [word for word in found.words if word not in words]
        misspelled = [
            word for word in added if word not in self._positions and any(self._is_meant(word, other) for other in lost)
        ]
        explained = [word for word in lost if any(self._is_meant(other, word) for other in misspelled)]
        rest = (*(word for word in added if word not in misspelled), *(word for word in lost if word not in explained))
        return all(self.weight(word) < limits.content for word in rest)

    def _is_meant(self, unknown: str, word: str) -> bool:
        """Whether an unknown word can only be this one, misspelled."""
        limits = self.thresholds
        return len(word) >= limits.shortest and fuzz.ratio(unknown, word) >= 100 * limits.same

    def _has_twin(self, word: str, words: tuple[str, ...]) -> bool:
        return any(fuzz.ratio(word, other) >= 100 * self.thresholds.similar for other in words)

    def _short_list(self, similarity: Matrix, said: float) -> list[int]:
        """The templates whose words cover most of what was said (`said`: its whole weight)."""
        covered = np.zeros(len(self.automaton.grammar.templates), np.float32)
        for row in similarity:
            best = np.zeros_like(covered)
            for index in np.flatnonzero(row >= self.thresholds.similar):
                users = self._users[index]
                best[users] = np.maximum(best[users], row[index] * self._weights[index])
            covered += best
        covered = np.where(self._exact_only, 0, covered)
        count = min(self.thresholds.short_list, len(covered))
        chosen = np.argpartition(-covered, count - 1)[:count]
        return [int(index) for index in chosen if covered[index] >= self.thresholds.covered * said]

    def weight(self, word: str) -> float:
        """How much a word says, 0.25 (in nearly every template) to 1 (in one, or in none)."""
        position = self._positions.get(word)
        return 1.0 if position is None else float(self._weights[position])

    @cached_property
    def _vocabulary(self) -> list[str]:
        return list(self.automaton.vocabulary)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {word: position for position, word in enumerate(self._vocabulary)}

    @cached_property
    def _exact_only(self) -> NDArray[np.bool_]:
        return np.array([template.exact for template in self.automaton.grammar.templates])

    @cached_property
    def _users(self) -> list[NDArray[np.intp]]:
        """For each word the templates that use it."""
        users = dict.fromkeys(self._vocabulary, 0)
        for state in self.automaton.states:
            for word, targets in state.words.items():
                if word != ANY:
                    for target in targets:
                        users[word] |= self._ahead[target]
        return [_positions_of(bits) for bits in users.values()]

    @cached_property
    def _weights(self) -> Matrix:
        """Inverse document frequency over the intents, scaled to 0.25 … 1."""
        numbers: dict[str, int] = {}
        templates = self.automaton.grammar.templates
        intents = np.array([numbers.setdefault(template.intent, len(numbers)) for template in templates])
        every = max(2, len(numbers))
        rarity = [math.log(every / max(1, len(set(intents[users])))) / math.log(every) for users in self._users]
        return np.array([0.25 + 0.75 * value for value in rarity], dtype=np.float32)

    @cached_property
    def _ahead(self) -> list[int]:
        """For each state the templates that can be completed from it, one bit each."""
        return self.automaton.ahead(
            [1 << index for index in range(len(self.automaton.grammar.templates))], free_text=True
        )

    @cached_property
    def _end(self) -> dict[int, int]:
        return {index: state for state, here in enumerate(self.automaton.states) for index in here.final}

    def _unsaid(self, state: int) -> list[tuple[float, int, str]]:
        """Ways out of a state without a spoken word: for nothing, or at the price of the cheapest word left out."""
        found = self._known_unsaid.get(state)
        if found is None:
            here = self.automaton.states[state]
            cheapest: dict[int, tuple[float, str]] = {}
            for word, targets in here.words.items():
                for target in targets:
                    if word != ANY:
                        way = (self.weight(word), word)
                        cheapest[target] = min(cheapest.get(target, way), way)
            found = [(0.0, target, "") for target, _ in here.silent]
            found += [(weight, target, word) for target, (weight, word) in cheapest.items()]
            self._known_unsaid[state] = found
        return found

    @cached_property
    def _known_unsaid(self) -> dict[int, list[tuple[float, int, str]]]:
        return {}

    @cached_property
    def _rank(self) -> dict[int, int]:
        """An order of the states, ends first."""
        return {state: rank for rank, state in enumerate(self.automaton.ends_first)}

    @cached_property
    def _known_ways(self) -> dict[int, frozenset[int]]:
        return {}

    def _on_the_way(self, template: int) -> frozenset[int]:
        """All states on the ways to the end of one template."""
        found = self._known_ways.get(template)
        if found is None:
            pending = [0]
            seen = set(pending)
            while pending:
                here = self.automaton.states[pending.pop()]
                targets = itertools.chain(*here.words.values(), (target for target, _ in here.silent))
                further = [target for target in targets if target not in seen and self._ahead[target] >> template & 1]
                seen.update(further)
                pending.extend(dict.fromkeys(further))
            found = self._known_ways[template] = frozenset(seen)
        return found


def _positions_of(bits: int) -> NDArray[np.intp]:
    """Which bits of a number are set."""
    as_bytes = np.frombuffer(bits.to_bytes(bits.bit_length() // 8 + 1, "little"), np.uint8)
    return np.flatnonzero(np.unpackbits(as_bytes, bitorder="little"))


class _Alignment:
    """Best-first search for the sentences of some templates that are nearest to the words, word by word.

    A word said but not in the sentence, or in it but not said, costs its weight; a word said instead of another costs
    as much of the weight as the two differ in letters. Free text costs nothing.
    """

    def __init__(
        self,
        matcher: Matcher,
        words: tuple[str, ...],
        similarity: Matrix,
        allowed: frozenset[int],
        wanted: dict[int, int],
    ) -> None:
        self.matcher = matcher
        self.words = words
        self.allowed = allowed
        self.wanted = wanted
        self.said = [matcher.weight(word) for word in words]
        self.total = sum(self.said)
        # Closeness is 1 − cost / weight of the longer of the two, which is at most what was said plus the cost.
        self.most = self.total * (1 - matcher.thresholds.confirm) / matcher.thresholds.confirm
        self.twins = [self._twins(position, row) for position, row in enumerate(similarity)]
        self.rest = self._least_for_the_rest()
        self.ahead = self._least_to_an_end() if self.rest[0] <= self.most else {0: math.inf}

    def _twins(self, position: int, row: Matrix) -> dict[str, float]:
        """The words that may stand for the one at the position, each with its price."""
        vocabulary, weights = self.matcher._vocabulary, self.matcher._weights
        return {
            vocabulary[index]: (1 - float(row[index])) * max(float(weights[index]), self.said[position])
            for index in np.flatnonzero(row >= self.matcher.thresholds.similar)
        }

    def _least_for_the_rest(self) -> list[float]:
        """For each position the least that all words from there on can cost, whatever the sentence."""
        rest = [0.0]
        free = any(ANY in self.matcher.automaton.states[state].words for state in self.allowed)
        for said, twins in zip(reversed(self.said), reversed(self.twins), strict=True):
            rest.append(rest[-1] + (0.0 if free else min(said, min(twins.values(), default=said))))
        return rest[::-1]

    def _least_to_an_end(self) -> dict[int, float]:
        """For each state the least that the sentence from there on costs: words that nothing said can stand for."""
        heard = set().union(*self.twins)
        states = self.matcher.automaton.states
        least = dict.fromkeys(self.wanted, 0.0)
        for state in sorted(self.allowed, key=self.matcher._rank.__getitem__):
            here = states[state].words
            said = not heard.isdisjoint(here)
            best = least.get(state, math.inf)
            for price, target, _ in self.matcher._unsaid(state):
                if target in least:
                    best = min(best, least[target] + price)
            spoken = [word for word in heard if word in here] if said else []
            for word in (*spoken, ANY):
                for target in here.get(word, ()):
                    best = min(best, least.get(target, math.inf))
            least[state] = best
        return least

    def candidates(self) -> Iterator[Candidate]:
        """Nearest first; one for each template."""
        heap: list[tuple[float, int, int, int, _Said | None]] = [(self._bound(0.0, 0, 0), 0, 0, 0, None)]
        settled: set[tuple[int, int]] = set()
        reported: set[int] = set()
        pushed = 0
        while heap and len(settled) < MOST_STEPS:
            least, _, position, state, path = heapq.heappop(heap)
            if (position, state) in settled:
                continue
            settled.add((position, state))
            cost = least - self._bound(0.0, position, state)
            template = self.wanted.get(state)
            if position == len(self.words) and template is not None and template not in reported:
                reported.add(template)
                yield self._candidate(template, cost, path)
            for price, further, target, word in self._moves(position, state):
                if target not in self.ahead or (further, target) in settled:
                    continue
                bound = self._bound(cost + price, further, target)
                if bound <= self.most:
                    pushed += 1
                    heapq.heappush(heap, (bound, pushed, further, target, _Said(word, path) if word else path))

    def _bound(self, cost: float, position: int, state: int) -> float:
        """The least that a way through here can cost in the end."""
        return cost + self.rest[position] + self.ahead[state]

    def _moves(self, position: int, state: int) -> Iterator[tuple[float, int, int, str]]:
        for price, target, word in self.matcher._unsaid(state):
            yield price, position, target, word
        if position == len(self.words):
            return
        yield self.said[position], position + 1, state, ""
        here = self.matcher.automaton.states[state].words
        for target in here.get(ANY, ()):
            yield 0.0, position + 1, target, ANY
        twins = self.twins[position]
        # Whichever is shorter decides how the two are brought together.
        for word in here if len(here) < len(twins) else twins:
            if word in twins and word in here:
                for target in here[word]:
                    yield twins[word], position + 1, target, word

    def _candidate(self, template: int, cost: float, path: "_Said | None") -> Candidate:
        words: list[str] = []
        while path is not None:
            words.append(path.word)
            path = path.before
        sentence = tuple(reversed(words))
        fixed = sum(self.matcher.weight(word) for word in sentence if word != ANY)
        # Free text is neither a merit nor a fault: closeness counts only what the template says itself.
        whole = fixed if ANY in sentence else max(self.total, fixed)
        closeness = max(0.0, 1 - cost / whole) if whole else 0.0
        return Candidate(self.matcher.automaton.grammar.templates[template].intent, template, closeness, sentence)
