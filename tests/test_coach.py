"""Conversations as people have them: what the coach says, what it writes down, and what it expects next."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from voice_coach.coaching.coach import HANDLERS, KEYS, decide, opening
from voice_coach.coaching.history import fold
from voice_coach.coaching.render import render
from voice_coach.coaching.values import Content, Decision, Entry, Expecting, Facts, Session, Turn
from voice_coach.hearing.values import Confirm, Intent, NoInput, NoMatch
from voice_coach.packs import pack_folder, read_pack

PACK = read_pack(pack_folder("en"))
CONTENT = PACK.content(emergency_number="112", day_ends=time(3), rate=180.0, volume=0.8)
# A day on which every key with two variants says its first one.
MORNING = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
SHRINK = PACK.practices["shrink_the_step"].ladder
SILENCE = NoInput()


def intent(name: str, **slots: str) -> Intent:
    return Intent(name, slots, text=" ".join((name.lower(), *slots.values())))


def doubt(*candidates: Intent, text: str = "something like it") -> Confirm:
    return Confirm(candidates, text, 0.6)


class Talk:
    """One person with one coach: every turn is decided, written and folded as the program does it."""

    def __init__(self, now: datetime = MORNING, content: Content = CONTENT) -> None:
        self.now, self.content = now, content
        self.session, self.facts = Session(), Facts()
        self.entries: list[Entry] = []
        self.last = Decision(self.session)

    def __call__(self, turn: Turn | str, **slots: str) -> str:
        """The coach's words. A capitalized name is an intent; other text is free words."""
        if isinstance(turn, str):
            turn = intent(turn, **slots) if turn[:1].isupper() else NoMatch(turn, 1.0)
        return self.take(decide(self.content, self.session, self.facts, turn, self.now))

    def opens(self) -> str:
        return self.take(opening(self.content, self.session, self.facts, self.now))

    def take(self, decision: Decision) -> str:
        for entry in decision.entries:
            written = replace(entry, id=len(self.entries) + 1)
            self.entries.append(written)
            self.facts = fold(self.facts, written, self.content.day_ends)
        self.session, self.last = decision.session, decision
        return render(PACK.responses, decision.prompts, self.now)

    def later(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    @property
    def keys(self) -> list[str]:
        return [prompt.key for prompt in self.last.prompts]

    @property
    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.entries]

    @property
    def expects(self) -> str | None:
        return self.session.expecting.kind if self.session.expecting else None

    @property
    def question(self) -> str:
        return self.session.expecting.question if self.session.expecting else ""


@pytest.fixture
def talk() -> Talk:
    return Talk()


# --- whole conversations, word for word


def test_somebody_who_does_not_feel_like_stretching(talk: Talk) -> None:
    assert talk("TooHard", what="stretching") == f"Too big for today, then: stretching. Could you {SHRINK[3]}?"
    assert talk("No") == f"Then smaller: could you {SHRINK[4]}?"
    assert talk("TooHard") == f"Then smaller: could you {SHRINK[5]}?"
    assert talk("Yes") == "Good. Say done when it is done."
    assert talk("LogDone") == f"Noted: {SHRINK[5]}. That counts."
    assert talk.entries[-1].kind == "done"
    assert talk.entries[-1].practice == "shrink_the_step"
    assert talk.entries[-1].data == {"about": "stretching"}
    assert talk("Why") == PACK.practices["shrink_the_step"].mechanism
    assert talk("Undo") == f"Taken back: {SHRINK[5]}."
    assert talk.entries[-1].data == {"undoes": talk.entries[-2].id}
    assert talk("Today") == "Nothing is logged yet today, and that is fine."


def test_a_morning_with_a_tiny_question(talk: Talk) -> None:
    first = talk.opens()
    assert first == f"Good morning. {talk.question}"
    assert talk("drink some water before coffee") == "Noted: drink some water before coffee. That is a start."
    assert talk.kinds == ["prompt", "answer"]
    prompt, answer = talk.entries
    assert prompt.data["question"] == answer.data["question"]
    assert (answer.text, answer.practice) == ("drink some water before coffee", "small_questions")
    assert not talk.last.expects_answer
    assert talk("ThankYou") == "Gladly."
    assert talk("Stop") == "All right."
    assert talk.last.ends


