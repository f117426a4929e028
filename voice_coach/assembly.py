"""Puts the parts together as the settings want them: which model, which pack, which microphone, which journal."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import platformdirs

from voice_coach import catalog
from voice_coach.adapters.sqlite_journal import SqliteJournal
from voice_coach.coaching.values import Content
from voice_coach.errors import PackError
from voice_coach.hearing import automaton_cache, phrase_cache
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.endpointing import Waiting
from voice_coach.hearing.intent_files import sentence_files
from voice_coach.hearing.language_graph import LanguageGraph, language_graph
from voice_coach.hearing.parsing import overlap
from voice_coach.mouths import SilentMouth
from voice_coach.packs import SETTINGS_FILE, Pack, languages, pack_folder, read_pack
from voice_coach.ports import Microphone, Mouth, Recognizer, Synthesizer
from voice_coach.settings import APPLICATION, Settings, load_settings
from voice_coach.yaml_source import read_yaml


def settings_for(config: Path | None, **flags: object) -> Settings:
    """The settings in force; flags are given with two underscores for the point (speech__rate=180)."""
    overrides = {key.replace("__", "."): value for key, value in flags.items() if value is not None}
    return load_settings(config, os.environ, overrides)


def cache_folder() -> Path:
    """Where things are kept that can be made again."""
    return Path(platformdirs.user_cache_dir(APPLICATION, appauthor=False))


def pack_for(settings: Settings) -> Pack:
    return read_pack(pack_folder(settings.coach.language))


def content_of(pack: Pack, settings: Settings) -> Content:
    speech = settings.speech
    return pack.content(settings.coach.emergency_number, settings.coach.day_ends, speech.rate, speech.volume)


def automaton_of(folder: Path) -> Automaton:
    """The automaton of a folder of sentence files. A foreign folder without negations gets those of our pack."""
    negations = frozenset() if (folder / SETTINGS_FILE).exists() else _negations(folder)
    return automaton_cache.automaton_of(folder, cache_folder() / "automata", negations)


def _negations(folder: Path) -> frozenset[str]:
    for path in sentence_files(folder):
        document = read_yaml(path)
        if isinstance(document, dict) and document.get("language"):
            language = str(document["language"])
            return automaton_of(pack_folder(language)).grammar.negations if language in languages() else frozenset()
    return frozenset()


def check_overlap(automaton: Automaton) -> None:
    """Raises PackError when two intents claim the same sentence."""
    found = overlap(automaton)
    if found is None:
        return
    first, second = (automaton.grammar.templates[index] for index in (found.first, found.second))
    raise PackError(
        f"“{found.sentence}” means two things: {first.intent} ({first.where}) and {second.intent} ({second.where}).",
        "Take it out of one of the two.",
    )


def model_for(settings: Settings, explicit: Path | None) -> Path:
    """The speech model to use, checked: Vosk exits or crashes on a bad one. Raises ModelError."""
    path = catalog.find_model(explicit=explicit, configured=settings.hearing.model)
    catalog.ensure_sound(path)
    return path


def graph_for(automaton: Automaton, model: Path) -> LanguageGraph:
    """The language graph for these templates; made now if it is not there yet."""
    return language_graph(
        automaton,
        model,
        cache_folder() / "graphs",
        before_building=check_overlap,
        phrases=lambda: phrase_cache.phrases_of(automaton.grammar.files, cache_folder() / "phrases"),
    )


def recognizer_for(graph: LanguageGraph) -> Recognizer:
    from voice_coach.adapters.vosk_recognizer import VoskRecognizer

    return VoskRecognizer(graph.folder)


def waiting_for(settings: Settings) -> Waiting:
    return Waiting().scaled(settings.hearing.patience)


def recordings(paths: Iterable[Path]) -> list[Microphone]:
    from voice_coach.adapters.recording import RecordingMicrophone

    return [RecordingMicrophone(path) for path in paths]


def journal_for(settings: Settings) -> SqliteJournal:
    """The journal, opened for writing. Raises JournalError, for instance when another coach holds it."""
    return journal_at(settings.paths.journal, settings)


def journal_at(path: Path, settings: Settings) -> SqliteJournal:
    return SqliteJournal(path, settings.coach.day_ends)


def live_microphone(settings: Settings) -> Microphone:
    from voice_coach.adapters.microphone import SoundDeviceMicrophone

    return SoundDeviceMicrophone(settings.audio.input)


def synthesizer_for(settings: Settings) -> Synthesizer:
    from voice_coach.adapters.synthesizer import Pyttsx3Synthesizer

    return Pyttsx3Synthesizer(settings.coach.language)


def mouth_for(settings: Settings, parts: ExitStack, *, output: Path | None, silent: bool) -> Mouth:
    """Into a WAV file, to the speaker, or nowhere; what has to be closed afterwards is given to `parts`."""
    if silent:
        return SilentMouth()
    from voice_coach.adapters.speaker import SoundDeviceSpeaker, WavSpeaker
    from voice_coach.adapters.spoken import SpokenMouth

    speaker = SoundDeviceSpeaker(settings.audio.output) if output is None else WavSpeaker(output)
    synthesizer = synthesizer_for(settings)
    parts.callback(synthesizer.close)
    parts.callback(speaker.close)
    # A file holds what was said, one thing after the other; chimes are for somebody who is there.
    earcons = settings.audio.earcons and output is None
    return SpokenMouth(synthesizer, speaker, voice=settings.speech.voice, earcons=earcons)
