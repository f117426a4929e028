"""The six practices: complete, short enough to be heard, free of guilt, and told apart by what people say."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hassil import Intents, recognize_all

from voice_coach.yaml_source import read_yaml

PACK = Path(__file__).parents[2] / "intents" / "en"
IDS = ("consistency", "improve_the_process", "one_percent", "remove_an_obstacle", "shrink_the_step", "small_questions")
STRENGTHS = {"trial", "observational", "mechanistic", "anecdotal"}
FILES = {path.stem: read_yaml(path) for path in sorted((PACK / "practices").glob("*.yaml"))}
TESTS = read_yaml(PACK / "tests" / "practices.yaml")["tests"]
NUMBERS = {"one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "thirty": 30}
PRESSING = re.compile(r"\b(should|must|fail\w*|why didn't|lazy|guilt\w*|look at|see|watch|screen)\b", re.IGNORECASE)
NO_VERB = {"a", "an", "the", "to", "you", "your", "it", "just", "only", "please", "maybe", "one", "could", "for", "in"}


def practice(practice_id: str) -> dict[str, Any]:
    found: dict[str, Any] = FILES[practice_id]["practice"]
    return found


def told(practice_id: str) -> dict[str, str]:
    """Everything the coach tells about a practice outside its questions and steps, by field."""
    data = practice(practice_id)
    fields = {key: data[key] for key in ("name", "promise", "mechanism", "mistake")}
    return fields | {"note": data["evidence"]["note"], "caveat": data["evidence"]["caveat"]}


def spoken(practice_id: str) -> list[str]:
    data = practice(practice_id)
    return [*told(practice_id).values(), *data["questions"], *data["ladder"]]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?])\s+", text)


def templates(practice_id: str) -> list[str]:
    (block,) = FILES[practice_id]["intents"]["AskPractice"]["data"]
    assert block["slots"] == {"practice": practice_id}
    return list(block["sentences"])


def every(field: str) -> list[str]:
    return [text for practice_id in IDS for text in practice(practice_id)[field]]


def repeated(texts: list[str]) -> list[str]:
    return [text for text, count in Counter(text.lower() for text in texts).items() if count > 1]


def seconds(step: str) -> int | None:
    """How long "do two minutes of it" lasts; None for a step that names no time of its own."""
    found = re.match(r"(?:do|spend) (?:the first )?(\w+) (minute|second)s? ", step)
    if not found or found[1] not in NUMBERS:
        return None
    return NUMBERS[found[1]] * (60 if found[2] == "minute" else 1)


def test_there_are_the_six_practices_each_in_a_file_of_its_name() -> None:
    assert tuple(FILES) == IDS
    assert [practice(practice_id)["id"] for practice_id in IDS] == list(IDS)
    assert {FILES[practice_id]["language"] for practice_id in IDS} == {"en"}


@pytest.mark.parametrize("practice_id", IDS)
def test_nothing_is_missing_or_unknown(practice_id: str) -> None:
    data = practice(practice_id)
    assert set(data) == {"id", "name", "promise", "mechanism", "evidence", "mistake", "questions", "ladder"}
    assert set(data["evidence"]) == {"note", "strength", "caveat"}
    assert data["evidence"]["strength"] in STRENGTHS
    assert all(text.strip() == text and text for text in spoken(practice_id))
    assert len(data["questions"]) >= 14
    assert 8 <= len(data["ladder"]) <= 10
    assert len(templates(practice_id)) >= 25


@pytest.mark.parametrize("practice_id", IDS)
def test_what_is_told_is_short_enough_to_be_heard(practice_id: str) -> None:
    texts = told(practice_id)
    for field in ("mechanism", "note"):
        assert len(sentences(texts[field])) <= 2, texts[field]
    for field in ("promise", "mistake", "caveat", "name"):
        assert len(sentences(texts[field])) == 1, texts[field]
    for text in spoken(practice_id):
        for sentence in sentences(text):
            assert len(sentence.split()) <= 22, sentence
    for field, text in texts.items():
        assert field == "name" or text.endswith("."), text


@pytest.mark.parametrize("practice_id", IDS)
def test_nothing_shouts_presses_or_needs_eyes(practice_id: str) -> None:
    for text in spoken(practice_id):
        assert not PRESSING.search(text), text
        assert not re.search(r"[!*_#`\d%()…–—;]", text), text


def test_a_question_asks_one_thing() -> None:
    for question in every("questions"):
        assert question.endswith("?") and question.count("?") == 1, question
        assert len(sentences(question)) == 1 and question[0].isupper(), question
        assert len(question.split()) <= 14, question


def test_no_question_and_no_step_comes_twice() -> None:
    assert repeated(every("questions")) == []
    assert repeated(every("ladder")) == []


def test_a_step_fits_behind_could_you_just() -> None:
    for step in every("ladder"):
        first = step.split()[0]
        assert first.isalpha() and first.islower() and not first.endswith("ing"), step
        assert first not in NO_VERB, step
        assert not re.search(r"[.?:]|\bjust\b", step), step


@pytest.mark.parametrize("practice_id", IDS)
def test_a_ladder_gets_shorter_and_ends_within_a_few_seconds(practice_id: str) -> None:
    ladder = practice(practice_id)["ladder"]
    times = [time for time in map(seconds, ladder) if time is not None]
    assert times == sorted(set(times), reverse=True)
    assert len(times) >= 2 or practice_id == "small_questions"
    assert ladder[-1].startswith("take one breath")


def test_every_phrasing_belongs_to_one_practice() -> None:
    assert repeated([template for practice_id in IDS for template in templates(practice_id)]) == []


@pytest.fixture(scope="module")
def intents() -> Intents:
    blocks = [block for practice_id in IDS for block in FILES[practice_id]["intents"]["AskPractice"]["data"]]
    return Intents.from_dict({"language": "en", "intents": {"AskPractice": {"data": blocks}}})


def heard(sentence: str, intents: Intents) -> tuple[set[str], set[str]]:
    """The practices that a sentence asks for, and the templates that say so."""
    results = list(recognize_all(sentence, intents))
    found = {str(result.entities["practice"].value) for result in results}
    return found, {str(result.intent_sentence.text) for result in results if result.intent_sentence}


def test_each_test_sentence_asks_for_its_practice_and_no_other(intents: Intents) -> None:
    for case in TESTS:
        intent = case["intent"] or {}
        wanted = {intent["slots"]["practice"]} if intent.get("name") == "AskPractice" else set()
        for sentence in case["sentences"]:
            assert heard(sentence, intents)[0] == wanted, sentence


def test_each_template_is_said_by_some_test_sentence(intents: Intents) -> None:
    said = {
        template
        for case in TESTS
        if (case["intent"] or {}).get("name") == "AskPractice"
        for sentence in case["sentences"]
        for template in heard(sentence, intents)[1]
    }
    assert {str(template) for practice_id in IDS for template in templates(practice_id)} - said == set()


def test_there_are_enough_near_misses() -> None:
    assert sum(len(case["sentences"]) for case in TESTS if case["intent"] is None) >= 30
