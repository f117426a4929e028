"""The graph that the recognizer reads: the templates beside the model's own language model, kept by content.

Made once for each combination of model, intents and settings, beside the verified model's files, which are linked and
never altered. The model's own language model is read once with OpenFst's tools; after that a change of the intents
costs well under a second and needs no tools.
"""

import hashlib
import json
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from voice_coach.errors import GraphError
from voice_coach.hearing import garbage
from voice_coach.hearing.acceptor import SILENT, AcceptorState, compact, to_free_text
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.graph_file import (
    EPSILON,
    Component,
    ConstGraph,
    GraphArc,
    GraphState,
    read_const_graph,
    to_general,
    write_side_by_side,
)
from voice_coach.hearing.phrase_model import PhraseModel

FORMAT = 12
"""Raised whenever the same inputs would give another graph."""
GENERAL_FORMAT = 2
"""Raised whenever the model's own language model would be written in another way."""
NEVER_SECONDS = 100_000
ENDPOINT_RULES = {f"endpoint.rule{number}.min-trailing-silence": NEVER_SECONDS for number in range(1, 5)}
"""Where an utterance ends is decided by `endpointing`, not by the model's own rules."""
KEPT = 4
"""How many graphs stay in the cache."""
GRAPH = "Gr.fst"
WORDS = "words.txt"
TOOLS_REMEDY = "Install OpenFst's tools: sudo apt-get install libfst-tools libfst22-plugins-base (Debian 13: libfst26)."


@dataclass(frozen=True)
class GraphSettings:
    """What shapes the graph and how it is searched."""

    entry_cost: float = -2.0
    """What a sentence of the templates has to win by over free speech (natural logarithm of odds). Below zero: somebody
    who talks to the coach is more likely to give a command than its share among all that can be said."""
    left_out: float = 0.5
    """How likely a part of a command that may be left out is left out."""
    left_out_around: float = 0.8
    """The same before the first needed word of a command and after the last one: most people are brief."""
    weight_scale: float = 1.0
    """How much the probabilities within the templates count; 0 makes every sentence of them free."""
    own_words_cost: float = 0.5
    """What free text as the pack expects it has to win by over any other speech."""
    unexpected_word_cost: float = 4.0
    """In free text, going on with words that the pack does not expect."""
    beam: float = 10.0
    max_active: int = 3000
    lattice_beam: float = 2.0


@dataclass(frozen=True)
class LanguageGraph:
    """A model folder for Vosk whose language graph is ours."""

    folder: Path
    unknown: Mapping[str, str]
    """Words of the templates that the model cannot hear, each with the place that uses it."""


def language_graph(
    automaton: Automaton,
    model: Path,
    cache: Path,
    settings: GraphSettings = GraphSettings(),
    before_building: Callable[[Automaton], None] = lambda automaton: None,
    phrases: Callable[[], PhraseModel | None] = lambda: None,
) -> LanguageGraph:
    """The graph for these templates on this model; from the cache, or made now (no network). Raises GraphError.

    `before_building` may refuse the templates by raising; it is not asked about a graph that is there already.
    `phrases` gives the trigram of people's own words, made from the same files, where there is one.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        folder = cache / f"graph-{_key(automaton, model, settings)}"
        if not _is_whole(folder):
            with garbage.put_off():
                before_building(automaton)
                _build(folder, automaton, phrases, model, cache, settings)
        os.utime(folder)
        unknown = json.loads((folder / "unknown.json").read_text(encoding="utf-8"))
        return LanguageGraph(folder, unknown)
    except OSError as error:
        raise _told(error, cache) from None


def _told(error: OSError, cache: Path) -> GraphError:
    """What the system refused: to read the intents or the model, or else to write."""
    reason = error.strerror or str(error)
    read = Path(str(error.filename or cache))
    if cache not in (read, *read.parents):
        return GraphError(f"{read} could not be read: {reason}.", "Put it back; for the model: `voice-coach setup`.")
    return GraphError(
        f"The language graph could not be written to {cache}: {reason}.",
        "Make room on that disk, or make the folder writable.",
    )


def _key(automaton: Automaton, model: Path, settings: GraphSettings) -> str:
    parts = hashlib.sha256(json.dumps([FORMAT, str(model.resolve()), asdict(settings)]).encode())
    for path in automaton.grammar.files:
        parts.update(hashlib.sha256(path.read_bytes()).digest())
    parts.update(_model_key(model).encode())
    return parts.hexdigest()[:20]


def _model_key(model: Path) -> str:
    """The content of the model's language model."""
    with (model / "graph" / GRAPH).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:20]


