"""The typed coach, as the contract of the command line has it."""

import json
import signal
import subprocess
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.program import START, Program, Ran, wait_for

MORNING = "2026-11-21T07:30:00+01:00"
KEYS = {
    "listening": set(),
    "heard": {"text", "intent", "slots", "confidence", "verdict"},
    "said": {"prompt", "text", "expects_answer"},
    "logged": {"entry"},
    "undone": {"id"},
}
ENTRY_KEYS = {"id", "at", "kind", "practice", "text", "quantity", "unit", "data"}


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Ran:
    """One of each kind of event, and of each verdict."""
    return Program(tmp_path_factory.mktemp("home"), cache).chat(
        "give me a tiny question",
        "a walk around the block",
        "i did two push ups",
        "undo that",
        "please repeat taht",
        "no",
        "the moon is made of cheese",
        "",
        "@2026-11-22T21:00:00+01:00",
        "i drank a glass of water",
    )


def test_each_event_has_the_promised_keys_and_the_time_of_the_conversation(conversation: Ran) -> None:
    assert {event["event"] for event in conversation.objects} == set(KEYS)
    for event in conversation.objects:
        assert event.keys() == KEYS[event["event"]] | {"event", "at"}
        assert datetime.fromisoformat(event["at"]).utcoffset() is not None
    assert conversation.objects[0] == {"event": "listening", "at": MORNING}
    assert len(conversation.events("listening")) == 1
    for event in conversation.events("logged"):
        assert event["entry"].keys() == ENTRY_KEYS
    assert conversation.err == ""


def test_every_turn_is_heard_then_logged_then_said(conversation: Ran) -> None:
    rank = {"heard": 0, "logged": 1, "undone": 1, "said": 2}
    for before, after in pairwise(conversation.objects[1:]):
        assert rank[after["event"]] >= rank[before["event"]] or after["event"] == "heard"
    turns = "".join(event["event"][0] for event in conversation.objects)
    assert turns.startswith("l" + "hls" + "hls" + "hls" + "hus")


def test_each_verdict_has_its_intent(conversation: Ran) -> None:
    heard = {event["text"]: event for event in conversation.events("heard")}
    verdicts = {text: (event["intent"], event["verdict"]) for text, event in heard.items()}
    assert verdicts["give me a tiny question"] == ("AskQuestion", "accept")
    assert verdicts["a walk around the block"] == (None, "no_match")
    assert verdicts["please repeat taht"] == ("Repeat", "confirm")
    assert verdicts["the moon is made of cheese"] == (None, "no_match")
    assert verdicts[""] == (None, "no_input")
    assert heard["i did two push ups"]["slots"] == {"what": "two push ups", "quantity": "two"}
    assert heard["i did two push ups"]["confidence"] == 1.0
    assert 0 < heard["please repeat taht"]["confidence"] < 1


def test_what_is_logged_is_what_was_said_and_an_undo_names_what_it_takes_back(conversation: Ran) -> None:
    entries = [event["entry"] for event in conversation.events("logged")]
    answer = next(entry for entry in entries if entry["kind"] == "answer")
    assert (answer["text"], answer["practice"]) == ("a walk around the block", "small_questions")
    deed = next(entry for entry in entries if entry["text"] == "two push ups")
    assert (deed["kind"], deed["quantity"]) == ("done", 2)
    assert [event["id"] for event in conversation.events("undone")] == [deed["id"]]


def test_a_question_expects_an_answer_and_is_said_with_its_prompt(conversation: Ran) -> None:
    question, noted = conversation.events("said")[:2]
    assert (question["prompt"], question["expects_answer"]) == ("question.ask", True)
    assert question["text"].endswith("?")
    assert "a walk around the block" in noted["text"]
    assert not noted["expects_answer"]


def test_time_stands_still_until_a_line_moves_it(conversation: Ran) -> None:
    moved = conversation.events("heard")[-1]
    assert {event["at"] for event in conversation.objects if event["at"] < moved["at"]} == {MORNING}
    assert moved["at"] == "2026-11-22T21:00:00+01:00"
    assert conversation.events("logged")[-1]["entry"]["at"] == "2026-11-22T21:00:00+01:00"