def test_somebody_who_tells_what_they_did(talk: Talk) -> None:
    assert talk("LogDone", what="drank a glass of water") == "Noted: drank a glass of water. That counts."
    assert (talk.entries[-1].quantity, talk.entries[-1].unit) == (1, "glass")
    assert talk("LogDone", what="two push ups") == "Noted: two push ups."
    assert talk.entries[-1].quantity == 2
    assert talk("LogDone") == "What did you do?"
    assert talk("walked around the block") == "Noted: walked around the block."
    assert talk.entries[-1].kind == "done"
    assert talk("Today") == "Today: drank a glass of water, two push ups and walked around the block."
    assert talk("Progress") == "One of the last seven days so far. It is too early to say more."


# --- tiny questions


def test_a_question_asked_is_written_down_and_awaits_free_words(talk: Talk) -> None:
    words = talk("AskQuestion")
    assert talk.expects == "answer"
    assert talk.entries[-1].kind == "prompt"
    assert talk.entries[-1].data == {"question": words}


def test_the_same_day_asks_the_same_question_and_no_question_comes_twice_in_thirty_days() -> None:
    assert Talk()("AskQuestion") == Talk()("AskQuestion")
    talk = Talk()
    asked = []
    for _ in range(30):
        asked += [talk("AskQuestion"), talk("AskQuestion")]
        talk.later(days=1)
    assert len(set(asked)) == 60


def test_when_everything_was_asked_the_one_asked_longest_ago_comes_again(talk: Talk) -> None:
    count = sum(len(practice.questions) for practice in PACK.practices.values())
    asked = [talk("AskQuestion")]
    talk.later(hours=1)
    for _ in range(count - 1):
        talk.later(minutes=10)
        asked.append(talk("AskQuestion"))
    assert len(set(asked)) == count
    oldest_day = min(talk.facts.asked.values())
    assert talk.facts.asked[talk("AskQuestion")] >= oldest_day
    assert talk.entries[-1].text in asked


def test_a_question_of_a_practice_is_one_of_its_own(talk: Talk) -> None:
    promise, question = (talk("AskPractice", practice="remove_an_obstacle"), talk.question)
    practice = PACK.practices["remove_an_obstacle"]
    assert promise == f"{practice.promise} {question}"
    assert question in practice.questions
    talk("the phone on my desk")
    assert talk.entries[-1].practice == "remove_an_obstacle"
    assert talk("AskQuestion") in practice.questions


@pytest.mark.parametrize("practice", ["shrink_the_step", "consistency"])
def test_a_practice_of_doing_begins_with_a_step(talk: Talk, practice: str) -> None:
    assert talk("AskPractice", practice=practice).startswith(PACK.practices[practice].promise)
    assert talk.expects == "step"
    assert talk.session.step in PACK.practices[practice].ladder


def test_a_practice_that_does_not_exist_is_not_understood(talk: Talk) -> None:
    talk("AskPractice", practice="levitation")
    assert talk.keys == ["unheard.first"]


def test_yes_to_an_open_question_is_asked_for_words_once_and_then_kept(talk: Talk) -> None:
    talk("AskQuestion")
    talk("Yes")
    assert (talk.keys, talk.expects) == (["question.words"], "answer")
    talk(Intent("Yes", text="yes"))
    assert (talk.entries[-1].kind, talk.entries[-1].text) == ("answer", "yes")


def test_no_to_a_question_gets_one_small_step_and_no_guilt(talk: Talk) -> None:
    talk("AskQuestion")
    talk("No")
    assert talk.session.step == PACK.practices["small_questions"].ladder[-1]
    talk("No")
    assert (talk.keys, talk.expects) == (["step.last"], None)
    assert talk.kinds == ["prompt"]


def test_maybe_leaves_the_question_and_offers_nothing(talk: Talk) -> None:
    talk("AskQuestion")
    talk("Maybe")
    assert (talk.keys, talk.expects, talk.kinds) == (["question.maybe"], None, ["prompt"])


