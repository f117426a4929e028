"""A folder of intents of one's own, spoken: what is in it is understood, what is not in it never is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.hearing import graphs
from tests.speech import say
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.adapters.vosk_recognizer import VoskRecognizer
from voice_coach.hearing.engine import Engine
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Intent, NoInput, Verdict

# A home that has nothing to do with the coach: hearing knows only what this says.
HOME = """
language: en
negations: [not, never, don't]
lists:
  room: {values: [kitchen, bedroom, bathroom, living room]}
  minutes: {range: {from: 1, to: 60}}
intents:
  LightOn: {data: [{sentences: ["[please] (turn|switch) on the light[s] in the {room}"]}]}
  LightOff: {data: [{sentences: ["[please] (turn|switch) off the light[s] in the {room}"]}]}
  Timer: {data: [{sentences: ["set a timer for {minutes} minute[s]", "(cancel|stop) the timer"]}]}
  Weather: {data: [{sentences: ["what is the weather [like] (today|tomorrow)", "will it rain (today|tomorrow)"]}]}
  Music: {data: [{sentences: ["play some [quiet] music", "next song [please]"]}]}
  Blinds: {data: [{sentences: ["(open|close) the blinds [in the {room}]"]}]}
  Time: {data: [{sentences: ["what time is it", "tell me the time"]}]}
"""
SAID = {
    "turn on the light in the kitchen": "LightOn",
    "please switch on the lights in the bedroom": "LightOn",
    "switch on the light in the bathroom": "LightOn",
    "turn off the light in the bedroom": "LightOff",
    "please turn off the lights in the living room": "LightOff",
    "switch off the lights in the kitchen": "LightOff",
    "set a timer for twenty five minutes": "Timer",
    "set a timer for one minute": "Timer",
    "set a timer for ten minutes": "Timer",
    "cancel the timer": "Timer",
    "stop the timer": "Timer",
    "what is the weather like tomorrow": "Weather",
    "what is the weather today": "Weather",
    "will it rain today": "Weather",
    "play some quiet music": "Music",
    "next song please": "Music",
    "open the blinds in the bedroom": "Blinds",
    "close the blinds": "Blinds",
    "what time is it": "Time",
    "tell me the time": "Time",
}
UNRELATED = (
    "my grandmother baked bread every sunday morning",
    "the committee postponed its decision until november",
    "he walked slowly along the river with his dog",
    "three students asked about the history exam",
    "a small ship arrived from portugal last week",
    "their garden is full of yellow roses",
    "i forgot to answer a letter from my brother",
    "the train to london leaves from platform nine",
    "she has never liked mushrooms or cheese",
    "nobody knows why the old bridge collapsed",
)
VOICES = ("espeak:en-us", "flite:slt")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("home")
    (folder / "home.yaml").write_text(HOME, encoding="utf-8")
    automaton = compile_grammar(read_grammar(folder))
    graph = graphs.graph_of(automaton)
    assert not graph.unknown
    return Engine(VoskRecognizer(graph.folder), Matcher(automaton))


def understood(engine: Engine, path: Path) -> Verdict:
    return engine.understand(RecordingMicrophone(path)).verdict


def accepted(verdict: Verdict) -> str | None:
    return verdict.name if isinstance(verdict, Intent) else None


@pytest.mark.parametrize("voice", VOICES)
def test_nine_of_ten_sentences_are_understood_and_none_as_something_else(engine: Engine, voice: str) -> None:
    found = {text: accepted(understood(engine, say(text, voice))) for text in SAID}
    missed = {text for text, intent in found.items() if intent is None}
    wrong = {text: intent for text, intent in found.items() if intent not in (None, SAID[text])}
    assert not wrong
    assert len(missed) <= 0.1 * len(SAID), missed


def test_what_has_nothing_to_do_with_the_intents_is_never_accepted(engine: Engine) -> None:
    found = {text: accepted(understood(engine, say(text, VOICES[n % 2]))) for n, text in enumerate(UNRELATED)}
    assert found == dict.fromkeys(UNRELATED)


def test_slots_are_what_was_said(engine: Engine) -> None:
    verdict = understood(engine, say("set a timer for twenty five minutes"))
    assert isinstance(verdict, Intent)
    assert (verdict.name, dict(verdict.slots)) == ("Timer", {"minutes": "twenty five"})


def test_the_same_recording_is_always_heard_in_the_same_way(engine: Engine) -> None:
    path = say("please turn off the lights in the living room", "flite:slt")
    first = understood(engine, path)
    understood(engine, say("next song please"))
    assert understood(engine, path) == first


def test_a_recording_without_a_word_is_no_input(engine: Engine, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "quiet.wav", np.zeros(32_000, np.int16), 16_000)
    assert understood(engine, tmp_path / "quiet.wav") == NoInput()
