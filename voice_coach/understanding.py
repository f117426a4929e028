"""What the engine makes of recordings or typed lines, with reasons; no coach, no journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

from voice_coach import assembly
from voice_coach.errors import CoachError
from voice_coach.hearing.automaton import ANY, Automaton
from voice_coach.hearing.engine import Engine, Understood
from voice_coach.hearing.matching import Matcher
from voice_coach.hearing.values import Confirm, NoInput, NoMatch, Utterance
from voice_coach.loop import heard
from voice_coach.packs import pack_folder
from voice_coach.sessions import Warn, warn_of_unknown_words
from voice_coach.settings import Settings


@dataclass(frozen=True)
class Result:
    file: str | None
    understood: Understood
    cpu_seconds: float
    automaton: Automaton


def understand(
    settings: Settings,
    *,
    intents: Path | None,
    files: Sequence[Path],
    lines: Iterable[str] | None,
    model: Path | None,
    warn: Warn,
) -> Iterator[Result | CoachError]:
    """One result for each recording or line; a recording that cannot be read is an error in its place."""
    automaton = assembly.automaton_of(intents or pack_folder(settings.coach.language))
    matcher = Matcher(automaton)
    if lines is not None:
        assembly.check_overlap(automaton)
        for line in lines:
            begun = process_time()
            verdict, explanation = matcher.explain(Utterance(line))
            understood = Understood(Utterance(line), verdict, explanation)
            yield Result(None, understood, process_time() - begun, automaton)
        return
    graph = assembly.graph_for(automaton, assembly.model_for(settings, model))
    warn_of_unknown_words(graph.unknown, warn)
    engine = Engine(assembly.recognizer_for(graph), matcher)
    for path in files:
        begun = process_time()
        try:
            understood = engine.understand(assembly.recordings([path])[0])
        except CoachError as error:
            yield error
            continue
        yield Result(str(path), understood, process_time() - begun, automaton)


def as_object(result: Result) -> Mapping[str, Any]:
    """The object of the command-line contract."""
    details = heard(result.understood.utterance, result.understood.verdict)
    return {
        "file": result.file,
        "intent": details["intent"],
        "slots": details["slots"],
        "text": details["text"],
        "confidence": details["confidence"],
        "verdict": details["verdict"],
        "audio_seconds": round(result.understood.utterance.audio_seconds, 3),
        "cpu_seconds": round(result.cpu_seconds, 4),
    }


def as_text(result: Result) -> str:
    """One line for people."""
    verdict = result.understood.verdict
    text = f"“{getattr(verdict, 'text', '')}”"
    match verdict:
        case NoInput():
            said = "nothing was said"
        case NoMatch():
            said = f"{text} is not understood"
        case Confirm():
            guesses = " or ".join(candidate.name for candidate in verdict.candidates)
            said = f"{text} is perhaps {guesses}; the coach would ask"
        case _:
            slots = ", ".join(f"{name}: {value}" for name, value in verdict.slots.items())
            said = f"{text} is {verdict.name}" + (f" ({slots})" if slots else "")
    return f"{result.file}: {said}" if result.file else said


def explained(result: Result) -> Iterator[str]:
    """How the verdict came about: what was heard, what it could be, how near, and what was ruled out."""
    understood, templates = result.understood, result.automaton.grammar.templates
    for reading in understood.utterance.alternatives:
        yield f"  heard: “{reading.text}” (score {reading.score:.1f})"
    for parse in understood.explanation.exact:
        template = templates[parse.template]
        free = f", {parse.free} free" if parse.free else ""
        yield f"  exact: {parse.intent}, {parse.fixed} fixed words{free}: “{template.source}” ({template.where})"
    near = understood.explanation.near
    for candidate in near:
        template = templates[candidate.template]
        words = " ".join("…" if word == ANY else word for word in candidate.words)
        yield f"  near: {candidate.intent}, closeness {candidate.closeness:.2f}: “{words}” ({template.where})"
    if len(near) > 1:
        yield f"  margin: {near[0].closeness - near[1].closeness:.2f}"
    for source, reason in understood.explanation.rejected:
        yield f"  rejected: “{source}”: {reason}"
