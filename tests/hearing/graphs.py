"""The real model, and language graphs beside it, made once a run."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from voice_coach.catalog import find_model
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.language_graph import GENERAL_FORMAT, GraphSettings, LanguageGraph, language_graph
from voice_coach.hearing.phrase_cache import phrases_of
from voice_coach.hearing.phrase_model import PhraseModel
from voice_coach.hearing.templates import compile_grammar
from voice_coach.packs import pack_folder


@functools.cache
def model() -> Path:
    """Where the speech model is; its absence is told together with how to get it."""
    return find_model()


@functools.cache
def cache() -> Path:
    """A folder for graphs that lasts as long as the run; the model's own is linked where set-up has made it already."""
    folder = Path(tempfile.mkdtemp(prefix="test-graphs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for known in (platformdirs.user_cache_path("voice-coach", appauthor=False) / "graphs").glob(
        f"general-{GENERAL_FORMAT}-*"
    ):
        (folder / known.name).symlink_to(known)
    return folder


def graph_of(
    automaton: Automaton, settings: GraphSettings | None = None, phrases: Callable[[], PhraseModel | None] | None = None
) -> LanguageGraph:
    return language_graph(automaton, model(), cache(), settings or GraphSettings(), phrases=phrases or (lambda: None))


@functools.cache
def pack_of(language: str) -> tuple[Automaton, LanguageGraph]:
    """What a language pack understands, and the graph it is heard with."""
    automaton = compile_grammar(read_grammar(pack_folder(language)))
    return automaton, graph_of(automaton, phrases=lambda: phrases_of(automaton.grammar.files, cache()))
