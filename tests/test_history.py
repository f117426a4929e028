"""What the past says: the fold, days, the consistency score."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from voice_coach.coaching import history
from voice_coach.coaching.history import (
    days_in_last,
    deeds_on,
    facts_as_json,
    facts_from_json,
    fold,
    fold_all,
    local_day,
    score,
    smooth,
    streak,
    trend,
)
from voice_coach.coaching.values import Entry, Facts

THREE = time(3)
TODAY = date(2026, 11, 24)


def at(day: date, clock: str = "07:30", offset: str = "+01:00") -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}:00{offset}")


def journaled(*entries: Entry) -> list[Entry]:
    return [replace(entry, id=id_) for id_, entry in enumerate(entries, 1)]


def facts_of(*entries: Entry) -> Facts:
    return fold_all(Facts(), journaled(*entries), THREE)


def done(day: date = TODAY, text: str = "two push ups") -> Entry:
    return Entry(at(day), "done", text=text)


def undo(id_: object, day: date = TODAY) -> Entry:
    return Entry(at(day, "08:00"), "undo", data={"undoes": id_})


def setting(name: str, value: object) -> Entry:
    return Entry(at(TODAY), "setting", data={"name": name, "value": value})


def deeds_before(today: date, pattern: str) -> Facts:
    """One letter a day, the last one for today: x a deed, s a skip, . nothing."""
    kinds = {"x": "done", "s": "skipped"}
    first = today - timedelta(days=len(pattern) - 1)
    return facts_of(*(Entry(at(first + timedelta(days=n)), kinds[c]) for n, c in enumerate(pattern) if c in kinds))


# --- days


@pytest.mark.parametrize(
    ("clock", "day"),
    [("03:00", TODAY), ("23:59", TODAY), ("00:30", TODAY - timedelta(days=1)), ("02:59", TODAY - timedelta(days=1))],
)
def test_the_day_lasts_until_three_in_the_morning(clock: str, day: date) -> None:
    assert local_day(at(TODAY, clock), THREE) == day


def test_a_day_that_ends_at_midnight_is_the_calendar_day() -> None:
    assert local_day(at(TODAY, "00:00"), time(0)) == TODAY


def test_the_day_is_that_of_the_persons_own_clock_and_not_of_utc() -> None:
    assert local_day(at(TODAY, "22:00", "-08:00"), THREE) == TODAY
    assert local_day(at(TODAY, "05:00", "+13:00"), THREE) == TODAY


def test_daylight_saving_moves_no_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    sunday = date(2026, 10, 25)
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=n) for n in (0, 1))
    assert local_day(first, THREE) == local_day(second, THREE) == sunday - timedelta(days=1)
    assert local_day(datetime(2026, 10, 25, 3, 0, tzinfo=berlin), THREE) == sunday


def test_a_clock_at_the_beginning_of_time_still_gives_a_day() -> None:
    assert local_day(datetime.fromisoformat("0001-01-01T01:00:00+00:00"), THREE) == date.min


# --- the fold


def test_a_deed_counts_on_its_day_and_can_be_undone() -> None:
    facts = facts_of(done())
    assert facts.done_by_day == {TODAY: 1}
    assert [entry.text for entry in facts.undoable] == ["two push ups"]
    assert [entry.text for entry in deeds_on(facts, TODAY)] == ["two push ups"]


def test_an_undo_takes_the_deed_out_of_everything() -> None:
    facts = facts_of(done(), undo(1))
    assert facts.done_by_day == {}
    assert facts.undoable == facts.today == ()
    assert facts.last_id == 2


def test_an_undo_takes_back_one_of_two_deeds_of_a_day() -> None:
    facts = facts_of(done(), done(text="a glass of water"), undo(2))
    assert facts.done_by_day == {TODAY: 1}
    assert [entry.id for entry in facts.undoable] == [1]


def test_an_undo_on_the_next_day_takes_back_the_deed_of_the_day_before() -> None:
    facts = facts_of(done(TODAY - timedelta(days=1)), undo(1))
    assert facts.done_by_day == {}


@pytest.mark.parametrize("undoes", [99, None, "1", 0, [1]])
def test_an_undo_of_what_is_not_there_changes_nothing(undoes: object) -> None:
    assert facts_of(done(), undo(undoes)).done_by_day == {TODAY: 1}


def test_a_second_undo_of_the_same_entry_changes_nothing() -> None:
    assert facts_of(done(), done(), undo(2), undo(2)).done_by_day == {TODAY: 1}


def test_prompts_and_undos_are_not_undoable() -> None:
    prompt = Entry(at(TODAY), "prompt", data={"question": "What is one small thing?"})
    assert [entry.kind for entry in facts_of(done(), prompt, undo(77)).undoable] == ["done"]


@pytest.mark.parametrize("kind", ["done", "not_done", "skipped", "answer", "obstacle", "goal", "setting"])
def test_what_the_person_said_is_undoable(kind: str) -> None:
    assert [entry.kind for entry in facts_of(Entry(at(TODAY), kind)).undoable] == [kind]


def test_the_latest_fifty_are_undoable() -> None:
    facts = facts_of(*[done() for _ in range(60)])
    assert [entry.id for entry in facts.undoable] == list(range(11, 61))


def test_misses_and_skips_are_counted_apart_and_can_be_taken_back() -> None:
    entries = (Entry(at(TODAY), "not_done"), Entry(at(TODAY), "skipped"))
    assert facts_of(*entries).missed_by_day == facts_of(*entries).skipped_by_day == {TODAY: 1}
    back = facts_of(*entries, undo(1), undo(2))
    assert back.missed_by_day == back.skipped_by_day == back.done_by_day == {}


def test_today_starts_anew_with_the_first_entry_of_a_new_day() -> None:
    yesterday = TODAY - timedelta(days=1)
    facts = facts_of(done(yesterday), done(TODAY, "a walk"))
    assert facts.day == TODAY
    assert [entry.text for entry in deeds_on(facts, TODAY)] == ["a walk"]
    assert deeds_on(facts, yesterday) == ()


def test_what_was_done_today_is_only_deeds() -> None:
    facts = facts_of(Entry(at(TODAY), "prompt"), Entry(at(TODAY), "not_done"), done())
    assert [entry.kind for entry in deeds_on(facts, TODAY)] == ["done"]


def test_a_question_is_known_with_the_day_it_was_last_asked() -> None:
    ask = [Entry(at(TODAY - timedelta(days=n)), "prompt", data={"question": "What is easy?"}) for n in (40, 2)]
    assert facts_of(*ask).asked == {"What is easy?": TODAY - timedelta(days=2)}


def test_undoing_a_setting_brings_back_the_value_before() -> None:
    entries = [setting("rate", 180), setting("rate", 200), setting("volume", 0.5)]
    assert facts_of(*entries).settings == {"rate": 200, "volume": 0.5}
    assert facts_of(*entries, undo(3)).settings == {"rate": 200}
    assert facts_of(*entries, undo(3), undo(2)).settings == {"rate": 180}
    assert facts_of(*entries, undo(3), undo(2), undo(1)).settings == {}


def test_undoing_an_older_setting_leaves_the_later_one() -> None:
    entries = [setting("rate", 180), setting("rate", 200)]
    assert facts_of(*entries, undo(1)).settings == {"rate": 200}
    assert facts_of(*entries, undo(1), undo(2)).settings == {}


def test_fifty_undone_settings_lead_back_to_the_one_before_them() -> None:
    changes = [setting("rate", 100 + n) for n in range(60)]
    undos = [undo(id_) for id_ in range(60, 10, -1)]
    assert facts_of(*changes, *undos).settings == {"rate": 109}


@pytest.mark.parametrize("value", ["fast", None])
def test_a_setting_without_a_number_is_ignored(value: object) -> None:
    assert facts_of(setting("rate", value)).settings == {}


def test_folding_one_by_one_gives_the_same_as_folding_all_and_changes_no_earlier_facts() -> None:
    entries = journaled(done(), setting("rate", 200), undo(1), done(TODAY + timedelta(days=1)), undo(2))
    steps = [Facts()]
    for entry in entries:
        steps.append(fold(steps[-1], entry, THREE))
    assert steps[-1] == fold_all(Facts(), entries, THREE)
    assert steps[1].done_by_day == {TODAY: 1}
    assert steps[0] == Facts()


def test_facts_cannot_be_changed_by_those_who_hold_them() -> None:
    with pytest.raises(TypeError):
        facts_of(done()).done_by_day[TODAY] = 5  # type: ignore[index]


def test_an_entry_that_was_not_journaled_cannot_be_folded() -> None:
    with pytest.raises(ValueError, match="id"):
        fold(Facts(), done(), THREE)


def test_facts_survive_json() -> None:
    facts = facts_of(
        done(TODAY - timedelta(days=1)),
        Entry(at(TODAY), "answer", "small_questions", "drink water", 2, "glass", {"question": "What is easy?"}),
        setting("rate", 200),
        setting("volume", 0.5),
        Entry(at(TODAY), "skipped"),
        undo(3),
    )
    assert facts_from_json(json.loads(json.dumps(facts_as_json(facts)))) == facts
    assert facts_from_json(json.loads(json.dumps(facts_as_json(Facts())))) == Facts()


# --- the score


@pytest.mark.parametrize(
    ("frequency", "previous", "value", "expected"),
    [
        (1, 0, 1, 0.051922),
        (1, 0.5, 1, 0.525961),
        (1, 0.75, 0, 0.711058),
        (1 / 3, 0, 1, 0.030314),
        (1 / 3, 0.5, 0, 0.484842),
    ],
)
def test_the_score_agrees_with_the_published_vectors(
    frequency: float, previous: float, value: float, expected: float
) -> None:
    assert smooth(previous, value, frequency) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("days", "expected"), [(30, 0.798), (60, 0.959), (90, 0.992)])
def test_a_perfect_daily_habit_scores_as_published(days: int, expected: float) -> None:
    assert score(deeds_before(TODAY, "x" * days), TODAY) == pytest.approx(expected, abs=5e-4)


def test_one_missed_day_at_ninety_costs_less_than_five_points() -> None:
    assert smooth(0.90, 0) == pytest.approx(0.853, abs=5e-4)


def test_nothing_yet_scores_nothing() -> None:
    assert score(Facts(), TODAY) == 0


def test_today_is_unknown_until_it_ends() -> None:
    before = score(deeds_before(TODAY, "xxxx."), TODAY)
    assert before == score(deeds_before(TODAY - timedelta(days=1), "xxxx"), TODAY - timedelta(days=1))
    assert score(deeds_before(TODAY, "xxxxx"), TODAY) > before


def test_an_announced_skip_leaves_the_score_untouched() -> None:
    assert score(deeds_before(TODAY, "xxxssx"), TODAY) == score(deeds_before(TODAY, "xxxx"), TODAY)
    assert score(deeds_before(TODAY, "xxx..x"), TODAY) < score(deeds_before(TODAY, "xxxx"), TODAY)


def test_a_deed_on_a_skipped_day_counts() -> None:
    both = facts_of(Entry(at(TODAY), "skipped"), done())
    assert score(both, TODAY) == pytest.approx(0.051922, abs=1e-6)


def test_ten_deeds_a_day_score_no_more_than_one() -> None:
    assert score(facts_of(*[done()] * 10), TODAY) == score(facts_of(done()), TODAY)


def test_deeds_in_the_future_do_not_count_yet() -> None:
    assert score(facts_of(done(TODAY + timedelta(days=3))), TODAY) == 0


def test_deeds_of_long_ago_have_no_weight_left() -> None:
    assert score(deeds_before(TODAY - timedelta(days=history.SCORE_DAYS), "x" * 400), TODAY) < 1e-20


@pytest.mark.parametrize(
    ("pattern", "direction"),
    [
        ("x" * 14, "up"),
        ("x" * 20 + "." * 7, "down"),
        ("x." * 40, "steady"),
        ("x" * 90, "steady"),
        ("x" * 20 + "s" * 7, "steady"),
        ("", "steady"),
    ],
)
def test_the_trend_is_that_of_the_last_week(pattern: str, direction: str) -> None:
    assert trend(deeds_before(TODAY, pattern), TODAY) == direction


# --- streaks and counts


@pytest.mark.parametrize(
    ("pattern", "length"),
    [("xxx", 3), ("xxx.", 3), ("xxx..", 0), ("xx.xx", 2), ("xxssx", 3), ("xxs", 2), ("ss", 0), ("", 0)],
)
def test_a_streak_waits_for_today_and_pauses_over_skips(pattern: str, length: int) -> None:
    assert streak(deeds_before(TODAY, pattern), TODAY) == length


def test_days_in_the_last_five_include_today() -> None:
    facts = deeds_before(TODAY, "xx.xxx")
    assert days_in_last(facts, TODAY, 5) == 4
    assert days_in_last(facts, TODAY, 0) == 0


def test_questions_about_the_first_day_of_all_have_answers() -> None:
    assert (score(Facts(), date.min), trend(Facts(), date.min), streak(Facts(), date.min)) == (0, "steady", 0)
    assert days_in_last(Facts(), date.min, 30) == 0