def test_a_skipped_question_is_noted_as_skipped(talk: Talk) -> None:
    question = talk("AskQuestion")
    talk("Skip")
    assert (talk.entries[-1].kind, talk.entries[-1].data) == ("skipped", {"question": question})
    assert talk.expects is None


# --- words that were hardly heard


def test_an_answer_hardly_heard_is_kept_and_asked_back(talk: Talk) -> None:
    talk("AskQuestion")
    assert talk(NoMatch("two pages of my novel", 0.3)) == "I heard: two pages of my novel. Is that right?"
    assert talk.entries[-1].kind == "answer"
    assert talk.entries[-1].data["confidence"] == 0.3
    talk("Yes")
    assert (talk.keys, talk.kinds) == (["heard.kept"], ["prompt", "answer"])


def test_heard_wrong_is_taken_back_and_asked_again(talk: Talk) -> None:
    question = talk("AskQuestion")
    talk(NoMatch("to pay just off my novel", 0.3))
    talk("No")
    assert talk.entries[-1].data == {"undoes": 2}
    assert (talk.expects, talk.question) == ("answer", question)
    talk("two pages of my novel")
    assert [entry.text for entry in talk.facts.today if entry.kind == "answer"] == ["two pages of my novel"]


def test_said_again_in_other_words_replaces_what_was_heard(talk: Talk) -> None:
    talk("AskQuestion")
    talk(NoMatch("to pay just", 0.3))
    talk(NoMatch("two pages", 0.3))
    assert talk.keys == ["answer.noted", "close.answer"]
    assert [entry.text for entry in talk.facts.today if entry.kind == "answer"] == ["two pages"]


@pytest.mark.parametrize("turn", [SILENCE, intent("Maybe"), intent("Skip"), intent("LogDone", what="stood up")])
def test_without_a_no_the_words_stay(talk: Talk, turn: Turn) -> None:
    talk("AskQuestion")
    talk(NoMatch("two pages", 0.3))
    talk(turn)
    assert "two pages" in [entry.text for entry in talk.facts.today]
    assert talk.expects is None


def test_undo_takes_back_what_was_asked_back(talk: Talk) -> None:
    talk("LogDone")
    talk(NoMatch("walked", 0.3))
    talk("Undo")
    assert (talk.kinds, talk.expects) == (["done", "undo"], "deed")


# --- steps


def test_too_hard_goes_down_the_ladder_and_never_runs_out(talk: Talk) -> None:
    talk("AskPractice", practice="consistency")
    ladder = PACK.practices["consistency"].ladder
    offered = [talk.session.step]
    while talk.expects == "step":
        talk("TooHard")
        offered += [talk.session.step] * bool(talk.session.step)
    assert offered == list(ladder[ladder.index(offered[0]) :])
    assert talk.keys == ["step.last"]
    for _ in range(3):
        assert talk("TooHard")
        assert (talk.keys, talk.expects) == (["step.rest"], None)


def test_something_else_that_is_hard_starts_its_own_way_down(talk: Talk) -> None:
    talk("TooHard", what="stretching")
    talk("No")
    assert "the dishes" in talk("TooHard", what="the dishes")
    assert talk.session.step == SHRINK[3]


def test_done_without_a_yes_first_is_done(talk: Talk) -> None:
    talk("TooHard")
    talk("LogDone")
    assert (talk.entries[-1].kind, talk.entries[-1].text) == ("done", SHRINK[3])
    talk("LogDone")
    assert talk.keys == ["deed.ask"]


def test_a_step_being_done_is_waited_for_in_silence(talk: Talk) -> None:
    talk("TooHard")
    talk("Yes")
    assert talk(SILENCE) == ""
    assert talk.expects is None
    talk.later(minutes=20)
    talk("LogDone")
    assert talk.entries[-1].text == SHRINK[3]


def test_a_step_of_long_ago_is_not_meant_any_more(talk: Talk) -> None:
    talk("TooHard")
    talk.later(hours=5)
    talk("LogDone")
    assert (talk.keys, talk.entries) == (["deed.ask"], [])


def test_a_step_not_done_is_noted_kindly_and_made_smaller(talk: Talk) -> None:
    talk("TooHard", what="stretching")
    talk("Yes")
    words = talk("LogNotDone")
    assert words == f"That is all right, noted as not done: {SHRINK[3]}. Could you {SHRINK[4]} instead?"
    assert (talk.entries[-1].kind, talk.entries[-1].data) == ("not_done", {"about": "stretching"})