def _is_whole(folder: Path) -> bool:
    # Links to a model that was moved away dangle; the graph is then made again.
    needed = ("graph/Gr.fst", "graph/HCLr.fst", "am/final.mdl", "conf/model.conf", "unknown.json")
    return all((folder / name).exists() for name in needed)


def _build(
    folder: Path,
    automaton: Automaton,
    phrases: Callable[[], PhraseModel | None],
    model: Path,
    cache: Path,
    settings: GraphSettings,
) -> None:
    general = _general(model, cache)
    ids = _word_ids(general / WORDS)
    graph = read_const_graph(general / GRAPH)
    beside = [*_commands(automaton, ids, settings, graph), *_own_words(phrases, ids, settings, graph)]
    unknown = {word: place for word, place in sorted(automaton.vocabulary.items()) if word not in ids}
    with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as name:
        making = Path(name) / "graph-folder"
        _link_model(model, making)
        write_side_by_side(making / "graph" / GRAPH, graph, beside)
        _write_conf(model, making, settings)
        (making / "unknown.json").write_text(json.dumps(unknown), encoding="utf-8")
        _put(making, folder)
    _forget_old(cache, folder)


def _commands(
    automaton: Automaton, ids: Mapping[str, int], settings: GraphSettings, general: ConstGraph
) -> Iterator[Component]:
    """The sentences of the templates, to the letter; where free text begins the model's own language model goes on."""
    acceptor = compact(automaton, settings.left_out, settings.left_out_around, openings=True)
    opening = to_free_text(acceptor)
    states = []
    for state in acceptor:
        fixed = _graph_state(state, ids, settings.weight_scale)
        ways_out = tuple(
            GraphArc(
                ids[arc.word],
                to_general(general.after(ids[arc.word])),
                settings.weight_scale * (arc.cost + opening[arc.target]),
            )
            for arc in state.arcs
            if arc.word in ids and opening[arc.target] < math.inf
        )
        states.append(GraphState((*fixed.arcs, *ways_out), fixed.final))
    if states:
        yield Component(states, len(states) - 1, settings.entry_cost)


def _own_words(
    phrases: Callable[[], PhraseModel | None], ids: Mapping[str, int], settings: GraphSettings, general: ConstGraph
) -> Iterator[Component]:
    """How people talk in their own words; a word that was not expected is heard by the model's own language model."""
    model = phrases()
    if model is None:
        return
    states = [_graph_state(state, ids, 1.0) for state in model.states]
    unigram = states[model.unigram]
    way_out = GraphArc(EPSILON, to_general(general.without_history()), settings.unexpected_word_cost)
    states[model.unigram] = GraphState((*unigram.arcs, way_out), unigram.final)
    yield Component(states, 0, settings.own_words_cost)


def _graph_state(state: AcceptorState, ids: Mapping[str, int], scale: float) -> GraphState:
    """The same with the model's word ids; a word that it does not know is left out."""
    arcs = tuple(
        GraphArc(EPSILON if arc.word == SILENT else ids[arc.word], arc.target, scale * arc.cost)
        for arc in state.arcs
        if arc.word == SILENT or arc.word in ids
    )
    return GraphState(arcs, math.inf if state.final is None else scale * state.final)


