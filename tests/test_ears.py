"""Real speech through the ears: where an utterance ends and the next begins, counted in samples, never by a clock."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.hearing import graphs
from tests.sound import tone
from tests.speech import RATE_HZ, samples_of, say
from voice_coach.adapters.vosk_recognizer import VoskRecognizer
from voice_coach.ears import SILENCE, AudioEars, TypedEars, moment
from voice_coach.errors import UsageError
from voice_coach.hearing.automaton import Automaton
from voice_coach.hearing.intent_files import read_grammar
from voice_coach.hearing.parsing import is_complete
from voice_coach.hearing.templates import compile_grammar
from voice_coach.hearing.values import Utterance
from voice_coach.ports import CHUNK_SAMPLES, Recognizer, Samples

SENTENCES = """
language: en
intents:
  Question: {data: [{sentences: ["give me a tiny question"]}]}
  Progress: {data: [{sentences: ["show me my progress"]}]}
  Drank: {data: [{sentences: ["i drank a glass of water"]}]}
"""


class Sound:
    """A microphone that plays samples; it counts what was read and remembers whether it is open."""

    def __init__(self, *parts: Samples) -> None:
        self.samples = np.concatenate(parts)
        self.at = 0
        self.opened = self.closed = self.discarded = 0
        self.interrupted_at = -1

    def __enter__(self) -> "Sound":
        self.opened += 1
        return self

    def __exit__(self, *exc: object) -> None:
        self.closed += 1

    def read(self) -> Samples | None:
        if self.at == self.interrupted_at:
            raise KeyboardInterrupt
        chunk = self.samples[self.at : self.at + CHUNK_SAMPLES]
        self.at += len(chunk)
        return chunk if len(chunk) else None

    def discard(self) -> None:
        self.discarded += 1
        self.at = len(self.samples)


class Taken:
    """A recognizer that keeps what it was given."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.finish, self.reset, self.partial = recognizer.finish, recognizer.reset, recognizer.partial
        self._accept = recognizer.accept
        self.chunks: list[Samples] = []

    def accept(self, chunk: Samples) -> Utterance | None:
        self.chunks.append(chunk)
        return self._accept(chunk)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), np.int16)


def speech(text: str) -> Samples:
    """The words without the silence around them."""
    samples = samples_of(say(text))
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 200)
    return samples[loud[0] : loud[-1] + 1]


@pytest.fixture(scope="module")
def automaton(tmp_path_factory: pytest.TempPathFactory) -> Automaton:
    folder = tmp_path_factory.mktemp("intents")
    (folder / "a.yaml").write_text(SENTENCES, encoding="utf-8")
    return compile_grammar(read_grammar(folder))


@pytest.fixture(scope="module")
def shared_recognizer(automaton: Automaton) -> VoskRecognizer:
    return VoskRecognizer(graphs.graph_of(automaton).folder)


@pytest.fixture
def recognizer(shared_recognizer: VoskRecognizer) -> Iterator[VoskRecognizer]:
    shared_recognizer.reset()
    yield shared_recognizer


@pytest.fixture
def ears(recognizer: VoskRecognizer, automaton: Automaton) -> "Opener":
    return Opener(recognizer, automaton)


class Opener:
    def __init__(self, recognizer: Recognizer, automaton: Automaton) -> None:
        self.recognizer, self.automaton = recognizer, automaton

    def __call__(self, *sounds: Sound, live: bool = False) -> AudioEars:
        return AudioEars(
            sounds, self.recognizer, lambda text: is_complete(self.automaton, tuple(text.split())), live=live
        )


def heard(ears: AudioEars, patience: float | None = None) -> list[str]:
    """The texts of everything until the end."""
    found: list[str] = []
    while (utterance := ears.listen(patience)) is not None:
        found.append(utterance.text)
    return found


QUESTION, PROGRESS, DRANK = "give me a tiny question", "show me my progress", "i drank a glass of water"


def test_two_utterances_with_a_pause_between_are_two(ears: Opener) -> None:
    sound = Sound(quiet(1), speech(QUESTION), quiet(1.5), speech(PROGRESS), quiet(1))
    assert heard(ears(sound)) == [QUESTION, PROGRESS]


def test_a_short_breath_in_mid_sentence_is_one_utterance(ears: Opener) -> None:
    sound = Sound(speech("i drank"), quiet(0.4), speech("a glass of water"), quiet(1.2))
    assert heard(ears(sound)) == [DRANK]


def test_the_recognizer_hears_from_half_a_second_before_the_first_word_without_a_gap(
    recognizer: VoskRecognizer, automaton: Automaton
) -> None:
    taken = Taken(recognizer)
    sound = Sound(quiet(3.05), speech(QUESTION), quiet(1))
    assert heard(Opener(taken, automaton)(sound)) == [QUESTION]
    fed = np.concatenate(taken.chunks)
    starts = range(0, len(sound.samples), CHUNK_SAMPLES)
    begins = max(start for start in starts if np.array_equal(sound.samples[start : start + len(fed)], fed))
    assert 2.4 <= begins / RATE_HZ <= 2.75, "before that it sleeps, after that a first syllable may be lost"


def test_an_utterance_is_given_out_before_the_sound_ends(ears: Opener) -> None:
    sound = Sound(speech(QUESTION), quiet(10))
    listening = ears(sound)
    utterance = listening.listen(None)
    assert utterance is not None and utterance.text == QUESTION
    assert sound.at / RATE_HZ < len(speech(QUESTION)) / RATE_HZ + 1.0
    assert listening.seconds_heard == sound.at / RATE_HZ
    assert listening.listen(None) is None
    assert listening.seconds_heard == len(sound.samples) / RATE_HZ


