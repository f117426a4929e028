"""What can be asked at any time and leaves open what was open: repeat, help, why, the past, settings. PURE."""

import re

from voice_coach.coaching.history import days_in_last, deeds_on, trend
from voice_coach.coaching.moment import Moment
from voice_coach.coaching.values import Decision, Expecting, Prompt
from voice_coach.hearing.values import Intent

_SENTENCES = re.compile(r"(?<=[.?!])\s+")

# --- about the conversation


def repeat(moment: Moment, intent: Intent) -> Decision:
    said = moment.session.said
    return moment.aside(*said) if said else moment.remark(Prompt("repeat.nothing"))


HELP = {
    "answer": "help.question",
    "deed": "help.words",
    "miss": "help.words",
    "step": "help.step",
    "doing": "help.doing",
    "confirm": "help.yes_no",
    "heard": "help.yes_no",
    "more": "help.yes_no",
}


def help_(moment: Moment, intent: Intent) -> Decision:
    """What can be said now, in two sentences."""
    expecting = moment.expecting
    return moment.aside(Prompt(HELP[expecting.kind] if expecting else "help.idle"))


def why(moment: Moment, intent: Intent) -> Decision:
    practice = moment.practice
    if practice is None:
        return moment.aside(Prompt("why.general"))
    return moment.aside(Prompt("why.practice", {"mechanism": practice.mechanism}))


def evidence(moment: Moment, intent: Intent) -> Decision:
    """The kind of evidence, what it says and its caveat. A longer note is for reading: a turn has two sentences."""
    practice = moment.practice
    if practice is None:
        return moment.aside(Prompt("evidence.general"))
    known = practice.evidence
    slots = {
        "strength": Prompt(f"strength.{known.strength}"),
        "note": _SENTENCES.split(known.note)[0],
        "caveat": known.caveat,
    }
    return moment.aside(Prompt("evidence.practice", slots))


def undo(moment: Moment, intent: Intent) -> Decision:
    """Takes back the latest entry that still stands; again, the one before it."""
    if not moment.facts.undoable:
        return moment.aside(Prompt("undo.nothing"))
    last = moment.facts.undoable[-1]
    if last.kind == "setting":
        prompt = Prompt("undo.setting")
    else:
        prompt = Prompt("undo.words", {"words": last.text}) if last.text else Prompt("undo.plain")
    return moment.aside(prompt, entries=(moment.entry("undo", data={"undoes": last.id}),))


# --- about the past

PROGRESS_DAYS = 7
TREND_AFTER_DAYS = 14
"""With less behind somebody, a trend would be noise."""
IN_A_ROW = 3
"""More things than this are read in parts."""


def progress(moment: Moment, intent: Intent) -> Decision:
    done, today = moment.facts.done_by_day, moment.today
    if not done:
        return moment.aside(Prompt("progress.none"))
    days = days_in_last(moment.facts, today, PROGRESS_DAYS)
    if not days:
        return moment.aside(Prompt("progress.away"))
    known_days = (today - min(done)).days
    key = "early" if known_days < TREND_AFTER_DAYS else trend(moment.facts, today)
    return moment.aside(Prompt(f"progress.{key}", {"days": days}))


def today(moment: Moment, intent: Intent) -> Decision:
    """What was done today, else what was answered, in threes."""
    if deeds := _deeds_today(moment):
        return _part(moment, "today.deeds", deeds, 0)
    answers = [entry.text for entry in moment.facts.today if entry.kind == "answer"]
    if answers and moment.facts.day == moment.today:
        return moment.aside(Prompt("today.answers", {"items": tuple(answers[-IN_A_ROW:])}))
    return moment.aside(Prompt("today.nothing"))


def more(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """Yes to hearing more: the next three."""
    return _part(moment, "today.further", _deeds_today(moment), expecting.rung)


def no_more(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    return moment.say(Prompt("today.enough"), expecting=expecting.then)


def _deeds_today(moment: Moment) -> list[str]:
    return [entry.text for entry in deeds_on(moment.facts, moment.today)]


def _part(moment: Moment, key: str, deeds: list[str], start: int) -> Decision:
    end = start + IN_A_ROW
    read = Prompt(key, {"items": tuple(deeds[start:end])})
    open_before = moment.expecting
    if open_before is not None and open_before.kind == "more":
        open_before = open_before.then
    if end >= len(deeds):
        return moment.say(read, expecting=open_before)
    return moment.say(read, Prompt("today.more"), expecting=Expecting("more", rung=end, then=open_before))


# --- how the coach speaks

RATE_FACTOR = 1.15
VOLUME_STEP = 0.15
BOUNDS = {"rate": (80.0, 450.0), "volume": (0.2, 1.0)}
"""Words a minute; 0 to 1."""


def slower(moment: Moment, intent: Intent) -> Decision:
    return _set(moment, "slower", "rate", _setting(moment, "rate") / RATE_FACTOR)


def faster(moment: Moment, intent: Intent) -> Decision:
    return _set(moment, "faster", "rate", _setting(moment, "rate") * RATE_FACTOR)


def softer(moment: Moment, intent: Intent) -> Decision:
    return _set(moment, "softer", "volume", _setting(moment, "volume") - VOLUME_STEP)


def louder(moment: Moment, intent: Intent) -> Decision:
    return _set(moment, "louder", "volume", _setting(moment, "volume") + VOLUME_STEP)


def _setting(moment: Moment, name: str) -> float:
    configured = {"rate": moment.content.rate, "volume": moment.content.volume}
    return moment.facts.settings.get(name, configured[name])


def _set(moment: Moment, key: str, name: str, wish: float) -> Decision:
    """Kept for next time. What was said before stays what "repeat" says: that is what somebody wants to hear louder."""
    low, high = BOUNDS[name]
    value = min(high, max(low, round(wish) if name == "rate" else round(wish, 2)))
    if value == _setting(moment, name):
        return moment.remark(Prompt(f"{key}.limit"))
    entry = moment.entry("setting", data={"name": name, "value": value})
    return moment.remark(Prompt(f"{key}.done"), entries=(entry,))


# --- courtesies

PARTS_OF_DAY = ((4, "evening"), (12, "morning"), (18, "afternoon"), (24, "evening"))
"""Until which hour it is what."""


def greeting_prompt(moment: Moment) -> Prompt:
    part = next(part for until, part in PARTS_OF_DAY if moment.now.hour < until)
    return Prompt(f"greeting.{part}")


def greet(moment: Moment, intent: Intent) -> Decision:
    offer = () if moment.expecting else (Prompt("greeting.offer"),)
    return moment.aside(greeting_prompt(moment), *offer)


def welcome(moment: Moment, intent: Intent) -> Decision:
    return moment.remark(Prompt("thanks"))


def tell_time(moment: Moment, intent: Intent) -> Decision:
    return moment.aside(Prompt("time", {"time": moment.now}))


def introduce(moment: Moment, intent: Intent) -> Decision:
    return moment.aside(Prompt("about"))
