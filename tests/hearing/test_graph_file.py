"""A graph in OpenFst's own file format, extended by hand: OpenFst itself has to read it."""

import math
import struct
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from voice_coach.errors import GraphError
from voice_coach.hearing.graph_file import (
    EPSILON,
    Component,
    GraphArc,
    GraphState,
    read_const_graph,
    to_general,
    write_side_by_side,
)

SYMBOLS = "<eps> 0\ngo 1\nstop 2\nit 3\n"
# The start (state 0) knows what came before; it falls back to state 2, which falls back to state 1.
ARCS = "0 1 go 0.5\n0 2 <eps> 1.5\n2 1 <eps> 0.25\n2 0 it 2\n1 0 stop 3\n1 0.75\n"


def tool(*command: str, given: str = "") -> str:
    try:
        return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60).stdout
    except FileNotFoundError:
        pytest.fail("Tests read graphs with OpenFst. Install it: sudo apt-get install libfst-tools", pytrace=False)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A const graph of three states with symbols, made by OpenFst."""
    symbols, compiled, ordered, const = (str(tmp_path / name) for name in ("symbols", "compiled", "sorted", "const"))
    Path(symbols).write_text(SYMBOLS)
    keep = ("--keep_isymbols", "--keep_osymbols")
    tool("fstcompile", "--acceptor", f"--isymbols={symbols}", f"--osymbols={symbols}", *keep, "-", compiled, given=ARCS)
    tool("fstarcsort", "--sort_type=ilabel", compiled, ordered)
    tool("fstconvert", "--fst_type=const", ordered, const)
    return Path(const)


def printed(path: Path) -> tuple[str, Counter[tuple[str, ...]]]:
    """The start and all arcs and ends, as OpenFst reads them."""
    lines = [tuple(line.split()) for line in tool("fstprint", "--acceptor", str(path)).splitlines()]
    return lines[0][0], Counter(lines)


def test_a_graph_of_openfst_is_read_as_it_is(small: Path) -> None:
    graph = read_const_graph(small)
    assert (graph.start, len(graph.states), len(graph.arcs)) == (0, 3, 5)
    assert graph.states["final"].tolist() == [math.inf, 0.75, math.inf]
    assert graph.without_history() == 1
    known = {
        int(arc["ilabel"]): int(arc["next"]) for arc in graph.arcs[graph.states["pos"][1] :][: graph.states["arcs"][1]]
    }
    assert known
    assert {word: graph.after(word) for word in known} == known
    assert graph.after(max(known) + 1) == graph.without_history()
    first = graph.arcs[: graph.states["arcs"][0]]
    assert list(zip(first["ilabel"].tolist(), first["next"].tolist(), strict=True)) == [(0, 2), (1, 1)]


def test_openfst_reads_what_was_put_beside(small: Path, tmp_path: Path) -> None:
    ends = GraphState((), 0.125)
    one = Component((ends, GraphState((GraphArc(3, 0, 1.0), GraphArc(EPSILON, 0, 2.0)))), 1, 4.0)
    two = Component((GraphState((GraphArc(2, 1, 0.5), GraphArc(EPSILON, to_general(2), 8.0))), ends), 0, -1.0)
    path = tmp_path / "both"
    write_side_by_side(path, read_const_graph(small), [one, two])
    start, lines = printed(path)
    assert start == "7"
    added = Counter(
        {
            ("3", "0.125"): 1,
            ("4", "3", "<eps>", "2"): 1,
            ("4", "3", "it", "1"): 1,
            ("5", "6", "stop", "0.5"): 1,
            ("5", "2", "<eps>", "8"): 1,
            ("6", "0.125"): 1,
            ("7", "0", "<eps>"): 1,
            ("7", "4", "<eps>", "4"): 1,
            ("7", "5", "<eps>", "-1"): 1,
        }
    )
    assert lines == printed(small)[1] + added
    claims = tool("fstinfo", str(path)).splitlines()
    assert any(line.split() == ["#", "of", "arcs", "12"] for line in claims)
    tool("fstarcsort", str(path), str(tmp_path / "sorted again"))
    assert printed(tmp_path / "sorted again")[1] == lines


def test_what_is_written_can_be_read_and_extended_again(small: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    component = Component((GraphState((), 0.0), GraphState((GraphArc(1, 0),))), 1, 0.0)
    write_side_by_side(first, read_const_graph(small), [component])
    write_side_by_side(second, read_const_graph(first), [component])
    original, extended = read_const_graph(small), read_const_graph(second)
    assert extended.tables == original.tables
    assert np.array_equal(extended.states[:3], original.states)
    assert np.array_equal(extended.arcs[:5], original.arcs)
    assert (extended.start, len(extended.states)) == (8, 9)
    assert printed(second)[0] == "8"


def test_the_order_of_the_added_arcs_is_that_of_their_labels(small: Path, tmp_path: Path) -> None:
    arcs = tuple(GraphArc(label, 0) for label in (3, 0, 2, 0, 1))
    write_side_by_side(
        tmp_path / "g", read_const_graph(small), [Component((GraphState((), 0), GraphState(arcs)), 1, 0)]
    )
    graph = read_const_graph(tmp_path / "g")
    state = graph.states[4]
    labels = graph.arcs["ilabel"][int(state["pos"]) : int(state["pos"]) + int(state["arcs"])]
    assert labels.tolist() == [0, 0, 1, 2, 3]
    assert (int(state["in_eps"]), int(state["out_eps"])) == (2, 2)


def test_nothing_beside_leaves_the_graph_as_it_was(small: Path, tmp_path: Path) -> None:
    write_side_by_side(tmp_path / "g", read_const_graph(small), [])
    assert printed(tmp_path / "g")[1] == printed(small)[1] + Counter({("3", "0", "<eps>"): 1})


def test_a_file_cut_short_anywhere_is_told(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(GraphError, match="cut short|not a const graph|damaged") as caught:
            read_const_graph(tmp_path / "cut")
        assert "voice-coach setup" in caught.value.remedy


def test_another_kind_of_file_is_told(small: Path, tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="not a const graph"):
        read_const_graph(small.with_name("compiled"))
    (tmp_path / "text").write_text("not a graph at all, but long enough to be one " * 9)
    with pytest.raises(GraphError, match="not a const graph|cut short"):
        read_const_graph(tmp_path / "text")


def test_a_damaged_header_is_at_most_a_graph_error(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    head = len(read_const_graph(small).head) + struct.calcsize("<Qqqq")
    refused = 0
    for position in range(head):
        for value in (0x00, 0x7F, 0xFF):
            (tmp_path / "bad").write_bytes(whole[:position] + bytes([value]) + whole[position + 1 :])
            try:
                read_const_graph(tmp_path / "bad")
            except GraphError:
                refused += 1
    assert refused > head
