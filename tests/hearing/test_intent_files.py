"""Sentence files: what is read, and that every mistake is told with its place and never as another exception."""

import copy
import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hearing.grammars import grammar_of
from voice_coach.errors import PackError
from voice_coach.hearing.intent_files import read_files, read_grammar, sentence_files
from voice_coach.hearing.templates import compile_grammar

WHOLE: dict[str, Any] = {
    "language": "en",
    "negations": ["not"],
    "skip_words": ["um", "would you"],
    "free_text": ["i <rule>"],
    "intents": {
        "It": {
            "data": [
                {
                    "sentences": ["a {values} <rule> {numbers:n} {any}"],
                    "slots": {"kind": "first"},
                    "metadata": {"exact": True},
                }
            ]
        }
    },
    "lists": {
        "values": {"values": ["x", {"in": "y", "out": "z"}]},
        "numbers": {"range": {"from": 0, "to": 10, "step": 2}},
        "any": {"wildcard": True},
    },
    "expansion_rules": {"rule": "q [w]"},
}


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_everything_in_a_file_is_read() -> None:
    grammar = grammar_of(yaml.safe_dump(WHOLE))
    (template,) = grammar.templates
    assert (template.intent, dict(template.slots), template.exact) == ("It", {"kind": "first"}, True)
    assert grammar.language == "en"
    assert grammar.negations == {"not"}
    assert grammar.skip_words == {"um", "would you"}
    assert grammar.lists["numbers"].numbers == range(0, 11, 2)
    assert grammar.lists["any"].wildcard
    assert [value.out for value in grammar.lists["values"].values] == [None, "z"]
    assert [template.source for template in grammar.free_text] == ["i <rule>"]
    assert list(grammar.rules) == ["rule"]


def test_files_of_a_folder_are_one_grammar_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        b="intents: {It: {data: [{sentences: ['b <r>']}]}}",
        a="expansion_rules: {r: x}\nintents: {It: {data: [{sentences: [a]}]}}",
        sub__c="intents: {It: {data: [{sentences: [c]}]}}",
        tests__d="tests: [{sentences: [x], intent: null}]\nintents: {Test: {}}",
        settings="name: English\nlanguage: whatever",
        empty="",
    )
    (tmp_path / "other.txt").write_text("intents: [")
    (tmp_path / "old.yaml~").write_text("intents: [")
    grammar = read_grammar(tmp_path)
    assert [template.source for template in grammar.templates] == ["a", "b <r>", "c"]
    assert [path.name for path in grammar.files] == ["a.yaml", "b.yaml", "c.yaml"]


def test_files_can_be_read_without_their_intents(tmp_path: Path) -> None:
    write(tmp_path, a="free_text: ['i <r>']\nexpansion_rules: {r: x}\nintents: {It: {data: [{sentences: [a]}]}}")
    grammar = read_files(sentence_files(tmp_path), intents=False)
    assert (len(grammar.templates), len(grammar.free_text), list(grammar.rules)) == (0, 1, ["r"])


def test_a_template_knows_its_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, a="\nintents:\n  It:\n    data:\n      - sentences:\n          - one\n          - two\n")
    wheres = [template.where for template in read_grammar(tmp_path).templates]
    assert wheres == [f"{tmp_path / 'a.yaml'}, line {line}" for line in (6, 7)]


def test_negations_and_filler_are_compared_like_spoken_words() -> None:
    grammar = grammar_of("negations: [Don\u2019t]\nskip_words: ['Um,']\nintents: {It: {data: [{sentences: [a]}]}}")
    assert grammar.negations == {"don't"}
    assert grammar.skip_words == {"um"}


def test_a_folder_without_negations_gets_those_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, a="intents: {It: {data: [{sentences: [a]}]}}")
    assert read_grammar(tmp_path, frozenset({"nicht"})).negations == {"nicht"}
    write(tmp_path, b="negations: [kein]")
    assert read_grammar(tmp_path, frozenset({"nicht"})).negations == {"kein"}


