"""A typed conversation with everything real: what is kept is durable before a word of it is said."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

import pytest

from voice_coach.adapters.memory_journal import MemoryJournal
from voice_coach.clocks import AudioClock, SetClock, WallClock
from voice_coach.coaching.values import Entry
from voice_coach.ears import TypedEars
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Confirm, Intent, NoInput, NoMatch, Utterance
from voice_coach.loop import Conversation, heard
from voice_coach.mouths import SilentMouth
from voice_coach.packs import pack_folder, read_pack
from voice_coach.ports import Earcon

START = datetime.fromisoformat("2026-11-24T07:30:00+01:00")


@pytest.fixture(scope="module")
def automaton() -> Automaton:
    return compile_grammar(read_grammar(pack_folder("en")))


class Talk:
    """A conversation and everything that happened in it, in one order."""

    def __init__(self, automaton: Automaton, *lines: str) -> None:
        self.log: list[tuple[str, Any]] = []
        self.clock = SetClock(START)
        self.journal = LoggedJournal(self.log)
        self.mouth = LoggedMouth(self.log)
        pack = read_pack(pack_folder("en"))
        self.conversation = Conversation(
            content=pack.content("112", time(3), rate=170.0, volume=0.8),
            responses=pack.responses,
            matcher=Matcher(automaton),
            ears=TypedEars(lines, self.clock.set),
            mouth=self.mouth,
            journal=self.journal,
            clock=self.clock,
            report=self.report,
            echo_seconds=0.0,
        )
        self.conversation.run()

    def report(self, event: Mapping[str, Any]) -> None:
        self.log.append((str(event["event"]), event))

    def names(self) -> list[str]:
        return [name for name, _ in self.log]

    def of(self, name: str) -> list[Any]:
        return [what for kind, what in self.log if kind == name]


class LoggedJournal(MemoryJournal):
    def __init__(self, log: list[tuple[str, Any]]) -> None:
        super().__init__()
        self._log = log

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        written = super().append(entries)
        self._log.append(("append", written))
        return written


class LoggedMouth(SilentMouth):
    def __init__(self, log: list[tuple[str, Any]]) -> None:
        self._log = log

    def say(self, text: str) -> None:
        self._log.append(("say", text))

    def tune(self, rate: float, volume: float) -> None:
        self._log.append(("tune", (rate, volume)))

    def chime(self, earcon: Earcon) -> None:
        self._log.append(("chime", earcon))


def test_it_says_that_it_listens_before_anything_else(automaton: Automaton) -> None:
    talk = Talk(automaton)
    assert talk.names() == ["chime", "listening"]
    assert talk.of("chime") == [Earcon.LISTENING]


def test_what_was_done_is_written_before_it_is_said(automaton: Automaton) -> None:
    talk = Talk(automaton, "i drank a glass of water")
    names = talk.names()[2:]
    assert names[0] == "heard" and names[-2:] == ["said", "say"]
    kinds = {entry.kind for (entry, *_) in talk.of("append")}
    assert "done" in kinds
    assert max(index for index, name in enumerate(names) if name in ("append", "logged")) < names.index("said")
    assert names.count("logged") == len(list(talk.journal.entries()))
    (said,) = talk.of("said")
    assert said["text"] == talk.of("say")[0]
    assert "glass of water" in said["text"]


def test_every_event_carries_the_moment_it_happened(automaton: Automaton) -> None:
    talk = Talk(automaton, "i drank water", "@2026-11-24T09:00:00+01:00", "i drank tea")
    moments = [event["at"] for _, event in talk.log if isinstance(event, dict)]
    assert moments == sorted(moments)
    assert {moment[:16] for moment in moments} == {"2026-11-24T07:30", "2026-11-24T09:00"}
    assert {entry.at.hour for entry in talk.journal.entries() if entry.kind == "done"} == {7, 9}


def test_slower_is_kept_and_used_from_the_next_word_on(automaton: Automaton) -> None:
    talk = Talk(automaton, "slower", "slower")
    first, second = (rate for rate, _ in talk.of("tune"))
    assert second < first < 170
    settings = [entry.data["name"] for entry in talk.journal.entries() if entry.kind == "setting"]
    assert settings == ["rate", "rate"]
    assert talk.journal.facts().settings["rate"] == second
    names = talk.names()
    assert names.index("logged") < names.index("tune") < names.index("say")


def test_undo_takes_a_change_of_the_voice_back(automaton: Automaton) -> None:
    talk = Talk(automaton, "slower", "undo that")
    assert len(talk.of("undone")) == 1
    assert talk.of("undone")[0]["id"] == next(e.id for e in talk.journal.entries() if e.kind == "setting")
    assert [rate for rate, _ in talk.of("tune")][-1] == 170


def test_what_is_not_about_the_voice_tunes_nothing(automaton: Automaton) -> None:
    assert Talk(automaton, "i drank water", "give me a tiny question").of("tune") == []


def test_silence_after_a_question_is_no_input_and_writes_no_answer(automaton: Automaton) -> None:
    talk = Talk(automaton, "give me a tiny question", "")
    verdicts = [event["verdict"] for event in talk.of("heard")]
    assert verdicts == ["accept", "no_input"]
    assert talk.of("said")[0]["expects_answer"]
    assert "answer" not in {entry.kind for entry in talk.journal.entries()}


def test_patience_ends_only_where_an_answer_is_expected(automaton: Automaton) -> None:
    assert Talk(automaton).conversation.patience() is None
    asked = Talk(automaton, "give me a tiny question").conversation
    assert asked.patience() == asked.answer_seconds


def test_nonsense_without_a_question_is_heard_and_not_written(automaton: Automaton) -> None:
    talk = Talk(automaton, "purple monkeys juggle seventeen teapots")
    (event,) = talk.of("heard")
    assert (event["verdict"], event["intent"], event["slots"]) == ("no_match", None, {})
    assert "done" not in {entry.kind for entry in talk.journal.entries()}


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Intent("A", {"n": "two"}, "two a", 0.87654), ("two a", "A", {"n": "two"}, 0.877, "accept")),
        (Confirm((Intent("A"), Intent("B")), "nearly a", 0.5), ("nearly a", "A", {}, 0.5, "confirm")),
        (NoMatch("what", 0.25), ("what", None, {}, 0.25, "no_match")),
        (NoInput(), ("", None, {}, 0.0, "no_input")),
    ],
)
def test_each_verdict_is_reported_in_the_same_five_parts(
    verdict: Intent | Confirm | NoMatch | NoInput, expected: tuple[object, ...]
) -> None:
    told = heard(Utterance(getattr(verdict, "text", "")), verdict)
    assert tuple(told[key] for key in ("text", "intent", "slots", "confidence", "verdict")) == expected


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_the_clock_of_recordings_goes_on_with_the_sound() -> None:
    heard_seconds, spoken_seconds = [0.0], [0.0]
    clock = AudioClock(START, lambda: heard_seconds[0], lambda: spoken_seconds[0])
    assert clock.now() == START
    heard_seconds[0], spoken_seconds[0] = 90.0, 30.5
    assert (clock.now() - START).total_seconds() == 120.5


def test_the_clock_on_the_wall_knows_its_offset() -> None:
    before = datetime.now().astimezone()
    now = WallClock().now()
    assert now.utcoffset() is not None
    assert before <= now <= datetime.now().astimezone()


def test_a_clock_that_is_not_set_runs_and_one_that_is_stands() -> None:
    clock = SetClock(None)
    assert abs((clock.now() - WallClock().now()).total_seconds()) < 5
    clock.set(START)
    assert clock.now() == clock.now() == START