def test_the_smallest_step_not_done_counts_all_the_same(talk: Talk) -> None:
    talk("AskQuestion")
    talk("No")
    talk("LogNotDone")
    assert talk.keys == ["not_done.noted", "step.thought"]
    assert talk.kinds == ["prompt", "not_done"]


def test_what_was_not_done_is_never_a_deed(talk: Talk) -> None:
    talk("LogNotDone", what="two push ups")
    assert talk.kinds == ["not_done"]
    assert talk.entries[-1].quantity is None
    assert talk.facts.done_by_day == {}
    talk("LogNotDone")
    assert talk.kinds == ["not_done", "not_done"]


def test_not_done_without_words_asks_what_it_was(talk: Talk) -> None:
    assert talk("LogNotDone") == "That is all right. What was it?"
    talk("the walk")
    assert (talk.entries[-1].kind, talk.entries[-1].text) == ("not_done", "the walk")
    assert talk.expects == "step"


def test_maybe_leaves_a_step_open(talk: Talk) -> None:
    talk("TooHard")
    talk("Maybe")
    assert talk.expects is None
    talk("LogDone")
    assert talk.kinds == ["done"]


def test_a_skipped_step_is_noted_as_skipped(talk: Talk) -> None:
    talk("TooHard")
    talk("Skip")
    assert (talk.entries[-1].kind, talk.entries[-1].text) == ("skipped", SHRINK[3])
    talk("LogDone")
    assert talk.keys == ["deed.ask"]


# --- deeds, whatever is going on


def test_a_deed_is_logged_while_a_question_is_open_and_the_question_stays(talk: Talk) -> None:
    question = talk("AskQuestion")
    assert talk("LogDone", what="drank a glass of water") == f"Noted: drank a glass of water. {question}"
    assert (talk.expects, talk.question) == ("answer", question)
    assert talk.kinds == ["prompt", "done"]
    talk("by the sink")
    assert talk.entries[-1].data == {"question": question}


def test_a_deed_is_logged_while_a_step_is_open_and_the_step_stays(talk: Talk) -> None:
    talk("TooHard")
    assert talk("LogDone", what="stood up") == "Noted: stood up."
    assert talk.expects == "step"


def test_a_deed_is_logged_while_a_guess_is_open_and_the_guess_is_gone(talk: Talk) -> None:
    question = talk("AskQuestion")
    talk(doubt(intent("Undo")))
    talk("LogDone", what="stood up")
    assert talk.kinds == ["prompt", "done"]
    assert talk.question == question


def test_the_days_are_told_behind_the_first_deed_of_a_day(talk: Talk) -> None:
    for _ in range(3):
        talk("LogDone", what="stood up")
        talk.later(days=1)
    assert talk("LogDone", what="stood up").endswith("That is four of the last seven days.")
    assert talk("LogDone", what="stretched") in ("Noted: stretched.", "I noted: stretched.")


def test_what_was_done_after_midnight_belongs_to_the_day_before(talk: Talk) -> None:
    talk("LogDone", what="stood up")
    talk.now = MORNING.replace(hour=1) + timedelta(days=1)
    talk("LogDone", what="stretched")
    assert talk.keys == ["deed.noted"]
    assert len(talk.facts.done_by_day) == 1


@pytest.mark.parametrize("turn", ["No", "Skip", "Maybe", SILENCE])
def test_what_did_you_do_can_be_left(talk: Talk, turn: Turn | str) -> None:
    question = talk("AskQuestion")
    talk("LogDone")
    talk(turn)
    assert talk.kinds == ["prompt"]
    assert talk.question in (question, "")


# --- asking back


def test_a_guess_is_asked_back_before_anything_happens(talk: Talk) -> None:
    assert talk(doubt(intent("TooHard", what="the walk"))) == "Did you mean that this is too hard: the walk?"
    assert talk.entries == []
    assert talk("Yes").startswith("Too big for today, then: the walk.")


