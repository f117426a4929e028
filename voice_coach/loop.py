"""One conversation: hear, understand, decide, write down, speak. Only wires; every rule lives elsewhere."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from voice_coach.clocks import Clock
from voice_coach.coaching.coach import decide
from voice_coach.coaching.history import entry_as_json
from voice_coach.coaching.render import render
from voice_coach.coaching.values import Content, Decision, Entry, Prompt, Responses, Session
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Confirm, Intent, NoInput, NoMatch, Utterance, Verdict
from voice_coach.ports import Earcon, Ears, Journal, Mouth

VERDICTS: Mapping[type, str] = {Intent: "accept", Confirm: "confirm", NoMatch: "no_match", NoInput: "no_input"}
CHANGES_VOICE = frozenset({"setting", "undo"})
ECHO_SECONDS = 0.25
"""How long a room goes on sounding after the coach has stopped."""

Report = Callable[[Mapping[str, Any]], None]


@dataclass
class Conversation:
    """Everything that one conversation needs, and the session, which is all that it remembers itself."""

    content: Content
    responses: Responses
    matcher: Matcher
    ears: Ears
    mouth: Mouth
    journal: Journal
    clock: Clock
    report: Report
    """Told every event, as an object of the command-line contract."""
    answer_seconds: float = 8.0
    echo_seconds: float = ECHO_SECONDS
    """Zero where the coach cannot hear itself."""
    session: Session = field(default_factory=Session)

    def run(self) -> None:
        """Until the ears hear no more."""
        self.mouth.chime(Earcon.LISTENING)
        self.ears.forget()
        self.tell("listening")
        while (utterance := self.ears.listen(self.patience())) is not None:
            self.turn(utterance)

    def patience(self) -> float | None:
        """How long to wait for an answer; for ever when none is expected."""
        return self.answer_seconds if self.session.expecting else None

    def turn(self, utterance: Utterance) -> Decision:
        """One exchange. What is to be kept is durable before a word of it is said."""
        verdict = self.matcher.match(utterance)
        now = self.clock.now()
        self.tell("heard", **heard(utterance, verdict))
        decision = decide(self.content, self.session, self.journal.facts(), verdict, now)
        self.act(decision, now)
        return decision

    def act(self, decision: Decision, now: datetime) -> None:
        """Writes, remembers, speaks: in this order."""
        self.write(decision.entries)
        self.session = decision.session
        self.speak(decision.prompts, now, decision.expects_answer)

    def write(self, entries: tuple[Entry, ...]) -> None:
        if not entries:
            return
        written = self.journal.append(entries)
        for entry in written:
            if entry.kind == "undo":
                self.tell("undone", id=entry.data["undoes"])
            else:
                self.tell("logged", entry=entry_as_json(entry))
        if any(entry.kind in CHANGES_VOICE for entry in written):
            self.tune()

    def tune(self) -> None:
        """Speaks as it was last asked to."""
        changed = self.journal.facts().settings
        self.mouth.tune(changed.get("rate", self.content.rate), changed.get("volume", self.content.volume))

    def speak(self, prompts: tuple[Prompt, ...], now: datetime, expects_answer: bool) -> None:
        text = render(self.responses, prompts, now)
        if not text:
            return
        key = "+".join(prompt.key for prompt in prompts)
        self.tell("said", prompt=key, text=text, expects_answer=expects_answer)
        self.mouth.say(text)
        if self.echo_seconds:
            time.sleep(self.echo_seconds)
        self.ears.forget()

    def tell(self, event: str, **details: Any) -> None:
        self.report({"event": event, "at": self.clock.now().isoformat(timespec="seconds"), **details})


def heard(utterance: Utterance, verdict: Verdict) -> dict[str, Any]:
    """What was made of an utterance, as the command-line contract has it."""
    intent = verdict if isinstance(verdict, Intent) else verdict.intent if isinstance(verdict, Confirm) else None
    confidence = getattr(verdict, "confidence", 0.0)
    return {
        "text": getattr(verdict, "text", "") or utterance.text,
        "intent": intent.name if intent else None,
        "slots": dict(intent.slots) if intent else {},
        "confidence": round(confidence, 3),
        "verdict": VERDICTS[type(verdict)],
    }
