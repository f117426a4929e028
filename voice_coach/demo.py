"""A rehearsed conversation with everything real but the person: synthetic speech in files, heard and answered."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_coach import assembly
from voice_coach.adapters.recording import RecordingMicrophone
from voice_coach.adapters.speaker import WavSpeaker
from voice_coach.clocks import AudioClock, WallClock
from voice_coach.ears import AudioEars
from voice_coach.errors import PackError
from voice_coach.hearing.matching import Matcher
from voice_coach.loop import Report
from voice_coach.packs import Pack
from voice_coach.ports import Earcon, Microphone, Speech, Synthesizer
from voice_coach.sessions import complete_command, conversation_of
from voice_coach.settings import Settings
from voice_coach.yaml_source import read_yaml

SCRIPT_FILE = "demo.yaml"
PERSON_RATE = 150
"""Words a minute: an unhurried person."""


@dataclass
class Stage:
    """The folder of the performance: every spoken turn becomes a file of its own, numbered in order."""

    folder: Path
    synthesizer: Synthesizer
    turns: int = 0
    seconds_spoken: float = 0.0
    rate: int = 160
    volume: float = 1.0
    voice: str = ""
    paths: list[Path] = field(default_factory=list)

    def record(self, who: str, speech: Speech) -> Path:
        self.turns += 1
        path = self.folder / f"{self.turns:02}-{who}.wav"
        path.unlink(missing_ok=True)
        with closing(WavSpeaker(path)) as file:
            file.play(speech)
        return path

    def get_ready(self) -> None:
        """Raises SpeechError when nobody can speak."""
        self.synthesizer.get_ready()

    def say(self, text: str) -> None:
        """The coach speaks."""
        speech = self.synthesizer.synthesize(text, voice=self.voice, rate=self.rate, volume=self.volume)
        self.record("coach", speech)
        self.seconds_spoken += speech.seconds

    def tune(self, rate: float, volume: float) -> None:
        self.rate, self.volume = round(rate), volume

    def chime(self, earcon: Earcon) -> None:
        """No earcons on stage: each file is one spoken turn."""

    def people(self, script: list[dict[str, Any]]) -> Iterator[Microphone]:
        """What the people say, one recording after the other, each made when its turn has come."""
        for line in script:
            speech = self.synthesizer.synthesize(line["say"], voice=line["voice"], rate=PERSON_RATE, volume=1.0)
            yield RecordingMicrophone(self.record("you", speech))


def rehearse(
    settings: Settings, *, model: Path | None, output_dir: Path | None, keep_journal: bool, report: Report
) -> Path:
    """Plays the pack's script; returns the folder with the spoken turns. The journal is one of its own, in that folder,
    unless `keep_journal` says that the person named one."""
    pack = assembly.pack_for(settings)
    script = read_script(pack)
    folder = made_folder(output_dir)
    automaton = assembly.automaton_of(pack.folder)
    graph = assembly.graph_for(automaton, assembly.model_for(settings, model))
    with ExitStack() as parts:
        synthesizer = assembly.synthesizer_for(settings)
        parts.callback(synthesizer.close)
        path = settings.paths.journal if keep_journal else folder / "journal.sqlite3"
        journal = parts.enter_context(closing(assembly.journal_at(path, settings)))
        stage = Stage(folder, synthesizer, voice=settings.speech.voice)
        ears = AudioEars(stage.people(script), assembly.recognizer_for(graph), complete_command(automaton))
        clock = AudioClock(WallClock().now(), lambda: ears.seconds_heard, lambda: stage.seconds_spoken)
        conversation_of(settings, pack, Matcher(automaton), ears, stage, journal, clock, report).run()
    return folder


def read_script(pack: Pack) -> list[dict[str, Any]]:
    """The lines of the pack's demo: who speaks and what is said. Raises PackError."""
    path = pack.folder / SCRIPT_FILE
    document = read_yaml(path)
    lines = document.get("demo") if isinstance(document, dict) else None
    if not isinstance(lines, list) or not all(
        isinstance(line, dict) and {"voice", "say"} <= line.keys() for line in lines
    ):
        raise PackError(f"{path} has no demo.", "Give it `demo:`, a list of {voice: …, say: …}.")
    return lines


def made_folder(wanted: Path | None) -> Path:
    """The folder for the spoken turns. Raises PackError when it cannot be made."""
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="voice-coach-demo-"))
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PackError(
            f"{wanted} cannot be made a folder: {error.strerror}.", "Choose another --output-dir."
        ) from None
    return wanted
