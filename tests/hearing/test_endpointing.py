"""When somebody has finished speaking: silence is counted in what the audio brought, never by a clock."""

import pytest

from voice_coach.hearing.endpointing import LONGEST_SECONDS, Listening, Waiting, has_ended

WAITING = Waiting()


def after(*parts: tuple[float, bool, str]) -> Listening:
    """What was heard, in steps of a tenth of a second: (seconds, whether there is speech, the words so far)."""
    listening = Listening()
    for seconds, is_speech, partial in parts:
        for _ in range(round(seconds * 10)):
            listening = listening.after(0.1, is_speech, partial)
    return listening


def ends_after(
    *said: tuple[float, bool, str], complete: bool, is_speech: bool = False, waiting: Waiting = WAITING
) -> float:
    """How many seconds without anything new it takes until the utterance is over."""
    listening = after(*said)
    waited = 0.0
    while not has_ended(listening, waiting, complete):
        listening = listening.after(0.1, is_speech, listening.partial)
        waited += 0.1
    return round(waited, 1)


def test_a_whole_command_ends_sooner_than_half_a_sentence() -> None:
    assert ends_after((0.1, True, "stop"), complete=True) == 0.4
    assert ends_after((0.1, True, "i drank"), complete=False) == 0.8


def test_while_somebody_speaks_nothing_ends() -> None:
    listening = Listening()
    for number in range(100):
        listening = listening.after(0.1, True, f"word {number}")
        assert not has_ended(listening, WAITING, complete=True)


def test_a_breath_in_mid_sentence_does_not_end_it() -> None:
    listening = after((0.1, True, "i drank"), (0.6, False, "i drank"))
    assert not has_ended(listening, WAITING, complete=False)
    assert not has_ended(listening.after(0.1, True, "i drank"), WAITING, complete=False)


def test_a_word_that_comes_late_counts_as_news() -> None:
    listening = after((0.1, True, "stop"), (0.4, False, "stop"))
    assert has_ended(listening, WAITING, complete=True)
    assert not has_ended(listening.after(0.1, False, "stop it"), WAITING, complete=True)


def test_in_lasting_noise_the_want_of_new_words_ends_it() -> None:
    assert ends_after((0.1, True, "stop"), complete=True, is_speech=True) == pytest.approx(0.8)
    assert ends_after((0.1, True, "i drank"), complete=False, is_speech=True) == pytest.approx(1.6)


def test_a_sound_without_words_is_given_up_also_in_lasting_noise() -> None:
    assert ends_after((0.3, True, ""), complete=False) == 1.0
    assert ends_after((0.3, True, ""), complete=False, is_speech=True) == 1.7


def test_nobody_is_heard_without_end() -> None:
    assert has_ended(
        after((LONGEST_SECONDS - 0.1, True, "on and on")).after(0.1, True, "and on"), WAITING, complete=False
    )


def test_patience_stretches_every_wait() -> None:
    patient = WAITING.scaled(2.5)
    assert ends_after((0.1, True, "stop"), complete=True, waiting=patient) == 1.0
    assert ends_after((0.1, True, "i drank"), complete=False, waiting=patient) == 2.0
    assert ends_after((0.1, True, "stop"), complete=True, is_speech=True, waiting=patient) == 2.0
    assert ends_after((0.3, True, ""), complete=False, waiting=patient) == 2.5