def test_words_cut_off_by_the_end_of_a_recording_are_still_heard(ears: Opener) -> None:
    assert heard(ears(Sound(speech(QUESTION)))) == [QUESTION]


def test_recordings_follow_one_another_and_each_is_closed(ears: Opener) -> None:
    sounds = [Sound(speech(QUESTION), quiet(0.1)), Sound(quiet(2)), Sound(speech(PROGRESS))]
    assert heard(ears(*sounds)) == [QUESTION, PROGRESS]
    assert [(sound.opened, sound.closed) for sound in sounds] == [(1, 1)] * 3


@pytest.mark.parametrize("patience", [0.5, 3.0, 8.0])
def test_silence_where_an_answer_is_expected_is_counted_in_samples(ears: Opener, patience: float) -> None:
    sound = Sound(quiet(20))
    assert ears(sound).listen(patience) is SILENCE
    assert sound.at == patience * RATE_HZ


def test_silence_is_waited_out_where_no_answer_is_expected(ears: Opener) -> None:
    sound = Sound(quiet(60), speech(QUESTION))
    assert heard(ears(sound)) == [QUESTION]


def test_an_answer_just_before_the_patience_ends_is_heard(ears: Opener) -> None:
    sound = Sound(quiet(2.8), speech(DRANK), quiet(4))
    assert heard(ears(sound), 3.0)[0] == DRANK


def test_a_door_or_hum_is_neither_an_answer_nor_an_end_of_patience(ears: Opener) -> None:
    bang = np.random.default_rng(1).normal(0, 6_000, RATE_HZ // 5).astype(np.int16)
    for noise in (bang, tone(440, 0.6, RATE_HZ)):
        sound = Sound(quiet(1), noise, quiet(20))
        listening = ears(sound)
        assert listening.listen(4.0) is SILENCE
        assert 4 <= listening.seconds_heard < 7


def test_words_soon_after_a_noise_lose_no_beginning(ears: Opener) -> None:
    bang = np.random.default_rng(1).normal(0, 6_000, RATE_HZ // 5).astype(np.int16)
    for gap in (0.6, 0.9, 1.0, 1.1, 1.3):
        found = heard(ears(Sound(quiet(1), bang, quiet(gap), speech(PROGRESS), quiet(2))))
        assert len(found) == 1 and found[0].endswith(PROGRESS), gap


def test_what_was_captured_while_the_coach_spoke_is_forgotten_on_a_live_device(ears: Opener) -> None:
    sound = Sound(quiet(0.5), speech(QUESTION))
    listening = ears(sound, live=True)
    assert listening.open()
    listening.forget()
    assert sound.discarded == 1
    assert listening.listen(None) is None


def test_what_was_begun_is_forgotten_as_well(ears: Opener) -> None:
    first = np.concatenate((quiet(0.5), speech(QUESTION)))
    sound = Sound(first, quiet(0.2), speech(PROGRESS))
    sound.interrupted_at = 8 * CHUNK_SAMPLES
    listening = ears(sound, live=True)
    with pytest.raises(KeyboardInterrupt):
        listening.listen(None)
    sound.interrupted_at = -1
    listening.forget()
    sound.at = len(first)
    assert heard(listening) == [PROGRESS]


def test_a_recording_waits_while_the_coach_speaks(ears: Opener) -> None:
    sound = Sound(quiet(0.5), speech(QUESTION))
    listening = ears(sound)
    assert listening.open()
    listening.forget()
    assert sound.discarded == 0
    assert heard(listening) == [QUESTION]


def test_without_any_source_there_is_nothing_to_hear(ears: Opener) -> None:
    listening = ears()
    assert not listening.open()
    assert listening.listen(1.0) is None
    listening.forget()
    listening.close()


def test_it_can_be_closed_at_any_time_and_twice(ears: Opener) -> None:
    sound = Sound(quiet(1))
    listening = ears(sound)
    listening.open()
    listening.close()
    listening.close()
    assert (sound.opened, sound.closed) == (1, 1)


# --- typed ------------------------------------------------------------------------------------------------------------


def test_each_line_is_an_utterance_and_an_empty_one_silence() -> None:
    ears = TypedEars(["stop\n", "\n", "  go on  "], lambda moment: None)
    found = [ears.listen(None) for _ in range(4)]
    assert found == [Utterance("stop"), SILENCE, Utterance("go on"), None]


def test_a_line_with_a_moment_sets_the_clock_and_is_no_utterance() -> None:
    moments: list[datetime] = []
    ears = TypedEars(["@2026-11-21T07:30:00+01:00", "@ 2026-11-21T08:00+00:00", "stop"], moments.append)
    assert ears.listen(None) == Utterance("stop")
    assert moments == [datetime(2026, 11, 21, 6, 30, tzinfo=UTC), datetime(2026, 11, 21, 8, 0, tzinfo=UTC)]


def test_a_line_is_read_only_when_it_is_listened_for() -> None:
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in ("one", "two"):
            taken.append(line)
            yield line

    ears = TypedEars(lines(), lambda moment: None)
    ears.forget()
    assert taken == []
    ears.listen(None)
    assert taken == ["one"]


def test_a_moment_without_an_offset_is_local_time() -> None:
    found = moment("2026-11-21T07:30:00")
    assert found.utcoffset() is not None
    assert found.replace(tzinfo=None) == datetime(2026, 11, 21, 7, 30)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "9" * 5_000])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        moment(text)
