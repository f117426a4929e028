"""Hearing put together: a recording in, what it means out. Anyone can point it at intents of their own."""

from dataclasses import dataclass

from voice_coach.hearing.matching import Explanation, Matcher
from voice_coach.hearing.values import Utterance, Verdict
from voice_coach.ports import Microphone, Recognizer, chunks_of


@dataclass(frozen=True)
class Understood:
    utterance: Utterance
    verdict: Verdict
    explanation: Explanation


@dataclass(frozen=True)
class Engine:
    """A recognizer and a matcher that were made from the same templates."""

    recognizer: Recognizer
    matcher: Matcher

    def understand(self, microphone: Microphone) -> Understood:
        """Hears a whole recording as one utterance, pauses included."""
        self.recognizer.reset()
        with microphone as source:
            for chunk in chunks_of(source):
                self.recognizer.accept(chunk)
        return self.judge(self.recognizer.finish() or Utterance(""))

    def judge(self, utterance: Utterance) -> Understood:
        verdict, explanation = self.matcher.explain(utterance)
        return Understood(utterance, verdict, explanation)
