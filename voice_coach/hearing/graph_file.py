"""OpenFst's `const` file of a large acceptor, extended by a small one without reading it arc by arc.

Layout (OpenFst 1.6 to 1.8, const-fst.h): a header with the numbers of states and arcs, symbol tables, all states, all
arcs. States and arcs stand at the end, so appending needs no knowledge of the tables in between.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voice_coach.errors import GraphError

MAGIC = 2125659606
STATE = np.dtype([("final", "<f4"), ("pos", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("next", "<i4")])
ALIGNED = 4
# Expanded, acceptor, input and output labels sorted; what else may be true is left unsaid and computed when asked for.
PROPERTIES = 0x1 | 0x10000 | 0x10000000 | 0x40000000
EPSILON = 0

Table = NDArray[np.void]


@dataclass(frozen=True)
class GraphArc:
    """An arc of a graph to be appended. Targets below zero are states of the large graph: −1 is its state 0."""

    label: int
    target: int
    cost: float = 0.0


@dataclass(frozen=True)
class GraphState:
    arcs: tuple[GraphArc, ...]
    final: float = math.inf
    """What it costs to end here; infinite where nothing can end."""


@dataclass(frozen=True)
class Component:
    """A small graph that stands beside the large one."""

    states: Sequence[GraphState]
    start: int
    cost: float
    """What entering it costs (natural logarithm of odds)."""


@dataclass(frozen=True)
class ConstGraph:
    """A graph as it lies in its file."""

    head: bytes
    """Everything before the three numbers: kinds, version, flags."""
    start: int
    tables: bytes
    """The symbol tables, untouched."""
    states: NDArray[np.void]
    arcs: NDArray[np.void]

    def without_history(self) -> int:
        """The state that the model falls back to when it knows nothing of the words before."""
        state = self.start
        while self.states[state]["in_eps"]:
            # Arcs are sorted by label, and the one for falling back is the only one that reads nothing.
            state = int(self.arcs["next"][int(self.states[state]["pos"])])
        return state

    def after(self, word: int) -> int:
        """The state of the model that knows only this word; the one that knows nothing where there is no such state."""
        nothing = self.without_history()
        first, count = int(self.states[nothing]["pos"]), int(self.states[nothing]["arcs"])
        at = int(np.searchsorted(self.arcs["ilabel"][first : first + count], word))
        found = at < count and int(self.arcs["ilabel"][first + at]) == word
        return int(self.arcs["next"][first + at]) if found else nothing


def read_const_graph(path: Path) -> ConstGraph:
    """Reads a const graph. Raises GraphError when the file is not one."""
    data = path.read_bytes()
    try:
        (magic,) = struct.unpack_from("<i", data, 0)
        position = 4
        names = []
        for _ in range(2):
            (length,) = struct.unpack_from("<i", data, position)
            names.append(data[position + 4 : position + 4 + length])
            position += 4 + length
        _, flags, _, start, states, arcs = struct.unpack_from("<iiQqqq", data, position)
    except struct.error:
        raise GraphError(f"{path} is cut short.", "Run `voice-coach setup`.") from None
    if magic != MAGIC or names != [b"const", b"standard"] or flags & ALIGNED:
        raise GraphError(f"{path} is not a const graph.", "Run `voice-coach setup`.")
    body = states * STATE.itemsize + arcs * ARC.itemsize
    tables_start = position + struct.calcsize("<iiQqqq")
    if min(start, states, arcs) < 0 or len(data) < tables_start + body:
        raise GraphError(f"{path} is cut short.", "Run `voice-coach setup`.")
    states_start = len(data) - body
    graph = ConstGraph(
        head=data[: position + 8],
        start=start,
        tables=data[tables_start:states_start],
        states=np.frombuffer(data, STATE, states, states_start),
        arcs=np.frombuffer(data, ARC, arcs, states_start + states * STATE.itemsize),
    )
    if not _is_consistent(graph):
        raise GraphError(f"{path} is damaged.", "Run `voice-coach setup`.")
    return graph


def _is_consistent(graph: ConstGraph) -> bool:
    """Whether the arcs of the states follow each other and lead to states: not so where the file lost some bytes."""
    ends = np.cumsum(graph.states["arcs"], dtype=np.int64)
    targets = graph.arcs["next"]
    return bool(
        graph.start < len(ends)
        and ends[-1] == len(targets)
        and np.array_equal(graph.states["pos"], ends - graph.states["arcs"])
        and (not len(targets) or (targets.min() >= 0 and targets.max() < len(ends)))
    )


def write_side_by_side(path: Path, general: ConstGraph, beside: Sequence[Component]) -> None:
    """Writes the large graph and small ones beside it, behind a new first state that leads into all of them.

    Entering the large one costs nothing.
    """
    states: list[GraphState] = []
    ways = [GraphArc(EPSILON, to_general(general.start))]
    for component in beside:
        offset = len(states)
        ways.append(GraphArc(EPSILON, offset + component.start, component.cost))
        states.extend(_shifted(state, offset) for state in component.states)
    first = len(states)
    states.append(GraphState(tuple(ways)))
    new_states, new_arcs = _tables(states, len(general.states), len(general.arcs))
    numbers = (
        PROPERTIES,
        len(general.states) + first,
        len(general.states) + len(states),
        len(general.arcs) + len(new_arcs),
    )
    with path.open("wb") as file:
        file.write(general.head)
        file.write(struct.pack("<Qqqq", *numbers))
        file.write(general.tables)
        general.states.tofile(file)
        new_states.tofile(file)
        general.arcs.tofile(file)
        new_arcs.tofile(file)


def to_general(state: int) -> int:
    """The target of an arc from a small graph into a state of the large one."""
    return -1 - state


def _shifted(state: GraphState, by: int) -> GraphState:
    arcs = tuple(arc if arc.target < 0 else GraphArc(arc.label, arc.target + by, arc.cost) for arc in state.arcs)
    return GraphState(arcs, state.final)


def _tables(states: Sequence[GraphState], states_before: int, arcs_before: int) -> tuple[Table, Table]:
    rows: list[tuple[int, int, float, int]] = []
    table = np.zeros(len(states), STATE)
    for number, state in enumerate(states):
        arcs = sorted(state.arcs, key=lambda arc: arc.label)
        silent = sum(arc.label == EPSILON for arc in arcs)
        table[number] = (state.final, arcs_before + len(rows), len(arcs), silent, silent)
        for arc in arcs:
            target = arc.target + states_before if arc.target >= 0 else to_general(arc.target)
            rows.append((arc.label, arc.label, arc.cost, target))
    return table, np.array(rows, ARC)
