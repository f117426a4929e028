"""The English responses: whole, short, kind; and every mistake in a pack is named with its place."""

import re
import shutil
from datetime import UTC, datetime, time, timedelta
from itertools import product
from pathlib import Path

import pytest

from voice_coach.coaching.coach import HANDLERS, KEYS, PRACTICES
from voice_coach.coaching.render import render
from voice_coach.coaching.values import Practice, Prompt
from voice_coach.errors import PackError
from voice_coach.packs import languages, pack_folder, read_pack

PACK = read_pack(pack_folder("en"))
SAID = PACK.responses.variants
EVERY_VARIANT = [(key, variant) for key, variants in SAID.items() for variant in variants]
PRESSING = re.compile(
    r"!|\b(should|must|have to|need to|ought|fail\w*|guilt\w*|lazy|excuse\w*|disappoint\w*|streak\w*|broke\w*"
    r"|why didn't|look at|see|watch|screen|click|great job|awesome|only \d|still not|again and again)\b",
    re.IGNORECASE,
)
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)


def sentences(words: str) -> int:
    return len(re.findall(r"[.?](?=\s|$)", words))


# --- the words


def test_every_intent_has_a_paraphrase_and_every_key_its_variants() -> None:
    assert SAID.keys() == KEYS.keys()
    assert all(f"paraphrase.{name}" in SAID for name in HANDLERS)


@pytest.mark.parametrize(("key", "variant"), EVERY_VARIANT)
def test_a_response_is_short_and_kind(key: str, variant: str) -> None:
    spoken = re.sub(r"\{\w+\}", "", variant)
    assert sentences(spoken) <= 2
    assert len(spoken.split()) <= 30, "too long to be heard"
    assert not PRESSING.search(variant)


@pytest.mark.parametrize(("key", "variant"), EVERY_VARIANT)
def test_what_is_said_alone_ends_as_a_sentence(key: str, variant: str) -> None:
    part = key.startswith(("paraphrase.", "strength."))
    assert part or variant.endswith((".", "?", "}"))
    assert not part or variant[0].islower()


def test_no_two_variants_of_a_key_are_the_same() -> None:
    assert all(len(set(variants)) == len(variants) for variants in SAID.values())


def renderings(key: str, practice: Practice) -> list[str]:
    """Every variant of a key, with what a practice may put into its slots."""
    texts = {
        "question": practice.questions,
        "step": practice.ladder,
        "promise": [practice.promise],
        "mechanism": [practice.mechanism],
        "caveat": [practice.evidence.caveat],
        "note": [re.split(r"(?<=[.?])\s", practice.evidence.note)[0]],
        "strength": [Prompt(f"strength.{practice.evidence.strength}")],
        "practice": [practice.name],
        "days": [1, 5],
        "time": [NOW],
        "items": [("stood up", "two push ups")],
        "guess": [Prompt("paraphrase.Undo"), Prompt("paraphrase.TooHard.what", {"what": "the walk"})],
        "other": [Prompt("paraphrase.Stop")],
    }
    names = sorted(KEYS[key])
    choices = [texts.get(name, ["a glass of water"]) for name in names]
    days = [NOW + timedelta(days=day) for day in range(len(SAID[key]))]
    return [
        render(PACK.responses, [Prompt(key, dict(zip(names, values, strict=True)))], day)
        for values in product(*choices)
        for day in days
    ]


@pytest.mark.parametrize("practice", PACK.practices)
def test_whatever_a_practice_says_no_prompt_is_longer_than_two_sentences(practice: str) -> None:
    for key in KEYS:
        for words in renderings(key, PACK.practices[practice]):
            assert sentences(words) <= 2, words
            assert "{" not in words and "  " not in words


@pytest.mark.parametrize("practice", PACK.practices.values(), ids=PACK.practices)
def test_what_is_said_together_stays_within_two_sentences(practice: Practice) -> None:
    assert sentences(practice.promise) == 1
    assert all(sentences(question) == 1 and question.endswith("?") for question in practice.questions)
    assert all(sentences(step) == 0 for step in practice.ladder)


ONE_SENTENCE = """
greeting.morning greeting.afternoon greeting.evening greeting.offer question.ask practice.promise step.offer
step.smaller step.instead step.thought answer.noted close.answer close.deed close.days deed.noted not_done.noted
today.deeds today.further today.more
"""


@pytest.mark.parametrize("key", ONE_SENTENCE.split())
def test_what_is_said_beside_another_prompt_is_one_sentence(key: str) -> None:
    assert all(sentences(re.sub(r"\{\w+\}\.?", "", variant) + ".") <= 1 for variant in SAID[key] if "{" not in variant)
    assert all(variant.count(".") + variant.count("?") <= 1 for variant in SAID[key])


