"""What the coach does with what was heard. PURE: every rule about a conversation lives here and in the modules that
this one calls, and nowhere else; no clock, no chance, no input or output, no words of any language.

    decide(content, session, facts, turn, now) -> Decision

The tables below say which function answers which intent, and which one a yes, a no or free words, by what is expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from voice_coach.coaching import asides, keys, questions, steps
from voice_coach.coaching.moment import Moment
from voice_coach.coaching.values import Content, Decision, Expecting, Facts, Prompt, Session, Turn
from voice_coach.hearing.values import Confirm, Intent, NoInput, NoMatch

STALE = timedelta(hours=2)
"""After so long without a word, what was open is not open any more."""
MOST_MISSES = 2
"""How often in a row the coach says that it did not understand; then it lets go."""

Handler = Callable[[Moment, Intent], Decision]
Reply = Callable[[Moment, Expecting, Intent], Decision]


def decide(content: Content, session: Session, facts: Facts, turn: Turn, now: datetime) -> Decision:
    """What follows from a turn: what to say, what to write into the journal first, and what is then expected."""
    if session.at is not None and abs(now - session.at) > STALE:
        session = Session()
    moment = Moment(content, session, facts, now)
    if isinstance(turn, NoInput):
        return _silence(moment)
    decision = _answer(moment, turn)
    return replace(decision, session=replace(decision.session, at=now))


def opening(content: Content, session: Session, facts: Facts, now: datetime) -> Decision:
    """The first words of a conversation: a greeting and one tiny question."""
    moment = Moment(content, replace(session, at=now), facts, now)
    return questions.ask(moment, None, asides.greeting_prompt(moment))


def _answer(moment: Moment, turn: Intent | Confirm | NoMatch) -> Decision:
    match turn:
        case Intent():
            return _understood(moment, turn)
        case Confirm():
            return _doubtful(moment, turn)
        case NoMatch():
            return _free_words(moment, turn)


# --- understood


def _understood(moment: Moment, intent: Intent) -> Decision:
    handler = HANDLERS.get(intent.name)
    if handler is None:  # a pack may have intents that this coach does not know
        return _free_words(moment, NoMatch(intent.text, intent.confidence))
    wrong_guesses = moment.session.wrong_guesses if intent.name == "No" else 0
    moment = moment.within(misses=0, quiet=False, wrong_guesses=wrong_guesses)
    if intent.name in SETS_ASIDE:
        moment = moment.within(expecting=_without_detour(moment.expecting))
    return handler(moment, intent)


def _without_detour(expecting: Expecting | None) -> Expecting | None:
    """What was open before the coach had to ask back. Words that were asked back are kept, so that is settled."""
    if expecting is None or expecting.kind == "heard":
        return None
    return expecting.then if expecting.kind in DETOURS else expecting


def _ask_question(moment: Moment, intent: Intent) -> Decision:
    return questions.ask(moment, moment.practice)


def _ask_practice(moment: Moment, intent: Intent) -> Decision:
    practice = moment.content.practices.get(intent.slots.get("practice", ""))
    if practice is None:
        return _missed(moment)
    promise = Prompt("practice.promise", {"promise": practice.promise})
    if practice.id in OPEN_WITH_A_STEP:
        return steps.offer(moment, practice.id, steps.first_rung(moment, practice.id), "step.offer", promise)
    return questions.ask(moment, practice, promise)


def _stop(moment: Moment, intent: Intent) -> Decision:
    return Decision(Session(), (Prompt("stop"),), ends=True)


def _goodbye(moment: Moment, intent: Intent) -> Decision:
    return Decision(Session(), (Prompt("goodbye"),), ends=True)


def _distress(moment: Moment, intent: Intent) -> Decision:
    """No exercise, no entry, and nothing of what was said is kept; then the coach is quiet."""
    said = (Prompt("distress", {"number": moment.content.emergency_number}),)
    return Decision(Session(said=said, quiet=True), said)


def _reply(replies: Mapping[str, Reply], otherwise: str) -> Handler:
    """A yes, no, maybe or skip: what it means depends on what is expected."""

    def handle(moment: Moment, intent: Intent) -> Decision:
        expecting = moment.expecting
        reply = replies.get(expecting.kind) if expecting else None
        return reply(moment, expecting, intent) if reply and expecting else moment.remark(Prompt(otherwise))

    return handle


def _skip(moment: Moment, intent: Intent) -> Decision:
    if moment.expecting is None and moment.session.step:
        return steps.skip(moment, None, intent)
    return _reply(SKIP, "skip.nothing")(moment, intent)


def _undo(moment: Moment, intent: Intent) -> Decision:
    expecting = moment.expecting
    if expecting is not None and expecting.kind == "heard":
        return questions.heard_wrong(moment, expecting, intent)
    return asides.undo(moment, intent)


# --- doubtful


def _doubtful(moment: Moment, turn: Confirm) -> Decision:
    """Ask back before acting. Where free words are awaited, only a command that would change the conversation is
    worth asking about: everything else is the answer."""
    candidates = tuple(candidate for candidate in turn.candidates if candidate.name in HANDLERS)
    names = {candidate.name for candidate in candidates}
    open_before = _behind_guess(moment.expecting)
    awaits_words = open_before is not None and open_before.kind in questions.FREE_WORDS
    if not names or (awaits_words and not names & CONTROLS):
        return _free_words(moment, NoMatch(turn.text, turn.confidence))
    if DISTRESS in names:
        candidates = (Intent(DISTRESS),)  # its words are not kept, not even until the answer
    elif moment.session.quiet:
        return moment.hush()
    return _ask_back(moment.within(expecting=open_before), candidates[:2])


def _behind_guess(expecting: Expecting | None) -> Expecting | None:
    return expecting.then if expecting is not None and expecting.kind == "confirm" else expecting


def _ask_back(moment: Moment, candidates: tuple[Intent, ...]) -> Decision:
    guesses = [paraphrase(moment.content, candidate) for candidate in candidates]
    if len(guesses) == 1:
        prompt = Prompt("guess.one", {"guess": guesses[0]})
    else:
        prompt = Prompt("guess.two", {"guess": guesses[0], "other": guesses[1]})
    return moment.say(prompt, expecting=Expecting("confirm", candidates=candidates, then=moment.expecting))


def paraphrase(content: Content, intent: Intent) -> Prompt:
    """The intent told back, with its words where the pack has a way to name them."""
    key = f"paraphrase.{intent.name}"
    slots = {name: value for name, value in intent.slots.items() if f"{key}.{name}" in keys.KEYS}
    for name, value in slots.items():
        practice = content.practices.get(value) if name == "practice" else None
        return Prompt(f"{key}.{name}", {name: practice.name if practice else value})
    return Prompt(key)


def _guess_right(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """Acts as if it had been clear. A yes to "this, or that?" does not say which: the likelier one is asked alone."""
    before = moment.within(expecting=expecting.then)
    if len(expecting.candidates) > 1:
        return _ask_back(before, expecting.candidates[:1])
    return _understood(before, expecting.candidates[0])


def _guess_wrong(moment: Moment, expecting: Expecting, intent: Intent) -> Decision:
    """What was open is open again. Asked once what was meant, kindly; a second wrong guess is let go."""
    wrong = moment.session.wrong_guesses
    key = "guess.let_go" if wrong else "guess.no"
    return moment.say(Prompt(key), expecting=expecting.then, wrong_guesses=wrong + 1)


# --- not understood


def _free_words(moment: Moment, turn: NoMatch) -> Decision:
    """The answer, where words are awaited (also behind a guess that was asked back); else not understood."""
    text = " ".join(turn.text.split())
    if not text:
        return _silence(moment)
    expecting = _behind_guess(moment.expecting)
    take = questions.FREE_WORDS.get(expecting.kind) if expecting else None
    if take is None or expecting is None:
        return _missed(moment)
    return take(moment.within(expecting=expecting, misses=0), expecting, text, turn.confidence)


def _missed(moment: Moment) -> Decision:
    """Says so, the second time more simply, and then lets go: no nagging."""
    misses = moment.session.misses
    if moment.session.quiet:
        return moment.hush()
    if misses >= MOST_MISSES:
        return moment.hush(misses=misses + 1, expecting=None)
    key = UNHEARD.get(moment.expecting.kind) if moment.expecting else None
    prompt = Prompt(key or ("unheard.second" if misses else "unheard.first"))
    return Decision(replace(moment.session, misses=misses + 1), (prompt,))


def _silence(moment: Moment) -> Decision:
    """Nobody spoke: an open question or offer is put once more, softly; everything else is let go without a word."""
    expecting = moment.expecting
    if expecting is None:
        return moment.hush()
    if expecting.asked_again or expecting.kind not in ("answer", "step"):
        return moment.hush(expecting=None)
    softly = Prompt("step.still_open")
    if expecting.kind == "answer":
        softly = Prompt("question.still_open", {"question": expecting.question})
    return moment.say(softly, expecting=replace(expecting, asked_again=True))


# --- the tables

DISTRESS = "Distress"
OPEN_WITH_A_STEP = frozenset({"shrink_the_step", "consistency"})
"""Practices that begin with something to do; the others begin with a question."""
DETOURS = frozenset({"confirm", "deed", "miss", "more"})
"""Kinds of questions back, behind which another question may be open."""
SETS_ASIDE = frozenset({"AskQuestion", "AskPractice", "TooHard", "LogDone", "LogNotDone"})
"""What answers or overtakes an open question back. Everything else leaves it open."""
UNHEARD = {"step": "unheard.step", "doing": "unheard.step", "confirm": "unheard.yes_no", "more": "unheard.yes_no"}

YES: dict[str, Reply] = {
    "answer": questions.yes_to_question,
    "deed": questions.yes_to_question,
    "miss": questions.yes_to_question,
    "step": steps.accept,
    "doing": steps.wait,
    "confirm": _guess_right,
    "heard": questions.heard_right,
    "more": asides.more,
}
NO: dict[str, Reply] = {
    "answer": questions.no_to_question,
    "deed": questions.no_to_question,
    "miss": questions.no_to_question,
    "step": steps.turn_down,
    "doing": steps.turn_down,
    "confirm": _guess_wrong,
    "heard": questions.heard_wrong,
    "more": asides.no_more,
}
MAYBE: dict[str, Reply] = {
    "answer": questions.maybe_to_question,
    "deed": questions.no_to_question,
    "miss": questions.no_to_question,
    "step": steps.leave_open,
    "doing": steps.leave_open,
    "confirm": _guess_wrong,
    "heard": questions.heard_right,  # kept already, and marked as unsure
    "more": asides.no_more,
}
SKIP: dict[str, Reply] = {
    "answer": questions.skip_question,
    "deed": questions.skip_question,
    "miss": questions.skip_question,
    "step": steps.skip,
    "doing": steps.skip,
    "confirm": _guess_wrong,
    "heard": questions.heard_right,
    "more": asides.no_more,
}
HANDLERS: dict[str, Handler] = {
    "AskQuestion": _ask_question,
    "AskPractice": _ask_practice,
    "TooHard": steps.too_hard,
    "LogDone": steps.log_done,
    "LogNotDone": steps.log_not_done,
    "Yes": _reply(YES, "yes.nothing"),
    "No": _reply(NO, "no.nothing"),
    "Maybe": _reply(MAYBE, "maybe.nothing"),
    "Skip": _skip,
    "Undo": _undo,
    "Repeat": asides.repeat,
    "Help": asides.help_,
    "Why": asides.why,
    "Evidence": asides.evidence,
    "Progress": asides.progress,
    "Today": asides.today,
    "Slower": asides.slower,
    "Faster": asides.faster,
    "Louder": asides.louder,
    "Softer": asides.softer,
    "Greeting": asides.greet,
    "ThankYou": asides.welcome,
    "TimeNow": asides.tell_time,
    "AboutCoach": asides.introduce,
    "Stop": _stop,
    "Goodbye": _goodbye,
    DISTRESS: _distress,
}
CONTROLS = frozenset(HANDLERS) - {
    "AskQuestion",
    "AskPractice",
    "LogDone",
    "LogNotDone",
    "Yes",
    "No",
    "Maybe",
    "Greeting",
    "ThankYou",
    "AboutCoach",
}
"""Asked about even where free words are awaited."""
KEYS = keys.KEYS | {f"paraphrase.{name}": frozenset[str]() for name in HANDLERS}
"""Every prompt key, with the names of its slots."""
PRACTICES = frozenset({steps.SHRINK, questions.SMALL_QUESTIONS})
"""Practices that the coach cannot do without."""
