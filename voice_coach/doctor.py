"""Examines everything the coach needs, and says in words what it finds and what to do."""

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_coach import assembly
from voice_coach.adapters import devices
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.adapters.speaker import WavSpeaker
from voice_coach.adapters.sqlite_journal import ensure_writable, open_reader, writer_of
from voice_coach.demo import PERSON_RATE, read_script
from voice_coach.errors import CoachError, NoDeviceError
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.engine import Engine
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Intent, Utterance
from voice_coach.packs import Pack
from voice_coach.ports import SAMPLE_RATE_HZ, Microphone, Mouth, Samples, Synthesizer
from voice_coach.settings import Settings

ROUND_TRIPS = 3
"""How many sentences are tried until one is heard as what it means: a single one may be misheard by anybody."""
LEVEL_SECONDS = 0.5
SILENT_DECIBELS = -75.0
"""Of full scale. Even a quiet room is louder than this through a microphone that works."""
CLIPPING = 32_700


@dataclass(frozen=True)
class Finding:
    text: str
    is_problem: bool = False
    """Without it the coach cannot work at all. A missing sound device is not one: the demo and typing work without."""


Check = Callable[[], str]
"""Gives its finding, empty where another check has told it; raises CoachError for what is wrong."""


def examine(settings: Settings, *, model: Path | None, speak: bool) -> Iterator[Finding]:
    """One finding after the other; a broken part never hides the rest, and is told once however many need it."""
    told: set[str] = set()
    with ExitStack() as parts:
        examination = _Examination(settings, model, parts)
        voice = _Aloud(settings, parts) if speak else None
        for check, is_needed in examination.checks():
            finding = _found(check, is_needed)
            if not finding.text or finding.text in told:
                continue
            told.add(finding.text)
            yield finding
            if voice is not None and (trouble := voice.say(finding.text)):
                voice = None
                yield Finding(trouble)


def _found(check: Check, is_needed: bool) -> Finding:
    try:
        return Finding(check())
    except CoachError as error:
        return Finding(f"{error.what} {error.remedy}".strip(), is_needed)


class _Aloud:
    """Says the findings, as long as that works."""

    def __init__(self, settings: Settings, parts: ExitStack) -> None:
        self._settings = settings
        self._parts = parts
        self._mouth: Mouth | None = None

    def say(self, text: str) -> str:
        """Nothing, or that it could not be said. A missing speaker has its own finding, so it is not told here."""
        try:
            if self._mouth is None:
                self._mouth = assembly.mouth_for(self._settings, self._parts, output=None, silent=False)
                self._mouth.tune(self._settings.speech.rate, self._settings.speech.volume)
            self._mouth.say(text)
        except NoDeviceError:
            return "The findings cannot be said aloud on this machine."
        except CoachError as error:
            return f"The findings cannot be said aloud: {error.what}"
        return ""


