"""What the program never does: log a negation as a deed, keep words of distress, or need a network."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.program import START, Program, Ran
from tests.speech import say

NEGATIONS = (
    "i did not do it",
    "i didn't do it",
    "i did not go for a walk",
    "i didn't drink a glass of water",
    "i have not done my push ups",
)
NOT_UNDERSTOOD = ("i never did the dishes", "i did not drank a glass of water", "i was not able to go for a walk")
DISTRESS = ("i want to die", "i want to kill myself")
ASK = "give me a tiny question"
NEAR_MISSES = ("this is killing me", "i could murder a coffee")


def kinds(ran: Ran) -> list[str]:
    return [event["entry"]["kind"] for event in ran.events("logged")]


def recorded(*texts: str) -> list[str | Path]:
    return [word for text in texts for word in ("--input", say(text, "flite:slt"))]


def kept_bytes(program: Program) -> bytes:
    """All that lies in the folder of the journal, also what SQLite has beside it."""
    return b"".join(path.read_bytes() for path in program.journal.parent.iterdir() if path.is_file())


# --- negations


def test_typed_negations_are_never_deeds(program: Program) -> None:
    ran = program.chat(*(line for text in NEGATIONS for line in (text, "stop")))
    assert [event["intent"] for event in ran.events("heard")] == ["LogNotDone", "Stop"] * len(NEGATIONS)
    assert "not_done" in kinds(ran)
    assert "done" not in kinds(ran)
    assert "done" not in [entry["kind"] for entry in program.logged()]


def test_negations_that_no_template_has_are_no_deeds_either_even_after_a_yes(program: Program) -> None:
    ran = program.chat(*(line for text in NOT_UNDERSTOOD for line in (text, "yes", "stop")))
    assert len(ran.events("heard")) == 3 * len(NOT_UNDERSTOOD)
    assert "LogDone" not in [event["intent"] for event in ran.events("heard")]
    assert "done" not in kinds(ran)


def test_spoken_negations_are_heard_as_such_and_are_never_deeds(program: Program) -> None:
    ran = program.run("run", "--json", *recorded("i did not do it", "i did not go for a walk")).worked()
    heard = ran.events("heard")
    assert [event["text"] for event in heard] == ["i did not do it", "i did not go for a walk"]
    assert [event["intent"] for event in heard] == ["LogNotDone"] * 2
    assert kinds(ran) == ["not_done"]
    assert [entry["kind"] for entry in program.logged()] == ["not_done"]


def test_the_same_deed_without_the_negation_is_logged(program: Program) -> None:
    assert kinds(program.chat("i went for a walk")) == ["done"]


# --- distress


def test_words_of_distress_are_answered_and_nothing_is_kept_even_as_an_answer(program: Program) -> None:
    ran = program.chat("i drank a glass of water", *(line for text in DISTRESS for line in (ASK, text)))
    heard = ran.events("heard")
    assert [event["intent"] for event in heard] == ["LogDone", *["AskQuestion", "Distress"] * len(DISTRESS)]
    said = [event for event in ran.events("said") if event["prompt"] == "distress"]
    assert [event["expects_answer"] for event in said] == [False] * len(DISTRESS)
    assert kinds(ran) == ["done", *["prompt"] * len(DISTRESS)], "only the deed and the questions were logged"
    assert b"glass of water" in kept_bytes(program)
    assert not [text for text in DISTRESS if text.encode() in kept_bytes(program)]


def test_spoken_distress_gets_the_configured_number_and_nothing_is_kept(program: Program) -> None:
    config = program.home / "coach.toml"
    config.write_text('[coach]\nemergency_number = "988"\n')
    ran = program.run("run", "--json", "--config", config, *recorded("i want to die")).worked()
    assert [event["intent"] for event in ran.events("heard")] == ["Distress"]
    assert "988" in ran.events("said")[0]["text"]
    assert ran.events("logged") == []
    assert program.logged() == []


def test_figures_of_speech_are_no_distress(program: Program) -> None:
    ran = program.chat(*NEAR_MISSES)
    assert len(ran.events("heard")) == len(NEAR_MISSES)
    assert "Distress" not in [event["intent"] for event in ran.events("heard")]
    assert "distress" not in [event["prompt"] for event in ran.events("said")]


# --- the network


def cut_off() -> tuple[str, ...]:
    """What starts a program on a machine without network interfaces, where this user may do so.

    Elsewhere nothing: the guard, which ends whoever uses Python's sockets, is there in any case."""
    for command in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        try:
            done = subprocess.run([*command, "true"], capture_output=True, check=False)
        except FileNotFoundError:
            return ()
        if done.returncode == 0:
            return command
    return ()


@pytest.mark.parametrize("command", ["chat", "run"])
def test_a_whole_conversation_needs_no_network(program: Program, command: str) -> None:
    lines = ("i drank a glass of water", "what did i do today")
    spoken = [*recorded(*lines), "--output", program.home / "out.wav"] if command == "run" else []
    done = subprocess.run(
        [*cut_off(), *START, command, "--json", *map(str, spoken)],
        input="\n".join(lines),
        env=program.environment,
        cwd=program.home,
        capture_output=True,
        text=True,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout, done.stderr).worked()
    assert [event["intent"] for event in ran.events("heard")] == ["LogDone", "Today"]
    assert "a glass of water" in ran.events("said")[1]["text"]
    assert [entry["kind"] for entry in program.logged()] == ["done"]
