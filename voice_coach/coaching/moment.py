"""One moment of a conversation: all that a decision may look at, and the two ways to make one. PURE."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from voice_coach.coaching.amounts import Amount
from voice_coach.coaching.history import local_day
from voice_coach.coaching.own_words import without_leads
from voice_coach.coaching.values import Content, Decision, Entry, Expecting, Facts, Practice, Prompt, Session


@dataclass(frozen=True)
class Moment:
    content: Content
    session: Session
    facts: Facts
    now: datetime

    @property
    def expecting(self) -> Expecting | None:
        return self.session.expecting

    @property
    def today(self) -> date:
        return local_day(self.now, self.content.day_ends)

    @property
    def practice(self) -> Practice | None:
        """The practice that the conversation is about."""
        return self.content.practices.get(self.session.practice or "")

    def within(self, **changes: Any) -> "Moment":
        """The same moment, as if the session had been a little different."""
        return replace(self, session=replace(self.session, **changes))

    def say(
        self,
        *prompts: Prompt,
        expecting: Expecting | None = None,
        entries: tuple[Entry, ...] = (),
        **changes: Any,
    ) -> Decision:
        """Say this; what was open is closed, unless `expecting` opens something. `changes` are for the session."""
        session = replace(self.session, expecting=expecting, said=prompts, **changes)
        return Decision(session, prompts, entries)

    def aside(self, *prompts: Prompt, entries: tuple[Entry, ...] = ()) -> Decision:
        """Say this and leave open what was open."""
        return self.say(*prompts, expecting=self.expecting, entries=entries)

    def remark(self, *prompts: Prompt, entries: tuple[Entry, ...] = ()) -> Decision:
        """Say this in passing: what was open stays open, and "repeat" gives what was said before."""
        return Decision(self.session, prompts, entries)

    def hush(self, **changes: Any) -> Decision:
        """Say nothing; "repeat" still gives what was said before."""
        return Decision(replace(self.session, **changes))

    def own_words(self, kind: str, text: str) -> str:
        """What an entry of this kind keeps of what was said."""
        return without_leads(text, self.content.leads.get(kind, frozenset()))

    def entry(
        self,
        kind: str,
        text: str = "",
        practice: str | None = None,
        amount: Amount | None = None,
        data: dict[str, Any] | None = None,
    ) -> Entry:
        quantity, unit = (amount.quantity, amount.unit) if amount else (None, None)
        return Entry(self.now, kind, practice, text, quantity, unit, data or {})
