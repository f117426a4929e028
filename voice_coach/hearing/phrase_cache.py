"""Keeps the trigram of people's own words by the content of its files: a change of the intents does not change it."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from voice_coach.errors import PackError
from voice_coach.hearing import kept
from voice_coach.hearing.acceptor import AcceptorState, WeightedArc, compact
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.intent_files import FREE_TEXT, read_files
from voice_coach.hearing.phrase_model import PhraseModel, phrase_model

FORMAT = 1
"""Raised whenever the same files would give another trigram."""
KEPT = 4


def phrases_of(files: Sequence[Path], cache: Path) -> PhraseModel | None:
    """The trigram of the templates of free text in these files; None where there are none. Raises PackError, OSError.

    A file of free text mostly brings all rules that it needs. Only where it does not do the others matter.
    """
    own = [path for path in files if FREE_TEXT.encode() in path.read_bytes()]
    if not own:
        return None
    for needed in (own, files):
        with contextlib.suppress(OSError, ValueError):  # not there, or damaged
            return _from_json(kept.read(_path(cache, needed)))
    try:
        needed, automaton = own, _automaton(own)
    except PackError:
        needed, automaton = files, _automaton(files)
    if automaton is None:
        return None
    made = phrase_model(compact(automaton))
    with contextlib.suppress(OSError):
        kept.keep(_path(cache, needed), _as_json(made), KEPT)
    return made


def _path(cache: Path, files: Sequence[Path]) -> Path:
    return cache / f"phrases-{kept.key_of(files, str(FORMAT))}"


def _automaton(files: Sequence[Path]) -> Automaton | None:
    from voice_coach.hearing.templates import compile_grammar

    grammar = read_files(files, intents=False)
    return compile_grammar(replace(grammar, templates=grammar.free_text)) if grammar.free_text else None


def _as_json(model: PhraseModel) -> bytes:
    states = [[state.arcs, state.final] for state in model.states]
    return json.dumps([model.unigram, states], separators=(",", ":")).encode()


def _from_json(payload: bytes) -> PhraseModel:
    unigram, states = json.loads(payload)
    return PhraseModel(
        tuple(AcceptorState(tuple(WeightedArc(*arc) for arc in arcs), final) for arcs, final in states), unigram
    )
