"""Every prompt that the coach can say, with the names of its slots: the pack has to have exactly these."""

_NO_SLOTS = """
about close.answer close.deed deed.ask evidence.general goodbye greeting.afternoon greeting.evening greeting.morning
greeting.offer guess.let_go guess.no heard.again heard.kept help.doing help.idle help.question help.step help.words
help.yes_no maybe.nothing no.nothing not_done.ask nothing.noted progress.away progress.none question.maybe
question.skipped question.words repeat.nothing skip.nothing slower.done slower.limit faster.done faster.limit
softer.done softer.limit louder.done louder.limit step.accepted step.last step.maybe step.rest step.skipped
step.still_open step.thought step.waiting stop strength.anecdotal strength.mechanistic strength.observational
strength.trial thanks today.enough today.more today.nothing undo.nothing undo.plain undo.setting unheard.first
unheard.second unheard.step unheard.yes_no why.general yes.nothing
"""

KEYS: dict[str, frozenset[str]] = {key: frozenset() for key in _NO_SLOTS.split()} | {
    key: frozenset(slots.split())
    for key, slots in {
        "answer.noted": "answer",
        "close.days": "days",
        "deed.noted": "deed",
        "distress": "number",
        "evidence.practice": "strength note caveat",
        "guess.one": "guess",
        "guess.two": "guess other",
        "heard.ask": "words",
        "not_done.noted": "deed",
        "practice.promise": "promise",
        "progress.early": "days",
        "progress.up": "days",
        "progress.steady": "days",
        "progress.down": "days",
        "question.ask": "question",
        "question.no": "step",
        "question.still_open": "question",
        "step.instead": "step",
        "step.offer": "step",
        "step.smaller": "step",
        "step.smaller_for": "what step",
        "time": "time",
        "today.answers": "items",
        "today.deeds": "items",
        "today.further": "items",
        "undo.words": "words",
        "why.practice": "mechanism",
        # Guesses that name what was heard, see `coach.paraphrase`; every intent has one without slots beside these.
        "paraphrase.AskPractice.practice": "practice",
        "paraphrase.LogDone.what": "what",
        "paraphrase.LogNotDone.what": "what",
        "paraphrase.TooHard.what": "what",
    }.items()
}