def test_two_guesses_are_a_choice_and_a_yes_does_not_choose(talk: Talk) -> None:
    talk("LogDone", what="stood up")
    words = talk(doubt(intent("Undo"), intent("Stop")))
    assert words == "Did you mean that you want to take something back, or that you want to stop?"
    assert talk("Yes") == "Did you mean that you want to take something back?"
    assert talk.kinds == ["done"]
    talk("Yes")
    assert talk.kinds == ["done", "undo"]


def test_one_of_two_guesses_said_clearly_is_taken(talk: Talk) -> None:
    talk(doubt(intent("Undo"), intent("Stop")))
    talk("Stop")
    assert talk.last.ends


def test_a_wrong_guess_is_asked_for_once_and_then_let_go(talk: Talk) -> None:
    question = talk("AskQuestion")
    for expected in (["guess.no"], ["guess.let_go"]):
        talk(doubt(intent("Undo")))
        talk("No")
        assert talk.keys == expected
        assert talk.question == question
    assert talk.kinds == ["prompt"]


def test_where_words_are_awaited_a_doubtful_remark_is_the_answer(talk: Talk) -> None:
    talk("AskQuestion")
    talk(Confirm((intent("LogDone", what="the dishes"),), "do the dishes first", 0.8))
    assert (talk.entries[-1].kind, talk.entries[-1].text) == ("answer", "do the dishes first")


@pytest.mark.parametrize("name", ["Stop", "Undo", "Skip", "Help", "Repeat", "Why", "Distress", "TooHard"])
def test_where_words_are_awaited_a_doubtful_command_is_asked_back(talk: Talk, name: str) -> None:
    question = talk("AskQuestion")
    talk(doubt(intent(name)))
    assert (talk.keys, talk.kinds) == (["guess.one"], ["prompt"])
    talk(SILENCE)
    assert (talk.expects, talk.kinds, bool(question)) == (None, ["prompt"], True)


def test_free_words_behind_a_guess_are_the_answer(talk: Talk) -> None:
    talk("AskQuestion")
    talk(doubt(intent("Undo")))
    talk("the sink by the window")
    assert talk.entries[-1].kind == "answer"


def test_free_words_to_a_bare_guess_change_nothing(talk: Talk) -> None:
    talk(doubt(intent("TooHard")))
    talk("that is the one")
    assert (talk.keys, talk.expects, talk.entries) == (["unheard.yes_no"], "confirm", [])


def test_help_in_the_middle_of_a_guess_leaves_it_open(talk: Talk) -> None:
    talk(doubt(intent("TooHard")))
    talk("Help")
    assert (talk.keys, talk.expects) == (["help.yes_no"], "confirm")


# --- not understood, nothing said


def test_what_is_not_understood_is_let_go_after_two_tries(talk: Talk) -> None:
    keys = []
    for _ in range(4):
        talk("purple monkeys")
        keys.append(talk.keys)
    assert keys == [["unheard.first"], ["unheard.second"], [], []]
    talk("Greeting")
    talk("purple monkeys")
    assert talk.keys == ["unheard.first"]
    assert talk.entries == []


def test_what_is_not_understood_leaves_a_step_open(talk: Talk) -> None:
    talk("TooHard")
    talk("purple monkeys")
    assert (talk.keys, talk.expects) == (["unheard.step"], "step")
    talk("Repeat")
    assert talk.keys == ["step.smaller"]


def test_an_intent_that_the_coach_does_not_know_is_free_words(talk: Talk) -> None:
    talk(Intent("orderBeverage", text="a small coffee"))
    assert (talk.keys, talk.entries) == (["unheard.first"], [])
    talk(doubt(Intent("orderBeverage"), text="a small coffee"))
    assert talk.keys == ["unheard.second"]
    talk("AskQuestion")
    talk(Intent("orderBeverage", text="a small coffee"))
    assert talk.entries[-1].text == "a small coffee"


def test_silence_is_answered_once_softly_and_then_let_go(talk: Talk) -> None:
    assert talk(SILENCE) == ""
    question = talk("AskQuestion")
    assert talk(SILENCE) == f"No hurry. {question}"
    assert talk(SILENCE) == ""
    assert (talk.expects, talk.kinds) == (None, ["prompt"])


