"""What every recognizer promises: chunks of any size, at any time, and the same words however often it was used."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.hearing import graphs
from tests.sound import tone
from tests.speech import RATE_HZ, samples_of, say
from voice_coach.adapters import vosk_recognizer
from voice_coach.adapters.vosk_recognizer import VoskRecognizer
from voice_coach.errors import ModelError
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Utterance
from voice_coach.ports import CHUNK_SAMPLES, Recognizer, Samples

SENTENCES = "language: en\nintents: {A: {data: [{sentences: ['give me a tiny question', 'show me my progress']}]}}"
QUESTION, PROGRESS = "give me a tiny question", "show me my progress"
NOTHING = np.zeros(0, np.int16)
ONE = np.zeros(1, np.int16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    intents = tmp_path_factory.mktemp("intents")
    (intents / "a.yaml").write_text(SENTENCES, encoding="utf-8")
    return graphs.graph_of(compile_grammar(read_grammar(intents))).folder


@pytest.fixture(scope="module")
def kept(folder: Path) -> VoskRecognizer:
    return VoskRecognizer(folder)


@pytest.fixture
def recognizer(kept: VoskRecognizer) -> Recognizer:
    kept.reset()
    return kept


def speech(text: str) -> Samples:
    return samples_of(say(text))


def chunks(samples: Samples, size: int = CHUNK_SAMPLES) -> list[Samples]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def hear(recognizer: Recognizer, parts: Sequence[Samples]) -> Utterance:
    for part in parts:
        assert recognizer.accept(part) is None, "where an utterance ends is not the recognizer's to decide"
    found = recognizer.finish()
    assert found is not None
    return found


def test_words_are_heard_with_their_times_and_how_sure_it_is(recognizer: Recognizer) -> None:
    samples = speech(QUESTION)
    found = hear(recognizer, chunks(samples))
    assert found.text == QUESTION
    assert 0.5 < found.confidence <= 1
    assert found.alternatives[0].text == QUESTION
    assert [one.score for one in found.alternatives] == sorted((one.score for one in found.alternatives), reverse=True)
    assert [word.text for word in found.words] == QUESTION.split()
    assert found.words[0].start_seconds == 0
    for word, following in zip(found.words, found.words[1:], strict=False):
        assert word.start_seconds < word.end_seconds <= following.start_seconds + 1e-6
        assert 0 < word.confidence <= 1
    assert found.words[-1].end_seconds <= len(samples) / RATE_HZ
    assert found.audio_seconds == pytest.approx(len(samples) / RATE_HZ, abs=0.001)


def test_a_kept_recognizer_hears_the_same_as_a_fresh_one(recognizer: Recognizer, folder: Path) -> None:
    said = [QUESTION, PROGRESS]
    for text in said:
        hear(recognizer, chunks(speech(text)))
    for text in said:
        again, fresh = hear(recognizer, chunks(speech(text))), hear(VoskRecognizer(folder), chunks(speech(text)))
        assert again.text == fresh.text == text
        assert again.audio_seconds == fresh.audio_seconds
        # The model adds a trace of noise to every sound, so that no two scores or times are the same to the last digit.
        assert again.alternatives[0].score == pytest.approx(fresh.alternatives[0].score, rel=0.05)
        assert [word.text for word in again.words] == [word.text for word in fresh.words]
        for one, other in zip(again.words, fresh.words, strict=True):
            assert one.start_seconds == pytest.approx(other.start_seconds, abs=0.07)


def test_a_recognizer_that_has_heard_much_begins_anew_and_hears_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vosk_recognizer, "RENEWED_AFTER_SECONDS", 1)
    recognizer = VoskRecognizer(folder)
    used = []
    for text in (QUESTION, PROGRESS, QUESTION):
        used.append(recognizer._recognizer)
        assert hear(recognizer, chunks(speech(text))).text == text
    assert len(set(map(id, used))) == len(used)


@pytest.mark.parametrize("size", [1, 160, 997, 1_600, 16_000, 10**6])
def test_the_size_of_chunks_changes_no_word(recognizer: Recognizer, size: int) -> None:
    parts = chunks(speech(PROGRESS), size)
    if size == 1:  # a thousand at a time is slow enough
        parts = [*parts[:500], np.concatenate(parts[500:])]
    assert hear(recognizer, parts).text == PROGRESS


def test_empty_chunks_and_single_samples_do_no_harm(recognizer: Recognizer) -> None:
    parts = [NOTHING, ONE, NOTHING, *chunks(speech(QUESTION)), NOTHING, ONE]
    assert hear(recognizer, parts).text == QUESTION
    for part in (NOTHING, ONE):
        assert hear(recognizer, [part]).text == ""
        assert recognizer.partial() == ""


def test_to_finish_what_was_not_begun_is_nothing(recognizer: Recognizer) -> None:
    assert recognizer.finish() is None
    assert recognizer.finish() is None
    assert recognizer.partial() == ""
    assert hear(recognizer, chunks(speech(QUESTION))).text == QUESTION
    assert recognizer.finish() is None


@pytest.mark.parametrize("after", [0, 1, 5, 12])
def test_a_reset_in_the_middle_forgets_what_was_begun(recognizer: Recognizer, after: int) -> None:
    for part in chunks(speech(PROGRESS))[:after]:
        recognizer.accept(part)
    recognizer.reset()
    recognizer.reset()
    assert recognizer.partial() == ""
    found = hear(recognizer, chunks(speech(QUESTION)))
    assert found.text == QUESTION
    assert found.audio_seconds == pytest.approx(len(speech(QUESTION)) / RATE_HZ, abs=0.001)


def test_what_was_heard_so_far_can_be_asked_for_at_any_time(recognizer: Recognizer) -> None:
    assert recognizer.partial() == ""
    partials = []
    for part in chunks(speech(f"{QUESTION}, {PROGRESS}")):
        recognizer.accept(part)
        partials.append(recognizer.partial())
    assert partials[0] == ""
    assert partials[-1].startswith("give me")
    recognizer.finish()
    assert recognizer.partial() == ""


@pytest.mark.parametrize("kind", ["silence", "hum", "hiss", "loudest", "square"])
def test_sound_without_words_is_an_utterance_without_words_or_at_least_no_command(
    recognizer: Recognizer, kind: str
) -> None:
    dice = np.random.default_rng(3)
    sounds = {
        "silence": np.zeros(3 * RATE_HZ, np.int16),
        "hum": tone(50, 3, RATE_HZ),
        "hiss": dice.normal(0, 2_000, 3 * RATE_HZ).astype(np.int16),
        "loudest": np.full(3 * RATE_HZ, -32_768, np.int16),
        "square": np.where(np.arange(3 * RATE_HZ) % 80 < 40, 32_767, -32_768).astype(np.int16),
    }
    assert hear(recognizer, chunks(sounds[kind])).text not in (QUESTION, PROGRESS)
    assert hear(recognizer, chunks(speech(QUESTION))).text == QUESTION


def test_silence_says_how_long_it_was(recognizer: Recognizer) -> None:
    found = hear(recognizer, chunks(np.zeros(2 * RATE_HZ, np.int16)))
    assert (found.text, found.confidence, found.words, found.alternatives) == ("", 0.0, (), ())
    assert found.audio_seconds == pytest.approx(2, abs=0.001)


def test_it_tells_which_words_it_can_hear(kept: VoskRecognizer) -> None:
    assert kept.knows("question")
    assert not kept.knows("zzyzxed")
    assert not kept.knows("")


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match="could not load the model") as caught:
            VoskRecognizer(folder)
        assert "voice-coach setup" in caught.value.remedy