def _link_model(model: Path, making: Path) -> None:
    """A folder of links to the model's files, but for the two that are ours."""
    for source in sorted(model.resolve().rglob("*")):
        name = source.relative_to(model.resolve())
        if source.is_dir():
            (making / name).mkdir(parents=True, exist_ok=True)
        elif str(name) not in (f"graph/{GRAPH}", "conf/model.conf"):
            (making / name).parent.mkdir(parents=True, exist_ok=True)
            (making / name).symlink_to(source)


def _write_conf(model: Path, making: Path, settings: GraphSettings) -> None:
    search = {"beam": settings.beam, "max-active": settings.max_active, "lattice-beam": settings.lattice_beam}
    ours = {**search, **ENDPOINT_RULES, "endpoint.rule5.min-utterance-length": NEVER_SECONDS}
    theirs = (model / "conf" / "model.conf").read_text(encoding="utf-8").splitlines()
    kept = [line for line in theirs if line.split("=")[0].lstrip("-") not in ours]
    lines = [*kept, *(f"--{name}={value}" for name, value in ours.items())]
    (making / "conf" / "model.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _put(making: Path, folder: Path) -> None:
    """Moves a finished folder into place at once; another program may have been faster, which is as good."""
    if folder.exists() and not _is_whole(folder):
        shutil.rmtree(folder)
    try:
        making.rename(folder)
    except OSError:
        if not _is_whole(folder):
            raise


def _forget_old(cache: Path, newest: Path) -> None:
    graphs = sorted(cache.glob("graph-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in graphs[KEPT:]:
        if old != newest:
            shutil.rmtree(old, ignore_errors=True)


def _word_ids(path: Path) -> dict[str, int]:
    with path.open(encoding="utf-8") as lines:
        pairs = (line.rstrip("\n").rsplit("\t", 1) for line in lines)
        # <eps>, #0, <s> and the like are the graph's own, never spoken.
        return {word: int(number) for word, number in pairs if word[:1] not in "<#!["}


def _general(model: Path, cache: Path) -> Path:
    """The model's own language model as a const graph, and its word table; read once for each model."""
    folder = cache / f"general-{GENERAL_FORMAT}-{_model_key(model)}"
    if (folder / GRAPH).exists() and (folder / WORDS).exists():
        return folder
    with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as name:
        making = Path(name) / "general"
        making.mkdir()
        _convert(model / "graph" / GRAPH, making)
        try:
            making.rename(folder)
        except OSError:
            if not (folder / GRAPH).exists():
                raise
    return folder


def _convert(source: Path, making: Path) -> None:
    words = making / WORDS
    steps = [
        ["fstprint", "--acceptor", f"--save_isymbols={words}", str(source), str(making / "text")],
        [
            *("fstcompile", "--acceptor", f"--isymbols={words}", f"--osymbols={words}"),
            *("--keep_osymbols", str(making / "text"), str(making / "compiled")),  # Vosk reads no other words
        ],
        ["fstarcsort", "--sort_type=ilabel", str(making / "compiled"), str(making / "sorted")],
        ["fstconvert", "--fst_type=const", str(making / "sorted"), str(making / GRAPH)],
    ]
    for step in steps:
        _run_tool(step)
    for name in ("text", "compiled", "sorted"):
        (making / name).unlink()


def _run_tool(command: list[str]) -> None:
    environment = {**os.environ, "LD_LIBRARY_PATH": _plugin_folder()}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise GraphError(f"OpenFst's {command[0]} is not installed.", TOOLS_REMEDY) from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise GraphError(f"OpenFst's {command[0]} could not read the model's language model: {reason}", TOOLS_REMEDY)


def _plugin_folder() -> str:
    """Where Debian puts OpenFst's plugins; the model's own language model is of the kind `ngram`, which is one."""
    for pattern in ("lib/*/fst/*/ngram-fst.so", "lib/*/fst/ngram-fst.so", "lib/fst/ngram-fst.so"):
        for root in (Path("/usr"), Path("/usr/local")):
            for found in sorted(root.glob(pattern)):
                return str(found.parent)
    raise GraphError("OpenFst's ngram plugin is not installed.", TOOLS_REMEDY)