def test_empty_words_are_silence(talk: Talk) -> None:
    talk("AskQuestion")
    talk(NoMatch("  ", 0.0))
    assert (talk.keys, talk.kinds) == (["question.still_open"], ["prompt"])


@pytest.mark.parametrize("name", ["Yes", "No", "Maybe", "Skip", "Undo", "Repeat"])
def test_a_reply_with_nothing_open_gets_a_small_line_and_writes_nothing(talk: Talk, name: str) -> None:
    assert talk(name)
    assert (talk.entries, talk.expects) == ([], None)


# --- always available

ASIDES = "Repeat Help Why Evidence Progress Today Slower Faster Louder Softer Greeting ThankYou TimeNow AboutCoach Undo"


@pytest.mark.parametrize("name", ASIDES.split())
def test_an_aside_is_answered_and_the_open_question_stays_open(talk: Talk, name: str) -> None:
    question = talk("AskQuestion")
    assert talk(name)
    assert talk.question == question
    talk("by the sink")
    assert talk.entries[-1].kind == "answer"


def test_repeat_says_the_same_again_and_again(talk: Talk) -> None:
    question = talk("AskQuestion")
    assert [talk("Repeat"), talk("Repeat")] == [question, question]
    talk("Slower")
    assert talk("Repeat") == question
    assert talk.kinds == ["prompt", "setting"]


@pytest.mark.parametrize("open_with", ["AskQuestion", "TooHard", "LogDone", "LogNotDone", ""])
def test_help_fits_the_moment(talk: Talk, open_with: str) -> None:
    if open_with:
        talk(open_with)
    talk("Help")
    expected = {"AskQuestion": "question", "TooHard": "step", "LogDone": "words", "LogNotDone": "words", "": "idle"}
    assert talk.keys == [f"help.{expected[open_with]}"]


def test_why_and_evidence_are_about_the_practice_in_hand(talk: Talk) -> None:
    assert "studies" not in talk("Why")
    assert talk.keys == ["why.general"]
    talk("Evidence")
    assert talk.keys == ["evidence.general"]
    talk("AskPractice", practice="consistency")
    known = PACK.practices["consistency"]
    assert talk("Why") == known.mechanism
    assert talk("Evidence").endswith(known.evidence.caveat)
    assert talk("Evidence").startswith("From observation: ")
    assert talk.expects == "step"


def test_undo_goes_back_one_by_one(talk: Talk) -> None:
    talk("LogDone", what="stood up")
    talk("LogDone", what="stretched")
    assert talk("Undo") == "Taken back: stretched."
    assert talk("Undo") == "Taken back: stood up."
    assert talk("Undo") == "There is nothing to take back."
    assert talk.facts.done_by_day == {}


def test_what_was_done_is_told_in_threes(talk: Talk) -> None:
    for what in ("one", "two", "three", "four", "five", "six", "seven"):
        talk("LogDone", what=what)
    assert talk("Today") == "Today: one, two and three. There is more: shall I go on?"
    assert talk("Yes") == "Also: four, five and six. There is more: shall I go on?"
    assert talk("Yes") == "Also: seven."
    assert talk.expects is None
    talk("Today")
    assert talk("No") == "All right."


def test_reading_the_day_comes_back_to_the_open_question(talk: Talk) -> None:
    for what in ("one", "two", "three", "four"):
        talk("LogDone", what=what)
    question = talk("AskQuestion")
    talk("Today")
    talk("Yes")
    assert talk.question == question


def test_today_is_not_yesterday(talk: Talk) -> None:
    talk("LogDone", what="stood up")
    talk.later(days=1)
    talk("Today")
    assert talk.keys == ["today.nothing"]


def test_a_day_with_answers_only_tells_them(talk: Talk) -> None:
    talk("AskQuestion")
    talk("by the sink")
    assert talk("Today") == "No deed is logged today, but you told me: by the sink."


