"""Reads one language pack and checks at start that it is whole: every mistake is named with its file and line."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from importlib.resources import files
from pathlib import Path
from typing import Any

from rapidfuzz import process

from voice_coach.coaching import amounts, coach
from voice_coach.coaching.render import slots_of
from voice_coach.coaching.values import Amounts, Clock, Content, Evidence, Practice, Responses
from voice_coach.errors import PackError
from voice_coach.yaml_source import read_yaml, where

SETTINGS_FILE = "pack.yaml"
RESPONSES_FILE = "responses.yaml"
PRACTICES_FOLDER = "practices"
ASK_PRACTICE = "AskPractice"
STRENGTHS = ("trial", "observational", "mechanistic", "anecdotal")
LEAST_STEPS = 3
CLOCK_SLOTS = frozenset({"hour", "next_hour", "minute"})

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Pack:
    language: str
    name: str
    folder: Path
    """Where its sentence files are, too."""
    practices: Mapping[str, Practice]
    responses: Responses
    amounts: Amounts
    leads: Mapping[str, frozenset[str]]

    def content(self, emergency_number: str, day_ends: time, rate: float, volume: float) -> Content:
        """What the coach works with: the pack, and what the configuration says. `rate` in words a minute."""
        return Content(self.practices, self.amounts, self.leads, emergency_number, day_ends, rate, volume)


def pack_folder(language: str) -> Path:
    """The folder of a pack that comes with the program. Raises PackError naming the languages that there are."""
    folder = _packs_folder()
    if language in languages():
        return folder / language
    known = ", ".join(languages()) or "none"
    raise PackError(f"There is no language pack for {language} in {folder}.", f"There are: {known}.")


def languages() -> list[str]:
    """The languages that the program comes with."""
    return sorted(path.parent.name for path in _packs_folder().glob(f"*/{SETTINGS_FILE}"))


def _packs_folder() -> Path:
    try:
        return Path(str(files("voice_coach.intents")))
    except ModuleNotFoundError:  # run from a checkout without being installed
        return Path(__file__).resolve().parents[1] / "intents"


def read_pack(folder: Path) -> Pack:
    """Reads and checks one pack. Raises PackError with file and line of the first mistake."""
    place = str(folder / SETTINGS_FILE)
    settings = _mapping(read_yaml(folder / SETTINGS_FILE), place)
    language = _text(settings, "language", place)
    return Pack(
        language=language,
        name=_text(settings, "name", place),
        folder=folder,
        practices=_practices(folder / PRACTICES_FOLDER),
        responses=_responses(folder / RESPONSES_FILE, settings, place),
        amounts=_amounts(_child(settings, "amounts", place), language, place),
        leads=_leads(_child(settings, "leads", place), place),
    )


# --- what the coach says


def _responses(path: Path, settings: Node, place: str) -> Responses:
    spoken = _child(_mapping(read_yaml(path), str(path)), "responses", str(path))
    _check_keys(spoken, str(path))
    variants = {str(key): _variants(spoken, key, coach.KEYS[key], str(path)) for key in spoken}
    row = _child(settings, "row", place)
    return Responses(
        variants=variants,
        numbers=_numbers(_text(settings, "language", place), place),
        clock=_clock(_child(settings, "clock", place), place),
        comma=_text(row, "comma", place),
        last_comma=_text(row, "last_comma", place),
    )


def _variants(spoken: Node, key: str, slots: frozenset[str], place: str) -> tuple[str, ...]:
    variants = _texts(spoken, key, place)
    for variant in variants:
        if slots_of(variant) != slots:
            raise PackError(
                f"{where(variant) or place}: {key} has the slots {_named(slots_of(variant))} here.",
                f"Every variant of it needs exactly {_named(slots)}.",
            )
    return _plain(variants)


def _check_keys(spoken: Node, place: str) -> None:
    for key in spoken:
        if key not in coach.KEYS:
            nearest = process.extractOne(str(key), coach.KEYS.keys())[0]
            raise PackError(f"{where(key) or place}: the coach never says {key}.", f"Is it {nearest}? Else remove it.")
    for key in sorted(coach.KEYS.keys() - spoken.keys()):
        raise PackError(f"{place}: {key} is missing.", f"Add it, with the slots {_named(coach.KEYS[key])}.")


def _named(slots: Collection[str]) -> str:
    return ", ".join(f"{{{slot}}}" for slot in sorted(slots)) or "none"


def _numbers(language: str, place: str) -> Mapping[int, str]:
    try:
        return amounts.spoken_numbers(language)
    except ValueError as error:
        raise PackError(f"{place}: no number words are known for the language {language}.", str(error)) from None


def _clock(node: Node, place: str) -> Clock:
    hours = node.get("hours")
    if hours not in (12, 24):
        raise PackError(f"{place}: `clock: hours:` has to be 12 or 24.", "Choose how the language counts its hours.")
    exact = _child(node, "exact", place)
    clock = Clock(
        hours=hours,
        exact={_minute(key, place): _text(exact, key, place) for key in exact},
        early=_text(node, "early", place),
        other=_text(node, "other", place),
    )
    for template in (*clock.exact.values(), clock.early, clock.other):
        if not slots_of(template) <= CLOCK_SLOTS:
            line = where(template) or place
            raise PackError(f"{line}: “{template}” has an unknown slot.", f"Known: {_named(CLOCK_SLOTS)}.")
    return clock


def _minute(key: Any, place: str) -> int:
    if isinstance(key, int) and 0 <= key < 60:
        return key
    raise PackError(f"{where(key) or place}: {key} is not a minute.", "Use whole numbers from 0 to 59.")


def _leads(node: Node, place: str) -> Mapping[str, frozenset[str]]:
    always = _texts(node, "always", place)
    return {kind: frozenset((*always, *_texts(node, kind, place))) for kind in ("done", "not_done")} | {
        "answer": frozenset(always)
    }


# --- amounts


def _amounts(node: Node, language: str, place: str) -> Amounts:
    units = _child(node, "units", place)
    return Amounts(
        numbers=amounts.number_words(language),
        units={word: str(unit) for unit in units for word in _texts(units, unit, place)},
        fractions=_values(node, "fractions", place),
        multiples=_values(node, "multiples", place),
        counts=_values(node, "counts", place),
        count_unit=_text(node, "count_unit", place),
        articles=frozenset(_texts(node, "articles", place)),
        joins=frozenset(_texts(node, "joins", place)),
        points=frozenset(_texts(node, "points", place)),
        not_after=frozenset(_texts(node, "not_after", place)),
    )


def _values(node: Node, key: str, place: str) -> Mapping[str, float]:
    found = _child(node, key, place)
    for word, value in found.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise PackError(f"{where(word) or place}: the value of {word} is not a number.", "Write it in digits.")
    return {str(word): float(value) for word, value in found.items()}


# --- practices


def _practices(folder: Path) -> Mapping[str, Practice]:
    practices = {path.stem: _practice(path) for path in sorted(folder.glob("*.yaml"))}
    for needed in sorted(coach.PRACTICES - practices.keys()):
        raise PackError(f"{folder} has no practice {needed}.", f"Add {needed}.yaml: the coach cannot do without it.")
    return practices


def _practice(path: Path) -> Practice:
    place = str(path)
    document = _mapping(read_yaml(path), place)
    node = _child(document, "practice", place)
    evidence = _child(node, "evidence", place)
    told = {key: str(_text(node, key, place)) for key in ("id", "name", "promise", "mechanism", "mistake")}
    note, strength, caveat = (_text(evidence, key, place) for key in ("note", "strength", "caveat"))
    ladder = _texts(node, "ladder", place)
    if told["id"] != path.stem:
        raise PackError(f"{where(node['id'])}: the id is {told['id']}.", f"It has to be {path.stem}, as the file.")
    if strength not in STRENGTHS:
        raise PackError(f"{where(strength)}: {strength} is no strength.", f"Choose of {', '.join(STRENGTHS)}.")
    if len(ladder) < LEAST_STEPS:
        raise PackError(f"{place}: the ladder has {len(ladder)} steps.", f"It needs at least {LEAST_STEPS}.")
    return Practice(
        **told,
        evidence=Evidence(str(note), str(strength), str(caveat)),
        questions=_plain(_texts(node, "questions", place)),
        ladder=_plain(ladder),
        phrasings=_plain(_phrasings(document, place)),
    )


def _phrasings(document: Node, place: str) -> tuple[str, ...]:
    ask = _child(_child(document, "intents", place), ASK_PRACTICE, place)
    blocks = ask.get("data")
    if not isinstance(blocks, list) or not blocks:
        raise PackError(f"{place}: {ASK_PRACTICE} has no `data:` list.", "Give it the ways people ask for it.")
    return tuple(sentence for block in blocks for sentence in _texts(_mapping(block, place), "sentences", place))


def _plain(texts: Collection[str]) -> tuple[str, ...]:
    """What is handed on does not need to know its line any more."""
    return tuple(str(text) for text in texts)


# --- small readers; each names the place of what it does not find


def _mapping(node: Any, place: str) -> Node:
    if isinstance(node, dict):
        return node
    raise PackError(f"{place} is not a mapping of keys to values.", "See docs/writing-intents.md for the format.")


def _child(node: Node, key: str, place: str) -> Node:
    if isinstance(found := node.get(key), dict):
        return found
    raise PackError(f"{place}: `{key}:` is missing or has no keys of its own.", f"Add `{key}:`.")


def _text(node: Node, key: Any, place: str) -> str:
    found = node.get(key)
    if isinstance(found, str) and found.strip():
        return found
    line = where(next((name for name in node if name == key), "")) or place
    raise PackError(f"{line}: `{key}:` is missing or is not text.", "Write it as text, in quotes if need be.")


def _texts(node: Node, key: Any, place: str) -> tuple[str, ...]:
    found = node.get(key)
    line = where(next((name for name in node if name == key), "")) or place
    if not isinstance(found, list) or not found:
        raise PackError(f"{line}: `{key}:` is missing or is not a list.", "Give it at least one text.")
    for text in found:
        if not isinstance(text, str) or not text.strip():
            raise PackError(f"{where(text) or line}: `{key}:` holds {text!r}, not text.", "Put quotes around it.")
    return tuple(found)
