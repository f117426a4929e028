"""Set-up: the speech model fetched and verified, the language graph made. Safe to repeat at any time."""

from pathlib import Path

from voice_coach import assembly, catalog
from voice_coach.download import fetch
from voice_coach.errors import ModelError
from voice_coach.progress import Progress
from voice_coach.settings import Settings


def prepare(settings: Settings, model: Path | None, progress: Progress) -> Path:
    """Makes everything ready that later commands need; returns the folder of the model. Raises CoachError."""
    folder = _model(settings, model, progress)
    catalog.ensure_sound(folder)
    progress.begin("Preparing the language graph")
    graph = assembly.graph_for(assembly.automaton_of(assembly.pack_for(settings).folder), folder)
    for word, place in graph.unknown.items():
        progress.note(f"{place}: the speech model does not know the word “{word}”.")
    progress.note(f"Ready: {folder}")
    return folder


def _model(settings: Settings, explicit: Path | None, progress: Progress) -> Path:
    """The model that the settings name; one of the catalog is fetched, or repaired, where it is missing or damaged."""
    configured = settings.hearing.model
    spec = catalog.load_catalog().get(configured) if configured else catalog.load_catalog().default
    if explicit is not None or spec is None:
        return catalog.find_model(explicit=explicit, configured=configured)
    try:
        found = catalog.find_model(configured=configured)
    except ModelError:
        return fetch(spec, catalog.download_folder(), progress)
    return fetch(spec, found.parent, progress)