@pytest.mark.parametrize(
    ("days_ago", "key"),
    [
        ([], "progress.none"),
        ([20], "progress.away"),
        ([1, 2], "progress.early"),
        (range(120), "progress.steady"),
        ([*range(7), *range(20, 24)], "progress.up"),
        ([6, *range(8, 40)], "progress.down"),
    ],
)
def test_progress_is_told_honestly(days_ago: Any, key: str) -> None:
    days = [(MORNING - timedelta(days=ago)).date() for ago in days_ago]
    facts = Facts(done_by_day=dict.fromkeys(days, 1))
    decision = decide(CONTENT, Session(), facts, intent("Progress"), MORNING)
    assert [prompt.key for prompt in decision.prompts] == [key]


def test_faster_is_kept_and_stops_at_a_bound(talk: Talk) -> None:
    assert talk("Faster") == "A little faster."
    assert talk.facts.settings == {"rate": 207}
    for _ in range(20):
        talk("Faster")
    assert talk.keys == ["faster.limit"]
    assert talk.facts.settings == {"rate": 450}
    for _ in range(30):
        talk("Slower")
    assert (talk.keys, talk.facts.settings) == (["slower.limit"], {"rate": 80})


def test_softer_and_louder_stop_at_a_bound(talk: Talk) -> None:
    for _ in range(8):
        talk("Softer")
    assert (talk.keys, talk.facts.settings) == (["softer.limit"], {"volume": 0.2})
    for _ in range(8):
        talk("Louder")
    assert (talk.keys, talk.facts.settings) == (["louder.limit"], {"volume": 1.0})


def test_undo_of_what_has_no_words_says_so(talk: Talk) -> None:
    talk("AskQuestion")
    talk("Skip")
    assert talk("Undo") == "Taken back."
    assert talk.facts.skipped_by_day == {}


def test_undo_of_a_setting_brings_the_one_before_back(talk: Talk) -> None:
    talk("Faster")
    talk("Faster")
    assert talk("Undo") == "Taken back. I speak as before."
    assert talk.facts.settings == {"rate": 207}


def test_the_time_is_told(talk: Talk) -> None:
    assert talk("TimeNow") == "It is half past seven."


@pytest.mark.parametrize(("hour", "words"), [(3, "evening"), (4, "morning"), (12, "afternoon"), (18, "evening")])
def test_the_greeting_fits_the_hour(hour: int, words: str) -> None:
    assert Talk(MORNING.replace(hour=hour))("Greeting").startswith(f"Good {words}.")


@pytest.mark.parametrize("name", ["Stop", "Goodbye"])
def test_stop_and_goodbye_end_the_conversation(talk: Talk, name: str) -> None:
    talk("AskQuestion")
    assert len(talk(name).split()) <= 3
    assert talk.last.ends
    assert (talk.expects, talk.session.step, talk.kinds) == (None, "", ["prompt"])


# --- distress


def every_text(value: object) -> list[str]:
    """All texts inside a value, however deep."""
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [text for field in fields(value) for text in every_text(getattr(value, field.name))]
    if isinstance(value, dict) or hasattr(value, "items"):
        return [text for pair in value.items() for text in every_text(pair)]
    return [text for part in value for text in every_text(part)] if isinstance(value, (tuple, list)) else []


SECRET = "xylophone"  # stands for words that nobody else is to read


@pytest.mark.parametrize("before", ["AskQuestion", "TooHard", "LogDone", "Greeting"])
def test_distress_stops_everything_and_keeps_no_word(talk: Talk, before: str) -> None:
    talk(before)
    written = len(talk.entries)
    words = talk(Intent("Distress", {"what": SECRET}, text=SECRET))
    assert "112" in words
    assert (len(talk.entries), talk.expects, talk.session.step, talk.session.practice) == (written, None, "", None)
    assert SECRET not in " ".join(every_text(talk.last))


def test_distress_in_doubt_is_asked_back_and_keeps_no_word(talk: Talk) -> None:
    talk("AskQuestion")
    talk(Confirm((intent("LogDone", what=SECRET), Intent("Distress", {"what": SECRET}, SECRET)), SECRET, 0.6))
    assert talk.keys == ["guess.one"]
    assert SECRET not in " ".join(every_text(talk.last))
    assert "112" in talk("Yes")
    assert talk.kinds == ["prompt"]


