"""Steps and deeds: offered, made smaller, done, not done, left. PURE. On a ladder it only ever goes down."""

from dataclasses import replace

from voice_coach.coaching import amounts
from voice_coach.coaching.history import days_in_last
from voice_coach.coaching.moment import Moment
from voice_coach.coaching.values import Decision, Entry, Expecting, Prompt
from voice_coach.hearing.values import Intent

SHRINK = "shrink_the_step"
SHORT_WORDS = 12
"""A question of at most so many words may be asked again behind what was just noted."""
CLOSING_DAYS = 7


# --- offering


def offer(
    moment: Moment, practice: str, rung: int, lead: str, *before: Prompt, about: str = "", entry: Entry | None = None
) -> Decision:
    """Offer one step of a practice's ladder in the words of the prompt `lead`; below the last one there is no more
    to offer, and that counts too."""
    ladder = moment.content.practices[practice].ladder
    entries = (entry,) if entry else ()
    if rung >= len(ladder):
        last = Prompt("step.thought") if before else Prompt("step.last")
        return moment.say(*before, last, entries=entries, practice=practice, rung=len(ladder), step="", about=about)
    step = ladder[rung]
    slots = {"step": step, "what": about} if lead == "step.smaller_for" else {"step": step}
    return moment.say(
        *before,
        Prompt(lead, slots),
        expecting=Expecting("step", practice, step=step, rung=rung),
        entries=entries,
        practice=practice,
        rung=rung,
        step=step,
        about=about,
    )


def first_rung(moment: Moment, practice: str) -> int:
    """A third of the way down: small at once, with room below."""
    return len(moment.content.practices[practice].ladder) // 3


def too_hard(moment: Moment, intent: Intent) -> Decision:
    """The next step down; from nothing, or for something newly named, a small first one."""
    what = intent.slots.get("what", "")
    if what:
        return offer(moment, SHRINK, first_rung(moment, SHRINK), "step.smaller_for", about=what)
    if moment.session.step:
        return next_down(moment)
    if moment.practice and moment.session.rung >= len(moment.practice.ladder):
        return moment.say(Prompt("step.rest"))
    return offer(moment, SHRINK, first_rung(moment, SHRINK), "step.smaller")


def next_down(moment: Moment, *before: Prompt, entry: Entry | None = None) -> Decision:
    session = moment.session
    lead = "step.instead" if before else "step.smaller"
    practice = session.practice or SHRINK
    return offer(moment, practice, session.rung + 1, lead, *before, about=session.about, entry=entry)


# --- what is said to an offered step, or to one that is being done


def accept(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    return moment.say(Prompt("step.accepted"), expecting=replace(expecting, kind="doing", asked_again=False))


def wait(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """A yes while it is being done: the coach waits."""
    return moment.say(Prompt("step.waiting"), expecting=expecting)


def turn_down(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    return next_down(moment)


def leave_open(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """Maybe: nothing is expected, but "done" still means this step."""
    return moment.say(Prompt("step.maybe"))


def skip(moment: Moment, expecting: Expecting | None, intent: Intent) -> Decision:
    entry = moment.entry("skipped", moment.session.step, moment.session.practice, data=_about(moment))
    return moment.say(Prompt("step.skipped"), entries=(entry,), step="")


# --- deeds


def log_done(moment: Moment, intent: Intent) -> Decision:
    """What was done is logged at once, whatever was going on; without words for it, it is the step, else asked for."""
    known = moment.content.amounts
    quantity, unit = intent.slots.get("quantity", ""), intent.slots.get("unit", "")
    if what := intent.slots.get("what", "") or f"{quantity} {unit}".strip():
        amount = amounts.of_deed(known, what, quantity, unit)
        return deed_noted(moment, moment.entry("done", what, amount=amount))
    session = moment.session
    if session.step:
        amount = amounts.find(known, session.step)
        measured = amount if amount and amount.unit else None  # "one hand" is no amount
        entry = moment.entry("done", session.step, session.practice, measured, _about(moment))
        return deed_noted(moment.within(expecting=None, step="", rung=0, about=""), entry)
    return moment.say(Prompt("deed.ask"), expecting=Expecting("deed", then=moment.expecting))


def log_not_done(moment: Moment, intent: Intent) -> Decision:
    """Noted without a word of blame, and something smaller offered."""
    session = moment.session
    if what := intent.slots.get("what", ""):
        return not_done_noted(moment, moment.entry("not_done", what))
    if session.step:
        entry = moment.entry("not_done", session.step, session.practice, data=_about(moment))
        return next_down(moment, Prompt("not_done.noted", {"deed": session.step}), entry=entry)
    return moment.say(Prompt("not_done.ask"), expecting=Expecting("miss", then=moment.expecting))


def not_done_noted(moment: Moment, entry: Entry) -> Decision:
    noted = Prompt("not_done.noted", {"deed": entry.text})
    return offer(moment, SHRINK, first_rung(moment, SHRINK), "step.instead", noted, about=entry.text, entry=entry)


def deed_noted(moment: Moment, entry: Entry) -> Decision:
    """Read a deed back; a question that is open stays open, and is asked again where it is short."""
    noted = Prompt("deed.noted", {"deed": entry.text})
    expecting = moment.expecting
    if expecting is None:
        return moment.say(noted, *_closing(moment), entries=(entry,))
    again = expecting.kind == "answer" and len(expecting.question.split()) <= SHORT_WORDS
    question = (Prompt("question.ask", {"question": expecting.question}),) if again else ()
    return moment.aside(noted, *question, entries=(entry,))


def _closing(moment: Moment) -> tuple[Prompt, ...]:
    """One short line behind the first deed of a day; behind later ones none, for it would wear off."""
    if moment.today in moment.facts.done_by_day:
        return ()
    days = days_in_last(moment.facts, moment.today, CLOSING_DAYS) + 1
    return (Prompt("close.days", {"days": days}) if days > 1 else Prompt("close.deed"),)


def _about(moment: Moment) -> dict[str, object]:
    return {"about": moment.session.about} if moment.session.about else {}