def test_distress_names_the_number_and_a_person() -> None:
    for variant in SAID["distress"]:
        assert "{number}" in variant
        assert "person" in variant
        assert "program" in variant


# --- reading and checking a pack


def test_the_pack_has_the_six_practices() -> None:
    assert PACK.language == "en"
    assert languages() == ["en"]
    assert len(PACK.practices) == 6
    assert PACK.practices.keys() >= PRACTICES
    assert all(practice.phrasings and practice.id == key for key, practice in PACK.practices.items())


def test_the_content_is_the_pack_and_the_configuration() -> None:
    content = PACK.content(emergency_number="911", day_ends=time(4), rate=200.0, volume=0.5)
    assert (content.emergency_number, content.day_ends, content.rate, content.volume) == ("911", time(4), 200.0, 0.5)
    assert content.practices is PACK.practices


def test_a_language_without_a_pack_is_named_with_those_that_there_are() -> None:
    with pytest.raises(PackError, match="no language pack for xx") as error:
        pack_folder("xx")
    assert "en" in error.value.remedy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack_folder("en"), tmp_path / "en"))


def change(path: Path, old: str, new: str) -> int:
    """Replaces a text once; the line where it stood."""
    before = path.read_text()
    assert before.count(old) == 1, f"{old!r} has to stand in {path.name} once"
    path.write_text(before.replace(old, new))
    return before[: before.index(old)].count("\n") + 1


RESPONSES, SETTINGS, ONE = "responses.yaml", "pack.yaml", "practices/one_percent.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (RESPONSES, '"Noted: {answer}."', '"Noted: {anser}."', "answer.noted has the slots {anser}"),
        (RESPONSES, '"Noted: {deed}."', '"Noted."', "deed.noted has the slots none"),
        (RESPONSES, "  help.step:", "  help.stepp:", "the coach never says help.stepp"),
        (RESPONSES, '["It is {time}."]', "[]", "`time:` is missing or is not a list"),
        (RESPONSES, '["It is {time}."]', "[7]", "`time:` holds 7"),
        (RESPONSES, '"Okay."', "No", "a bare No"),
        (SETTINGS, "half past {hour}", "half past {our}", "unknown slot"),
        (SETTINGS, "twice: 2", "twice: two", "the value of twice is not a number"),
        (SETTINGS, "page: [page, pages]", "page: pages", "`page:` is missing or is not a list"),
        (ONE, "id: one_percent", "id: two_percent", "the id is two_percent"),
        (ONE, "strength: mechanistic", "strength: proven", "proven is no strength"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(folder: Path, file: str, old: str, new: str, named: str) -> None:
    line = change(folder / file, old, new)
    with pytest.raises(PackError) as error:
        read_pack(folder)
    assert named in error.value.what
    assert f"{folder / file}, line {line}" in error.value.what
    assert error.value.remedy


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (RESPONSES, '  repeat.nothing: ["I have not said anything yet."]\n', "", "repeat.nothing is missing"),
        (RESPONSES, "responses:", "answers:", "`responses:` is missing"),
        (SETTINGS, "hours: 12", "hours: 13", "12 or 24"),
        (SETTINGS, "45: ", "75: ", "75 is not a minute"),
        (SETTINGS, "language: en", "language: qqq", "no number words are known"),
        (SETTINGS, "name: English", "name:", "`name:` is missing"),
        (ONE, "  promise:", "  promises:", "`promise:` is missing"),
        (ONE, "  evidence:", "  evidences:", "`evidence:` is missing"),
        (ONE, "  AskPractice:", "  AskPractise:", "`AskPractice:` is missing"),
    ],
)
def test_what_is_missing_is_named_with_its_file(folder: Path, file: str, old: str, new: str, named: str) -> None:
    change(folder / file, old, new)
    with pytest.raises(PackError) as error:
        read_pack(folder)
    assert named in error.value.what
    assert str(folder / file) in error.value.what
    assert error.value.remedy


def test_a_practice_that_the_coach_needs_is_missed(folder: Path) -> None:
    (folder / "practices" / "shrink_the_step.yaml").unlink()
    with pytest.raises(PackError, match="has no practice shrink_the_step"):
        read_pack(folder)


@pytest.mark.parametrize("file", [RESPONSES, SETTINGS, ONE])
@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "a: [b\n", "\tx: 1\n"])
def test_a_file_that_is_something_else_is_a_clear_error(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(PackError) as error:
        read_pack(folder)
    assert str(folder / file) in error.value.what


@pytest.mark.parametrize("file", [RESPONSES, SETTINGS])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(PackError, match=re.escape(str(folder / file))):
        read_pack(folder)


def test_what_is_handed_on_is_plain_text() -> None:
    practice = PACK.practices["one_percent"]
    texts = (practice.id, practice.promise, practice.questions[0], practice.evidence.note, SAID["stop"][0])
    assert all(type(text) is str for text in texts)