def test_after_distress_the_coach_is_quiet_until_it_understands(talk: Talk) -> None:
    talk("Distress")
    for turn in ("something", SILENCE, doubt(intent("AskQuestion")), "something"):
        assert talk(turn) == ""
        assert talk.expects is None
    assert "112" in talk("Repeat")
    assert talk("AskQuestion")
    assert talk.expects == "answer"


def test_the_number_is_the_configured_one() -> None:
    assert "988" in Talk(content=replace(CONTENT, emergency_number="988"))("Distress")


# --- the whole coach


SITUATIONS: dict[str, list[Turn | str]] = {
    "nothing open": [],
    "question": ["AskQuestion"],
    "question, asked for words": ["AskQuestion", "Yes"],
    "question after silence": ["AskQuestion", SILENCE],
    "step": [intent("TooHard", what="stretching")],
    "step being done": ["TooHard", "Yes"],
    "smallest step": ["AskQuestion", "No"],
    "bottom of the ladder": ["AskQuestion", "No", "No"],
    "what did you do": ["LogDone"],
    "what was it": ["LogNotDone"],
    "guess": [doubt(intent("Undo"))],
    "guess over a question": ["AskQuestion", doubt(intent("Undo"))],
    "two guesses": ["TooHard", doubt(intent("Undo"), intent("Stop"))],
    "hardly heard": ["AskQuestion", NoMatch("two pages", 0.2)],
    "deed hardly heard": ["LogDone", NoMatch("two pages", 0.2)],
    "more": [*(intent("LogDone", what=f"deed {n}") for n in "abcd"), "Today"],
    "distress": ["Distress"],
    "not understood": ["purple", "monkeys"],
    **{practice: [intent("AskPractice", practice=practice)] for practice in PACK.practices},
}
TURNS: list[Turn | str] = [
    *HANDLERS,
    *(intent(name, what="the walk") for name in ("LogDone", "LogNotDone", "TooHard")),
    *(intent("AskPractice", practice=practice) for practice in PACK.practices),
    *(doubt(intent(name, what="the walk")) for name in HANDLERS),
    doubt(intent("AskPractice", practice="consistency"), intent("Today")),
    "purple monkeys",
    NoMatch("purple monkeys", 0.1),
    SILENCE,
]


def sentences(words: str) -> int:
    return sum(words.count(mark + " ") for mark in ".?") + words.endswith((".", "?"))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_whatever_is_said_at_whatever_moment_the_reply_is_short_and_well_formed(situation: str) -> None:
    for turn in TURNS:
        for day in range(2):
            talk = Talk(MORNING + timedelta(days=day))
            for before in SITUATIONS[situation]:
                talk(before)
            words = talk(turn)
            assert sentences(words) <= 2, (turn, words)
            assert all(KEYS[prompt.key] == prompt.slots.keys() for prompt in talk.last.prompts)
            assert talk.last.expects_answer or not words.endswith("?") or "guess" in talk.keys[0], (turn, words)
            assert all(entry.id is None for entry in talk.last.entries)
            assert not talk.last.ends or turn in ("Stop", "Goodbye")


def test_every_key_is_said_at_some_moment() -> None:
    said: set[str] = set()
    for before in SITUATIONS.values():
        for turn in TURNS:
            talk = Talk()
            for earlier in (*before, turn, "No", "LogDone", "Help"):
                talk(earlier)
                said.update(talk.keys)
    unsaid = {key for key in KEYS.keys() - said if not key.startswith(("paraphrase.", "strength."))}
    assert said <= KEYS.keys()
    # These need another hour, other days before this one, or more turns; each has its test above.
    assert unsaid == {
        *("greeting.afternoon", "greeting.evening", "close.days", "guess.let_go", "undo.plain", "undo.setting"),
        *("progress.away", "progress.up", "progress.steady", "progress.down"),
        *("slower.limit", "faster.limit", "softer.limit", "louder.limit"),
    }


def test_deciding_changes_nothing_and_always_decides_the_same() -> None:
    session, facts = Session(expecting=Expecting("answer", "small_questions", "What now?")), Facts()
    first = decide(CONTENT, session, facts, NoMatch("rest", 1.0), MORNING)
    assert first == decide(CONTENT, session, facts, NoMatch("rest", 1.0), MORNING)
    assert session == Session(expecting=Expecting("answer", "small_questions", "What now?"))
