"""Tiny questions: which one is next, and what becomes of its answer. PURE."""

from dataclasses import replace
from datetime import date

from voice_coach.coaching import amounts, steps
from voice_coach.coaching.moment import Moment
from voice_coach.coaching.values import Decision, Entry, Expecting, Practice, Prompt
from voice_coach.hearing.values import Intent

SMALL_QUESTIONS = "small_questions"
NOT_AGAIN_DAYS = 30
UNSURE_BELOW = 0.5
"""Words heard with less confidence than this are kept, but read back as a question."""
SURE = 1.0


# --- asking


def next_question(moment: Moment, practice: Practice | None) -> tuple[str, str]:
    """The practice and the question to ask now: one of its own that was not asked for NOT_AGAIN_DAYS, else one of
    another practice, else the one asked longest ago. Among equals the day decides."""
    practices = moment.content.practices
    first = practice or practices[SMALL_QUESTIONS]
    for group in ([first], list(practices.values())):
        fresh = [
            (one.id, question)
            for one in group
            for question in one.questions
            if _days_since(moment, question) >= NOT_AGAIN_DAYS
        ]
        if fresh:
            longest = max(_days_since(moment, question) for _, question in fresh)
            equals = [one for one in fresh if _days_since(moment, one[1]) == longest]
            return equals[moment.today.toordinal() % len(equals)]
    everything = ((one.id, question) for one in practices.values() for question in one.questions)
    return max(everything, key=lambda one: _days_since(moment, one[1]))


def _days_since(moment: Moment, question: str) -> int:
    """A question never asked is one asked before all days."""
    return (moment.today - moment.facts.asked.get(question, date.min)).days


def ask(moment: Moment, practice: Practice | None, *before: Prompt) -> Decision:
    """Ask a tiny question, with one sentence before it at most."""
    practice_id, question = next_question(moment, practice)
    return moment.say(
        *before,
        Prompt("question.ask", {"question": question}),
        expecting=Expecting("answer", practice_id, question),
        entries=(moment.entry("prompt", question, practice_id, data={"question": question}),),
        practice=practice_id,
        rung=0,
        step="",
        about="",
    )


# --- answers


def answer(moment: Moment, expecting: Expecting, text: str, confidence: float) -> Decision:
    """Free words to a question: kept in the person's own words, then read back."""
    data = _data(confidence, question=expecting.question)
    text = moment.own_words("answer", text)
    entry = moment.entry("answer", text, expecting.practice, data=data)
    if confidence < UNSURE_BELOW:
        return _read_back_asking(moment, expecting, entry)
    return moment.say(Prompt("answer.noted", {"answer": text}), Prompt("close.answer"), entries=(entry,))


def deed_in_words(moment: Moment, expecting: Expecting, text: str, confidence: float) -> Decision:
    """Free words to "what did you do?"."""
    text = moment.own_words("done", text)
    entry = moment.entry("done", text, amount=amounts.find(moment.content.amounts, text), data=_data(confidence))
    if confidence < UNSURE_BELOW:
        return _read_back_asking(moment, expecting, entry)
    return steps.deed_noted(moment.within(expecting=expecting.then), entry)


def missed_deed_in_words(moment: Moment, expecting: Expecting, text: str, confidence: float) -> Decision:
    """Free words to what was not done: kept, and something smaller offered."""
    entry = moment.entry("not_done", moment.own_words("not_done", text), data=_data(confidence))
    if confidence < UNSURE_BELOW:
        return _read_back_asking(moment, expecting, entry)
    return steps.not_done_noted(moment, entry)


def _data(confidence: float, **data: str) -> dict[str, object]:
    return {**data, "confidence": round(confidence, 2)} if confidence < UNSURE_BELOW else {**data}


def _read_back_asking(moment: Moment, expecting: Expecting, entry: Entry) -> Decision:
    heard = Expecting("heard", expecting.practice, text=entry.text, then=expecting)
    return moment.say(Prompt("heard.ask", {"words": entry.text}), expecting=heard, entries=(entry,))


# --- yes, no and maybe where words were asked for


def yes_to_question(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """A yes is no answer to "what"; asked for words once, then it is kept as it is."""
    if not expecting.wants_words:
        return moment.say(Prompt("question.words"), expecting=replace(expecting, wants_words=True))
    if expecting.kind == "answer":
        return answer(moment, expecting, intent.text, SURE)
    return moment.say(Prompt("nothing.noted"), expecting=expecting.then)


def no_to_question(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """No is a fine answer: one step is offered, the smallest there is."""
    if expecting.kind != "answer" or expecting.practice is None:
        return moment.say(Prompt("nothing.noted"), expecting=expecting.then)
    smallest = len(moment.content.practices[expecting.practice].ladder) - 1
    return steps.offer(moment, expecting.practice, smallest, "question.no")


def maybe_to_question(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    return moment.say(Prompt("question.maybe"), expecting=expecting.then)


def skip_question(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    if expecting.kind != "answer":
        return moment.say(Prompt("nothing.noted"), expecting=expecting.then)
    entry = moment.entry("skipped", practice=expecting.practice, data={"question": expecting.question})
    return moment.say(Prompt("question.skipped"), entries=(entry,))


# --- words that were hardly heard: kept already, and asked back


def heard_right(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    return moment.say(Prompt("heard.kept"))


def heard_wrong(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """Taken back, and the question is open again."""
    return moment.say(Prompt("heard.again"), expecting=expecting.then, entries=_take_back(moment, expecting))


def heard_otherwise(moment: Moment, expecting: Expecting, text: str, confidence: float) -> Decision:
    """Said once more in other words: these replace the first ones, and are not asked back again."""
    question = expecting.then
    if question is None:
        return heard_right(moment, expecting, Intent("Yes"))
    decision = FREE_WORDS[question.kind](moment, question, text, SURE)
    return replace(decision, entries=_take_back(moment, expecting) + decision.entries)


def _take_back(moment: Moment, expecting: Expecting) -> tuple[Entry, ...]:
    kept = [entry for entry in moment.facts.undoable if entry.text == expecting.text]
    return (moment.entry("undo", data={"undoes": kept[-1].id}),) if kept else ()


FREE_WORDS = {
    "answer": answer,
    "deed": deed_in_words,
    "miss": missed_deed_in_words,
    "heard": heard_otherwise,
}
"""What free words mean, by what is expected. Everything else that is expected takes no free words."""
