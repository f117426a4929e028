"""Reads a folder of sentence files (Home Assistant's YAML format) into one grammar; a mistake is named by its place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_coach.errors import PackError
from voice_coach.hearing.words import plain
from voice_coach.yaml_source import read_yaml, where

if TYPE_CHECKING:  # hassil takes a tenth of a second to load, and a compiled automaton that was kept does without
    from hassil.expression import Sentence

TESTS_FOLDER = "tests"
MOST_RANGE_VALUES = 10_000
HIGHEST_NUMBER = 1_000_000
FREE_TEXT = "free_text"


@dataclass(frozen=True)
class Template:
    """One sentence pattern and what it means."""

    intent: str
    source: str
    where: str
    expression: "Sentence | None"
    """None where a compiled automaton was read back, which needs it no more."""
    slots: Mapping[str, str]
    """Constant slots of the intent."""
    exact: bool = False
    """Never looked for among near misses (`metadata: {exact: true}`): what is nearly said means something else."""


@dataclass(frozen=True)
class Value:
    """One value of a list: how it is said, and what the slot gets instead of the spoken words, if anything."""

    expression: "Sentence"
    out: str | None
    where: str


@dataclass(frozen=True)
class SlotList:
    values: tuple[Value, ...] = ()
    wildcard: bool = False
    numbers: range | None = None
    where: str = ""


@dataclass(frozen=True)
class Grammar:
    """All that one folder of sentence files says."""

    language: str
    templates: tuple[Template, ...]
    lists: Mapping[str, SlotList]
    rules: Mapping[str, "Sentence"]
    rule_places: Mapping[str, str]
    negations: frozenset[str]
    """Words that turn a meaning into its opposite."""
    skip_words: frozenset[str]
    """Words, or several words with single spaces between them, that may stand anywhere without meaning anything."""
    free_text: tuple[Template, ...] = ()
    """How people talk where they say something in their own words: never matched, only listened for."""
    files: tuple[Path, ...] = field(compare=False, default=())


def sentence_files(folder: Path) -> list[Path]:
    """Every YAML file of a folder and its sub-folders that can hold sentences, in a fixed order."""
    if not folder.is_dir():
        raise PackError(f"{folder} is not a folder of intent files.", "Name a folder that holds *.yaml files.")
    found = sorted(path for path in folder.rglob("*.y*ml") if TESTS_FOLDER not in path.relative_to(folder).parts[:-1])
    return [path for path in found if path.suffix in (".yaml", ".yml")]


def read_grammar(folder: Path, fallback_negations: frozenset[str] = frozenset()) -> Grammar:
    """Reads and checks the folder. Raises PackError naming file and line."""
    grammar = read_files(sentence_files(folder), fallback_negations)
    if not grammar.templates:
        raise PackError(f"{folder} holds no intents.", "Put at least one file with an `intents:` key into it.")
    return grammar


def read_files(
    files: Iterable[Path], fallback_negations: frozenset[str] = frozenset(), *, intents: bool = True
) -> Grammar:
    """Reads and checks files as one grammar, if need be without the intents. Raises PackError naming file and line."""
    documents = [(path, read_yaml(path)) for path in files]
    documents = [(path, document) for path, document in documents if _has_sentences(path, document)]
    parts = _Parts()
    for path, document in documents:
        _take(path, document if intents else {**document, "intents": {}}, parts)
    return Grammar(
        language=parts.language or "en",
        templates=tuple(parts.templates),
        lists=parts.lists,
        rules=parts.rules,
        rule_places=parts.rule_places,
        negations=frozenset(parts.negations) or fallback_negations,
        skip_words=frozenset(parts.skip_words),
        free_text=tuple(parts.free_text),
        files=tuple(path for path, _ in documents),
    )


@dataclass
class _Parts:
    language: str = ""
    templates: list[Template] = field(default_factory=list)
    lists: dict[str, SlotList] = field(default_factory=dict)
    rules: dict[str, "Sentence"] = field(default_factory=dict)
    rule_places: dict[str, str] = field(default_factory=dict)
    negations: list[str] = field(default_factory=list)
    skip_words: list[str] = field(default_factory=list)
    free_text: list[Template] = field(default_factory=list)


def _has_sentences(path: Path, document: object) -> bool:
    if document is None:
        return False
    if not isinstance(document, dict):
        raise PackError(f"{path} is not a mapping of keys to values.", "See docs/writing-intents.md for the format.")
    return bool({"intents", "lists", "expansion_rules", "negations", "skip_words", FREE_TEXT} & document.keys())


def _take(path: Path, document: dict[str, Any], parts: _Parts) -> None:
    _take_language(path, document.get("language"), parts)
    parts.negations += _words(path, document, "negations")
    parts.skip_words += _words(path, document, "skip_words")
    for sentence in _list(path, document, FREE_TEXT):
        parsed = _parsed(sentence, path)
        parts.free_text.append(Template(FREE_TEXT, str(sentence), where(sentence) or str(path), parsed, {}))
    for name, spec in _mapping(path, document, "lists").items():
        _once(parts.lists, name, path, "list")
        parts.lists[name] = _slot_list(path, name, spec)
    for name, rule in _mapping(path, document, "expansion_rules").items():
        _once(parts.rules, name, path, "rule")
        parts.rules[name] = _parsed(rule, path)
        parts.rule_places[name] = where(rule) or str(path)
    for name, spec in _mapping(path, document, "intents").items():
        parts.templates.extend(_templates(path, name, spec))


def _take_language(path: Path, language: object, parts: _Parts) -> None:
    if language is None:
        return
    if not isinstance(language, str) or not language:
        raise PackError(f"{path}: {language!r} is not a language.", "Write its code, in quotes if need be: en.")
    if parts.language and language != parts.language:
        raise PackError(
            f"{path} is written for language {language}, other files of the folder for {parts.language}.",
            "Keep one language in a folder.",
        )
    parts.language = language


def _once(known: Mapping[str, object], name: str, path: Path, kind: str) -> None:
    if name in known:
        raise PackError(f"{where(name) or path}: the {kind} {name} is defined a second time.", "Rename one of the two.")


def _templates(path: Path, intent: str, spec: Any) -> Iterator[Template]:
    place = where(intent) or str(path)
    blocks = spec.get("data") if isinstance(spec, dict) else None
    if not isinstance(blocks, list) or not blocks:
        raise PackError(f"{place}: the intent {intent} has no `data:` list.", "Give it `data: [{sentences: […]}]`.")
    for block in blocks:
        sentences = block.get("sentences") if isinstance(block, dict) else None
        if not isinstance(sentences, list) or not sentences:
            raise PackError(f"{place}: a data block of the intent {intent} has no `sentences:` list.", "Add sentences.")
        slots = {name: _constant(place, name, value) for name, value in _mapping(path, block, "slots").items()}
        exact = bool(_mapping(path, block, "metadata").get("exact"))
        for sentence in sentences:
            yield Template(intent, str(sentence), where(sentence) or place, _parsed(sentence, path), slots, exact)


def _constant(place: str, name: str, value: object) -> str:
    if value is None or isinstance(value, (list, dict)):
        raise PackError(f"{place}: the slot {name} has no value.", "Write one word or text.")
    return str(value)


def _slot_list(path: Path, name: str, spec: Any) -> SlotList:
    place = f"{where(name) or path}: the list {name}"
    if not isinstance(spec, dict):
        raise PackError(f"{place} is not a mapping.", "Give it `values:`, `range:` or `wildcard: true`.")
    if spec.get("wildcard"):
        return SlotList(wildcard=True, where=place)
    if "range" in spec:
        return SlotList(numbers=_numbers(place, spec["range"]), where=place)
    values = spec.get("values")
    if not isinstance(values, list) or not values:
        raise PackError(f"{place} has no values.", "Give it `values:`, `range:` or `wildcard: true`.")
    return SlotList(values=tuple(_value(path, place, value) for value in values), where=place)


def _numbers(place: str, spec: Any) -> range:
    try:
        numbers = range(int(spec["from"]), int(spec["to"]) + 1, int(spec.get("step", 1)))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PackError(f"{place} has a broken range.", "Give it whole numbers: {from: 0, to: 100, step: 5}.") from None
    return checked_range(numbers, place)


def checked_range(numbers: range, place: str) -> range:
    """The same range, if it is one that can be compiled."""
    small = numbers.start >= 0 and numbers.stop <= HIGHEST_NUMBER + 1 and numbers.step > 0
    if not small or not 0 < len(numbers) <= MOST_RANGE_VALUES:
        raise PackError(
            f"{place} has a range from {numbers.start} to {numbers.stop - 1} that cannot be used.",
            f"Go up from 0 or more to {HIGHEST_NUMBER} at most, in at most {MOST_RANGE_VALUES} steps.",
        )
    return numbers


def _value(path: Path, place: str, value: Any) -> Value:
    if isinstance(value, dict):
        if "in" not in value:
            raise PackError(f"{place} has a value without `in:`.", "Say how it is spoken: {in: …, out: …}.")
        out = value.get("out")
        if isinstance(out, (list, dict)):
            raise PackError(f"{place} has a value with an `out:` that is no text.", "Write one word or text.")
        return Value(_parsed(value["in"], path), None if out is None else str(out), where(value["in"]) or place)
    return Value(_parsed(value, path), None, where(value) or place)


def _parsed(text: Any, path: Path) -> "Sentence":
    from hassil import parse_sentence
    from hassil.parser import ParseError

    if not isinstance(text, (str, int, float)) or isinstance(text, bool):
        raise PackError(f"{path}: {text!r} is not a sentence.", "Write it as text, in quotes if need be.")
    place = where(text) or str(path)
    if not str(text).strip():
        raise PackError(f"{place}: an empty sentence.", "Remove it.")
    try:
        return parse_sentence(str(text))
    except RecursionError:
        raise PackError(f"{place}: brackets within brackets without end.", "Make the sentence flatter.") from None
    except (ParseError, ValueError, IndexError, AssertionError) as error:
        raise PackError(f"{place}: “{text}” is not a template: {error}.", "Check its brackets.") from None


def _words(path: Path, document: dict[str, Any], key: str) -> Iterator[str]:
    for text in _list(path, document, key):
        if not isinstance(text, str) or not plain(text):
            raise PackError(f"{path}: `{key}:` has {text!r}, which is not a word.", "Write it in quotes.")
        yield plain(text)


def _list(path: Path, document: dict[str, Any], key: str) -> list[Any]:
    found = document.get(key) or []
    if not isinstance(found, list):
        raise PackError(f"{path}: `{key}:` is not a list.", "Write it as a list.")
    return found


def _mapping(path: Path, document: dict[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key) or {}
    if not isinstance(found, dict):
        raise PackError(f"{path}: `{key}:` is not a mapping.", "Write it as names with values.")
    for name in found:
        if not isinstance(name, str):
            raise PackError(f"{path}: `{key}:` has {name!r}, which is not a name.", "Write it in quotes.")
    return found