def test_for_a_program_time_stands_still_from_the_start_on(program: Program) -> None:
    with program.start("chat", "--json") as process:
        assert process.stdin and process.stdout
        times = set()
        for line in ("hello", "thank you"):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            while (event := json.loads(process.stdout.readline()))["event"] != "said":
                pass
            times.add(event["at"])
            time.sleep(1.1)
    assert len(times) == 1


def test_without_json_there_is_one_line_for_each_thing_said_and_the_next_day_remembers(program: Program) -> None:
    text = "i drank a glass of water\nhow fast is light\nwhat did i do today\n"
    ran = program.run("chat", "--now", MORNING, text=text).worked()
    lines = ran.out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("coach: ") for line in lines)
    assert "a glass of water" in lines[2]
    later = program.run("chat", "--now", MORNING, text="what did i do today\n").worked()
    assert later.out == f"{lines[2]}\n"


def test_a_time_that_is_none_ends_it_and_loses_nothing(program: Program) -> None:
    ran = program.run("chat", "--json", text="i drank a glass of water\n@half past nine\nundo that\n")
    assert "“half past nine” is not a time." in ran.complaint(2)
    assert [entry["text"] for entry in program.logged()] == ["drank a glass of water"]


def test_bytes_that_are_no_text_do_no_harm(program: Program) -> None:
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    ran = program.run("chat", "--json", text=b"caf\xe9 \xff\nundo that\n\x00\x1b[2J\n", env=strict).worked()
    assert [event["text"] for event in ran.events("heard")][1] == "undo that"
    assert len(ran.events("heard")) == 3


def test_without_any_input_it_is_simply_over(program: Program) -> None:
    ran = program.run("chat", "--json").worked()
    assert [event["event"] for event in ran.objects] == ["listening"]
    closed = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" <&-', *START, "chat"], env=program.environment, capture_output=True, check=False
    )
    assert (closed.returncode, closed.stdout, closed.stderr) == (0, b"", b"")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it_with_the_promised_status_and_loses_nothing(
    program: Program, number: signal.Signals, status: int
) -> None:
    process = program.start("chat", "--json")
    with process:
        assert process.stdin is not None
        process.stdin.write("i drank a glass of water\n")
        process.stdin.flush()
        wait_for(process, "said")
        process.send_signal(number)
        assert process.wait(10) == status
        assert process.stderr is not None and process.stderr.read().strip() == ""
    assert [entry["text"] for entry in program.logged()] == ["drank a glass of water"]


def test_a_second_coach_hears_who_holds_the_journal_and_readers_do_not_wait(program: Program) -> None:
    with program.start("chat", "--json") as first:
        assert first.stdin is not None
        first.stdin.write("i drank a glass of water\n")
        first.stdin.flush()
        wait_for(first, "said")
        told = program.run("chat", text="undo that\n").complaint()
        assert f"is held by another coach (process {first.pid}, since " in told
        assert "--journal" in told
        assert "drank a glass of water" in program.run("journal", "list").worked().out
        mine = program.home / "mine.sqlite3"
        assert program.run("chat", "--journal", mine, text="undo that\n").worked().out
        first.stdin.close()
        assert first.wait(10) == 0


def test_it_needs_neither_speech_nor_sound_nor_the_model(bare: Program, broken_libraries: Path) -> None:
    """Also not the language graph: nothing of this is there."""
    env = {"LD_LIBRARY_PATH": str(broken_libraries), "VOICE_COACH_MODEL_DIR": "/nonexistent", "PATH": "/nonexistent"}
    ran = bare.run("chat", "--json", text="i drank a glass of water\n", env=env).worked()
    assert [event["entry"]["text"] for event in ran.events("logged")] == ["drank a glass of water"]
    assert not list(bare.cache.rglob("*.fst"))
