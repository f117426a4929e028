"""The language graph of the real model: kept by content, whole or not there at all, and never a change to the model."""

import hashlib
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hearing import graphs
from voice_coach.errors import GraphError, PackError
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.language_graph import GENERAL_FORMAT, KEPT, GraphSettings, LanguageGraph, language_graph
from voice_coach.hearing.templates import compile_grammar

SENTENCES = "language: en\nintents: {A: {data: [{sentences: ['stop [it]', 'start it now', 'eat zzyzxed cake']}]}}"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a model, its language model of a few words made by OpenFst."""
    model = tmp_path_factory.mktemp("small") / "model"
    files = {"graph/HCLr.fst": "", "am/final.mdl": "", "conf/model.conf": "--beam=13.0\n", "ivector/a/b": ""}
    words = ("<eps>", "stop", "it", "start", "begin", "now", "eat", "cake")
    files["graph/symbols"] = "".join(f"{word} {number}\n" for number, word in enumerate(words))
    for name, text in files.items():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_text(text)
    symbols = f"--isymbols={model}/graph/symbols"
    subprocess.run(
        ["fstcompile", "--acceptor", symbols, "--keep_isymbols", "-", str(model / "graph/Gr.fst")],
        input="0 0 stop 1\n0 0 eat 2\n0 0.5\n",
        text=True,
        check=True,
    )
    return model


@pytest.fixture(scope="module")
def general(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the model's own graph; reading it is what takes seconds, so it is done once."""
    graphs.graph_of(automaton_in(tmp_path_factory.mktemp("intents"), SENTENCES))
    (folder,) = graphs.cache().glob(f"general-{GENERAL_FORMAT}-*")
    return folder


@pytest.fixture
def cache(tmp_path: Path, general: Path) -> Iterator[Path]:
    """A cache of the test's own in which the model's graph was read already."""
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / general.name).symlink_to(general)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def automaton(tmp_path: Path) -> Automaton:
    return automaton_in(tmp_path / "intents", SENTENCES)


def automaton_in(folder: Path, text: str) -> Automaton:
    folder.mkdir(exist_ok=True)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return compile_grammar(read_grammar(folder))


def made(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.startswith("general-"))


def refuse(automaton: Automaton) -> None:
    raise PackError("not built")


def test_what_is_there_already_is_taken_as_it_is(small: Path, tmp_path: Path, automaton: Automaton) -> None:
    cache = tmp_path / "cache"
    first = language_graph(automaton, small, cache)
    graph = first.folder / "graph/Gr.fst"
    before = graph.stat().st_mtime_ns
    again = language_graph(automaton, small, cache, before_building=refuse)
    assert again == first
    assert graph.stat().st_mtime_ns == before
    assert made(cache) == [first.folder.name]


def test_other_intents_or_settings_get_another_graph(small: Path, automaton: Automaton, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = language_graph(automaton, small, cache)
    changed = automaton_in(tmp_path / "intents", SENTENCES.replace("start", "begin"))
    second = language_graph(changed, small, cache)
    third = language_graph(changed, small, cache, replace(GraphSettings(), beam=11.0))
    assert len({first.folder, second.folder, third.folder}) == 3
    assert "--beam=11.0" in (third.folder / "conf/model.conf").read_text().splitlines()
    assert (second.folder / "graph/Gr.fst").read_bytes() != (first.folder / "graph/Gr.fst").read_bytes()


def test_who_objects_is_asked_before_anything_is_made(small: Path, tmp_path: Path, automaton: Automaton) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(PackError, match="not built"):
        language_graph(automaton, small, cache, before_building=refuse)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    "missing", ["graph/Gr.fst", "graph/HCLr.fst", "am/final.mdl", "conf/model.conf", "unknown.json"]
)
def test_a_half_made_folder_is_never_taken(small: Path, tmp_path: Path, automaton: Automaton, missing: str) -> None:
    cache = tmp_path / "cache"
    whole = language_graph(automaton, small, cache)
    (whole.folder / missing).unlink()
    again = language_graph(automaton, small, cache)
    assert again.folder == whole.folder
    assert (again.folder / missing).exists()
    assert made(cache) == [whole.folder.name]