class _Examination:
    """What one check finds, a later one may use."""

    def __init__(self, settings: Settings, model: Path | None, parts: ExitStack) -> None:
        self.settings = settings
        self.model = model
        self.parts = parts
        self._pack: Pack | None = None
        self._automaton: Automaton | None = None
        self._synthesizer: Synthesizer | None = None

    def checks(self) -> list[tuple[Check, bool]]:
        """Each check, and whether the coach cannot work without what it looks at."""
        return [
            (self.intents, True),
            (self.speech_model, True),
            (self.language_graph, True),
            (self.journal, True),
            (self.speech, True),
            (self.speaker, False),
            (self.microphone, False),
            (self.round_trip, True),
        ]

    def pack(self) -> Pack:
        if self._pack is None:
            self._pack = assembly.pack_for(self.settings)
        return self._pack

    def automaton(self) -> Automaton:
        if self._automaton is None:
            self._automaton = assembly.automaton_of(self.pack().folder)
        return self._automaton

    def synthesizer(self) -> Synthesizer:
        if self._synthesizer is None:
            self._synthesizer = assembly.synthesizer_for(self.settings)
            self.parts.callback(self._synthesizer.close)
        return self._synthesizer

    def intents(self) -> str:
        pack, automaton = self.pack(), self.automaton()
        assembly.check_overlap(automaton)
        templates = automaton.grammar.templates
        intents = len({template.intent for template in templates})
        return (
            f"Language pack {pack.name}: {len(pack.practices)} practices, {intents} intents with {len(templates)} "
            "sentence templates, and no sentence means two things."
        )

    def speech_model(self) -> str:
        path = assembly.model_for(self.settings, self.model)
        return f"Speech model: {path.name} in {path.parent} is whole."

    def language_graph(self) -> str:
        automaton, model = self.automaton(), assembly.model_for(self.settings, self.model)
        begun = time.monotonic()
        graph = assembly.graph_for(automaton, model)
        seconds = time.monotonic() - begun
        words = ", ".join(f"{word} ({place})" for word, place in graph.unknown.items())
        unknown = f"these words can be typed, but not heard: {words}" if words else "the model knows every word of it"
        return f"Language graph: ready after {seconds:.1f} seconds; {unknown}."

    def journal(self) -> str:
        path = self.settings.paths.journal
        with open_reader(path, self.settings.coach.day_ends, named=False) as journal:
            count = sum(1 for _ in journal.entries())
        ensure_writable(path)
        if not path.exists():
            return f"Journal: none yet; the first entry will make {path}."
        entries = "1 entry" if count == 1 else f"{count} entries"
        if writer := writer_of(path):
            return f"Journal: {entries} in {path}; a running coach has it open ({writer})."
        return f"Journal: {entries} in {path}, ready for more."

    def speech(self) -> str:
        text = next(iter(self.pack().practices.values())).promise
        wanted = self.settings.speech
        speech = self.synthesizer().synthesize(text, voice=wanted.voice, rate=wanted.rate, volume=1.0)
        return f"Speech: a sentence became {speech.seconds:.1f} seconds of sound."

    def speaker(self) -> str:
        if not devices.any_sound_device():
            raise NoDeviceError(
                "Sound: this machine has neither a speaker nor a microphone, or this user may not use them.",
                f"The demo and typing (voice-coach chat) work without. {devices.PLUG_IN}",
            )
        device = devices.find(self.settings.audio.output, "output")
        return f"Speaker: {device.name}."

    def microphone(self) -> str:
        if not devices.any_sound_device():
            return ""
        device = devices.find(self.settings.audio.input, "input")
        samples = self._listen_a_moment()
        level = 20 * math.log10(max(1.0, float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))) / 32_768)
        said = f"Microphone: {device.name}, level {level:.0f} decibels of full scale"
        if level < SILENT_DECIBELS:
            return f"{said}: nothing at all comes in. Check that it is not muted."
        if np.abs(samples.astype(np.int32)).max() >= CLIPPING:
            return f"{said}: too loud, it is cut off. Turn its level down."
        return f"{said}: fine."

    def _listen_a_moment(self) -> Samples:
        chunks: list[Samples] = []
        with assembly.live_microphone(self.settings) as microphone:
            while sum(len(chunk) for chunk in chunks) < LEVEL_SECONDS * SAMPLE_RATE_HZ:
                chunk = microphone.read()
                if chunk is None:
                    break
                chunks.append(chunk)
        return np.concatenate(chunks) if chunks else np.zeros(1, np.int16)

    def round_trip(self) -> str:
        """Sentences of the pack, spoken into a file and heard again; needs no sound device."""
        matcher = Matcher(self.automaton())
        graph = assembly.graph_for(matcher.automaton, assembly.model_for(self.settings, self.model))
        engine = Engine(assembly.recognizer_for(graph), matcher)
        lines = [line for line in read_script(self.pack()) if isinstance(matcher.match(Utterance(line["say"])), Intent)]
        misheard: list[str] = []
        for line in lines[:ROUND_TRIPS]:
            heard, meant = engine.understand(self._spoken(line)), matcher.match(Utterance(line["say"]))
            if isinstance(heard.verdict, Intent) and isinstance(meant, Intent) and heard.verdict.name == meant.name:
                return f"Round trip: “{line['say']}” was spoken, heard and understood."
            misheard.append(f"“{line['say']}” was heard as “{heard.utterance.text}”")
        raise CoachError(
            f"Round trip: {'; '.join(misheard)}.",
            "Run voice-coach setup; if that changes nothing, the speech model may not fit the language.",
        )

    def _spoken(self, line: Mapping[str, str]) -> Microphone:
        speech = self.synthesizer().synthesize(line["say"], voice=line["voice"], rate=PERSON_RATE, volume=1.0)
        path = Path(self.parts.enter_context(tempfile.TemporaryDirectory())) / "spoken.wav"
        with closing(WavSpeaker(path)) as file:
            file.play(speech)
        return RecordingMicrophone(path)
