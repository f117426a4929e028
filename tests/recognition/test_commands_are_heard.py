"""What people say to the coach is understood, spoken by voices that it does not use; other talk is left alone."""

from functools import cache

import pytest

from tests.hearing import graphs
from tests.speech import say
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.adapters.vosk_recognizer import VoskRecognizer
from voice_coach.hearing.engine import Engine, Understood
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Intent

VOICES = ("espeak:en-us", "flite:slt", "flite:rms")
SAID = {
    "give me a tiny question": "AskQuestion",
    "ask me a question": "AskQuestion",
    "i want to be more consistent": "AskPractice",
    "how do i remove an obstacle": "AskPractice",
    "that's too hard": "TooHard",
    "i can't face it": "TooHard",
    "i drank a glass of water": "LogDone",
    "i did five push ups": "LogDone",
    "i went for a walk": "LogDone",
    "i'm done": "LogDone",
    "i didn't do it": "LogNotDone",
    "yes please": "Yes",
    "no thanks": "No",
    "say that again please": "Repeat",
    "why is that": "Why",
    "what is the evidence": "Evidence",
    "what can i say": "Help",
    "skip this one": "Skip",
    "stop it now": "Stop",
    "undo that": "Undo",
    "speak more slowly": "Slower",
    "a bit faster please": "Faster",
    "speak louder please": "Louder",
    "turn the volume down": "Softer",
    "how am i doing": "Progress",
    "what did i do today": "Today",
    "good morning coach": "Greeting",
    "goodbye for now": "Goodbye",
    "thank you very much": "ThankYou",
    "what time is it": "TimeNow",
    "are you a robot": "AboutCoach",
    "i want to kill myself": "Distress",
}
UNRELATED = (
    "my grandmother baked bread every sunday morning",
    "the committee postponed its decision until november",
    "he walked slowly along the river with his dog",
    "the weather in scotland is often wet and windy",
    "three students asked about the history exam",
    "a small ship arrived from portugal last week",
    "their garden is full of yellow roses",
    "the train to london leaves from platform nine",
    "she has never liked mushrooms or cheese",
    "nobody knows why the old bridge collapsed",
    "your cousin bought a used car in chicago",
    "the museum is closed on mondays and tuesdays",
    "we could hear the church bells from our hotel",
    "the price of coffee has doubled since january",
    "both teams scored in the second half",
    "there is a hole in the roof above the kitchen",
    "the judge asked the witness to speak clearly",
    "her brother plays the trumpet in a jazz band",
    "most of the islands have no airport",
    "they painted the front door dark green",
)


@cache
def coach(voice: str) -> Engine:
    """One for each voice, for a recognizer gets used to whoever it hears."""
    automaton, graph = graphs.pack_of("en")
    return Engine(VoskRecognizer(graph.folder), Matcher(automaton))


def heard(text: str, voice: str) -> Understood:
    return coach(voice).understand(RecordingMicrophone(say(text, voice)))


def test_nearly_all_commands_are_understood_and_hardly_one_as_another() -> None:
    verdicts = {(text, voice): heard(text, voice).verdict for voice in VOICES for text in SAID}
    taken = {said: found.name for said, found in verdicts.items() if isinstance(found, Intent)}
    wrong = {(text, voice): name for (text, voice), name in taken.items() if name != SAID[text]}
    assert len(wrong) <= 0.03 * len(verdicts), wrong
    assert len(taken) - len(wrong) >= 0.92 * len(verdicts), verdicts.keys() - taken.keys()


@pytest.mark.parametrize("text", ["stop it now", "undo that", "i want to kill myself"])
def test_what_matters_most_is_understood_from_a_clear_voice(text: str) -> None:
    found = heard(text, "flite:slt")
    assert found.utterance.text == text
    assert isinstance(found.verdict, Intent) and found.verdict.name == SAID[text]


@pytest.mark.parametrize("voice", VOICES[1:])
def test_talk_that_is_not_for_the_coach_is_never_acted_on(voice: str) -> None:
    taken = {text: found for text in UNRELATED if isinstance((found := heard(text, voice).verdict), Intent)}
    assert not taken