def test_links_into_a_model_that_was_moved_are_made_again(small: Path, automaton: Automaton, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    whole = language_graph(automaton, small, cache)
    link = whole.folder / "am/final.mdl"
    link.unlink()
    link.symlink_to(tmp_path / "gone")
    assert (language_graph(automaton, small, cache).folder / "am/final.mdl").resolve().is_file()


def test_the_model_is_linked_and_not_altered(cache: Path, automaton: Automaton) -> None:
    before = facts(graphs.model())
    graph = language_graph(automaton, graphs.model(), cache)
    assert facts(graphs.model()) == before
    own = {path.relative_to(graph.folder).as_posix() for path in graph.folder.rglob("*") if real_file(path)}
    assert own == {"graph/Gr.fst", "conf/model.conf", "unknown.json"}
    for name in before.keys() - own:
        assert (graph.folder / name).resolve() == (graphs.model() / name).resolve()


def real_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def facts(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_model_never_ends_an_utterance_by_itself(cache: Path, automaton: Automaton) -> None:
    graph = language_graph(automaton, graphs.model(), cache)
    lines = (graph.folder / "conf/model.conf").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines]
    assert len(names) == len(set(names)), "the last of two equal options would win, which is easily overlooked"
    for number in range(1, 5):
        assert f"--endpoint.rule{number}.min-trailing-silence=100000" in lines
    theirs = (graphs.model() / "conf/model.conf").read_text().splitlines()
    assert "--min-active=200" in theirs and "--min-active=200" in lines


def test_words_that_the_model_cannot_hear_are_named_with_their_place(
    small: Path, tmp_path: Path, automaton: Automaton
) -> None:
    cache = tmp_path / "cache"
    for _ in range(2):
        graph = language_graph(automaton, small, cache)
        assert list(graph.unknown) == ["zzyzxed"]
        assert re.search(r"a\.yaml, line 2$", graph.unknown["zzyzxed"])


def words_of(cache: Path) -> Path:
    (words,) = cache.glob("general-*/words.txt")
    return words


def test_openfst_reads_the_sentences_beside_the_models_own_graph(cache: Path, automaton: Automaton) -> None:
    graph = language_graph(automaton, graphs.model(), cache)
    with subprocess.Popen(
        ["fstprint", "--acceptor", f"--isymbols={words_of(cache)}", str(graph.folder / "graph/Gr.fst")],
        stdout=subprocess.PIPE,
    ) as out:
        assert out.stdout is not None
        first = next(out.stdout)
        start = int(first.split()[0])
        own = [line.decode().split() for line in out.stdout if start - 20 <= int(line.split(maxsplit=1)[0]) <= start]
    assert out.returncode == 0
    words = {line[2] for line in own if len(line) > 2 and int(line[1]) > start - 20}
    assert {"stop", "it", "start", "now", "eat", "cake"} <= words
    assert "zzyzxed" not in words
    entries = [first.decode().split(), *(line for line in own if int(line[0]) == start)]
    assert [line[2] for line in entries] == ["<eps>", "<eps>"]
    assert float(entries[1][3]) == GraphSettings().entry_cost


def test_new_intents_need_no_tools_once_the_model_was_read(
    cache: Path, automaton: Automaton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert (language_graph(automaton, graphs.model(), cache).folder / "graph/Gr.fst").is_file()


def test_missing_tools_are_told_with_the_packages_to_install(
    small: Path, tmp_path: Path, automaton: Automaton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GraphError, match="fstprint is not installed") as caught:
        language_graph(automaton, small, tmp_path / "empty")
    assert "libfst-tools" in caught.value.remedy
    assert made(tmp_path / "empty") == []
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_model_whose_graph_cannot_be_read_is_told(tmp_path: Path, automaton: Automaton) -> None:
    model = tmp_path / "model"
    (model / "graph").mkdir(parents=True)
    (model / "graph/Gr.fst").write_bytes(b"nothing that OpenFst knows")
    with pytest.raises(GraphError, match="could not read the model's language model"):
        language_graph(automaton, model, tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_model_without_a_graph_is_told_as_such(tmp_path: Path, automaton: Automaton) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(GraphError):
        language_graph(automaton, tmp_path / "model", tmp_path / "empty")


def test_a_cache_that_cannot_be_written_is_told(small: Path, tmp_path: Path, automaton: Automaton) -> None:
    (tmp_path / "file").write_text("in the way")
    for cache in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(GraphError, match="could not be written to") as caught:
            language_graph(automaton, small, cache)
        assert str(cache) in caught.value.what
        assert caught.value.remedy


def test_a_full_disk_leaves_nothing_half_made(cache: Path, automaton: Automaton) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(GraphError, match="could not be written to"):
            language_graph(automaton, graphs.model(), cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert made(cache) == []
    assert language_graph(automaton, graphs.model(), cache).folder.is_dir()


def test_two_programs_may_make_the_same_graph_at_once(small: Path, tmp_path: Path, automaton: Automaton) -> None:
    cache = tmp_path / "cache"

    def make(_: int) -> LanguageGraph:
        return language_graph(automaton, small, cache)

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(make, range(2))
    assert first == second
    assert made(cache) == [first.folder.name]


def test_only_the_newest_graphs_are_kept(small: Path, tmp_path: Path, automaton: Automaton) -> None:
    cache = tmp_path / "cache"
    for number in range(KEPT + 2):
        (cache / f"graph-{number}").mkdir(parents=True)
        os.utime(cache / f"graph-{number}", (1_000 + number, 1_000 + number))
    graph = language_graph(automaton, small, cache)
    assert set(made(cache)) == {graph.folder.name, *(f"graph-{number}" for number in range(3, KEPT + 2))}