def sentences(*lines: str) -> str:
    return "intents:\n  It:\n    data:\n      - sentences:\n" + "\n".join(f"          - {line}" for line in lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("intents: {It: [", "line 2: did not find"),
        ("a: b: c", "line 1: mapping values are not allowed"),
        ("- a\n- b", "is not a mapping of keys"),
        ("just text", "is not a mapping of keys"),
        (sentences("go", "no"), "line 6: a bare no "),
        (sentences("Yes"), "line 5: a bare Yes "),
        (sentences("a [b"), "line 5: “a \\[b” is not a template"),
        (sentences("a <>"), "line 5: “a <>” is not a template"),
        (sentences("'a []'"), "line 5: “a \\[\\]” is not a template"),
        (sentences("''"), "line 5: an empty sentence"),
        (sentences("[a, b]"), r"\['a', 'b'\] is not a sentence"),
        (sentences("'" + "(" * 2_000 + "a" + ")" * 2_000 + "'"), "line 5: brackets within brackets"),
        (sentences("2026-13-45"), "month must be"),
        ("intents:\n  It: {data: []}", "line 2: the intent It has no `data:` list"),
        ("intents:\n  It: {data: [{sentences: []}]}", "line 2: a data block of the intent It has no `sentences:`"),
        ("intents:\n  It: {data: [{sentences: [a], slots: [b]}]}", "`slots:` is not a mapping"),
        ("intents:\n  It: {data: [{sentences: [a], slots: {b: }}]}", "line 2: the slot b has no value"),
        ("lists:\n  l: [a, b]", "line 2: the list l is not a mapping"),
        ("lists:\n  l: {values: []}", "line 2: the list l has no values"),
        ("lists:\n  l: {values: [{out: a}]}", "line 2: the list l has a value without `in:`"),
        ("lists:\n  l: {range: {from: 5}}", "line 2: the list l has a broken range"),
        ("lists:\n  l: {range: {from: 0, to: .inf}}", "line 2: the list l has a broken range"),
        ("lists:\n  l: {range: {from: -5, to: 5}}", "line 2: the list l has a range from -5 to 5"),
        ("lists:\n  l: {range: {from: 0, to: 1000000000000000000000000}}", "line 2: the list l has a range from"),
        ("lists:\n  l: {range: {from: 9, to: 1, step: -1}}", "line 2: the list l has a range from"),
        ("lists: {l: {wildcard: true}}\nintents: {}", "holds no intents"),
        ("language: [en]\nintents: {}", r"\['en'\] is not a language"),
        ("negations: [5]", "`negations:` has 5, which is not a word"),
        ("expansion_rules:\n  a: b\n  c: d\n  a: e", "line 4: “a” is there a second time"),
        ("intents: {1: {data: [{sentences: [a]}]}}", "`intents:` has 1, which is not a name"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, broken=text)
    with pytest.raises(PackError, match=message) as caught:
        read_grammar(tmp_path)
    assert str(tmp_path) in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "key", "value"), [("list", "lists", "{wildcard: true}"), ("rule", "expansion_rules", "b")]
)
def test_a_name_that_two_files_define_is_named_with_the_second_place(
    tmp_path: Path, kind: str, key: str, value: str
) -> None:
    write(tmp_path, a=f"{key}: {{same: {value}}}", b=f"{key}:\n  other: {value}\n  same: {value}")
    with pytest.raises(PackError, match=f"b.yaml, line 3: the {kind} same is defined a second time"):
        read_grammar(tmp_path)


def test_two_languages_in_a_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a="language: en\nintents: {It: {data: [{sentences: [a]}]}}", b="language: de\nlists: {}")
    with pytest.raises(PackError, match="b.yaml is written for language de, other files of the folder for en"):
        read_grammar(tmp_path)


def test_other_languages_keep_their_letters(tmp_path: Path) -> None:
    write(tmp_path, a="language: de\nintents: {An: {data: [{sentences: ['Fu\u00dfboden [GRO\u00df] {0..20:n}']}]}}")
    assert {"fu\u00dfboden", "gro\u00df", "zwanzig"} <= compile_grammar(read_grammar(tmp_path)).vocabulary.keys()


def test_a_missing_or_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="nowhere is not a folder of intent files"):
        read_grammar(tmp_path / "nowhere")
    with pytest.raises(PackError, match="holds no intents"):
        read_grammar(tmp_path)
    write(tmp_path, a="language: en")
    with pytest.raises(PackError, match="is not a folder"):
        read_grammar(tmp_path / "a.yaml")


def test_a_file_that_cannot_be_read_as_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"intents: \xff\xfe")
    with pytest.raises(PackError, match="a.yaml is not UTF-8"):
        read_grammar(tmp_path)
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(PackError, match="a.yaml cannot be read"):
        read_grammar(tmp_path)
    (tmp_path / "a.yaml").rmdir()
    os.symlink(tmp_path / "gone", tmp_path / "a.yaml")
    with pytest.raises(PackError, match="a.yaml cannot be read: No such file"):
        read_files(sentence_files(tmp_path))


def places(node: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def with_other(path: tuple[Any, ...], value: object, *, as_key: bool) -> object:
    """The whole document with one node replaced, or one key."""
    if not path:
        return value
    document = copy.deepcopy(WHOLE)
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if as_key:
        parent[value] = parent.pop(path[-1])
    else:
        parent[path[-1]] = value
    return document


WRONG = (3, -1, 10**40, 2.5, float("inf"), None, True, "", "x", "[", b"x", datetime.date(2026, 1, 1))
WRONG_NODES: tuple[object, ...] = (*WRONG, [], [1], [[]], {}, {"a": 1}, {1: 2})


@pytest.mark.parametrize("path", list(places(WHOLE)), ids=lambda path: ".".join(map(str, path)) or "all")
def test_whatever_stands_in_the_wrong_place_is_at_most_a_pack_error(path: tuple[Any, ...], tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    documents = [with_other(path, value, as_key=False) for value in WRONG_NODES]
    if path and isinstance(path[-1], str):
        documents += [with_other(path, value, as_key=True) for value in WRONG]
    refused = 0
    for document in documents:
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        try:
            compile_grammar(read_grammar(tmp_path))
        except PackError as error:
            refused += 1
            assert str(tmp_path) in error.what
    assert refused
