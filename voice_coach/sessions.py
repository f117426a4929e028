"""Whole conversations, wired: with microphone or recordings, or typed."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from voice_coach import assembly
from voice_coach.clocks import AudioClock, Clock, SetClock, WallClock
from voice_coach.ears import AudioEars, TypedEars, moment
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.parsing import is_complete
from voice_coach.hearing.words import to_words
from voice_coach.loop import ECHO_SECONDS, Conversation, Report
from voice_coach.mouths import SilentMouth
from voice_coach.packs import Pack
from voice_coach.ports import Journal, Mouth
from voice_coach.settings import Settings

Warn = Callable[[str], None]


def listen(
    settings: Settings,
    *,
    model: Path | None,
    inputs: Sequence[Path],
    output: Path | None,
    now: str | None,
    report: Report,
    warn: Warn,
) -> None:
    """Hears recordings one after the other, or the microphone until it is stopped."""
    start = start_of(now)
    pack = assembly.pack_for(settings)
    automaton = assembly.automaton_of(pack.folder)
    with ExitStack() as parts:
        journal = parts.enter_context(closing(assembly.journal_for(settings)))
        mouth = assembly.mouth_for(settings, parts, output=output, silent=bool(inputs) and output is None)
        ears = ears_for(settings, automaton, model, inputs, warn)
        parts.callback(ears.close)
        mouth.get_ready()
        clock: Clock = WallClock()
        if inputs or now:
            clock = AudioClock(start, lambda: ears.seconds_heard, lambda: mouth.seconds_spoken)
        matcher = Matcher(automaton)
        conversation = conversation_of(settings, pack, matcher, ears, mouth, journal, clock, report)
        if not inputs:
            conversation.echo_seconds = ECHO_SECONDS
            # While nobody has spoken yet: the first thing said should not wait for it.
            threading.Thread(target=matcher.warm_up, daemon=True).start()
        conversation.run()


def ears_for(
    settings: Settings, automaton: Automaton, model: Path | None, inputs: Sequence[Path], warn: Warn
) -> AudioEars:
    """Open ears. The microphone is opened first: whoever has none should not wait for the model to hear so."""
    microphones = assembly.recordings(inputs) or [assembly.live_microphone(settings)]
    with microphones[0]:
        graph = assembly.graph_for(automaton, assembly.model_for(settings, model))
        warn_of_unknown_words(graph.unknown, warn)
        recognizer = assembly.recognizer_for(graph)
    ears = AudioEars(
        microphones,
        recognizer,
        complete_command(automaton),
        waiting=assembly.waiting_for(settings),
        live=not inputs,
    )
    ears.open()
    return ears


def chat(
    settings: Settings, *, lines: Iterable[str], now: str | None, report: Report, stands_still: bool = False
) -> None:
    """The same coach, typed. Time stands still, if not at once then from the moment that a time is given."""
    clock = SetClock(start_of(now) if now or stands_still else None)
    pack = assembly.pack_for(settings)
    matcher = Matcher(assembly.automaton_of(pack.folder))
    with closing(assembly.journal_for(settings)) as journal:
        ears = TypedEars(lines, clock.set)
        conversation_of(settings, pack, matcher, ears, SilentMouth(), journal, clock, report).run()


def conversation_of(
    settings: Settings,
    pack: Pack,
    matcher: Matcher,
    ears: AudioEars | TypedEars,
    mouth: Mouth,
    journal: Journal,
    clock: Clock,
    report: Report,
) -> Conversation:
    """A conversation that cannot hear itself and speaks as it was last asked to."""
    conversation = Conversation(
        content=assembly.content_of(pack, settings),
        responses=pack.responses,
        matcher=matcher,
        ears=ears,
        mouth=mouth,
        journal=journal,
        clock=clock,
        report=report,
        answer_seconds=settings.coach.answer_seconds * settings.hearing.patience,
        echo_seconds=0.0,
    )
    conversation.tune()
    return conversation


def complete_command(automaton: Automaton) -> Callable[[str], bool]:
    """Whether words are a whole command that nothing can follow."""
    return lambda text: is_complete(automaton, to_words(text, automaton.grammar.language))


def start_of(now: str | None) -> datetime:
    return moment(now) if now else WallClock().now()


def warn_of_unknown_words(unknown: Mapping[str, str], warn: Warn) -> None:
    """One sentence for each word of the templates that the model cannot hear."""
    for word, place in unknown.items():
        warn(f"{place}: the speech model does not know the word “{word}”, so it can be typed but not heard.")
