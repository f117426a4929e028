"""The gate: it opens for speech, stays shut for silence, and keeps what came just before."""

import numpy as np
import pytest

from tests.sound import tone
from tests.speech import RATE_HZ, VOICES, samples_of, say
from voice_coach.hearing.activity import PRE_ROLL_CHUNKS, PreRoll, VoiceActivity
from voice_coach.ports import CHUNK_SAMPLES, Samples


def chunks(samples: Samples) -> list[Samples]:
    return [samples[start : start + CHUNK_SAMPLES] for start in range(0, len(samples), CHUNK_SAMPLES)]


@pytest.mark.parametrize("voice", VOICES)
def test_it_opens_for_speech(voice: str) -> None:
    activity = VoiceActivity(RATE_HZ)
    loud = [chunk for chunk in chunks(samples_of(say("give me a tiny question", voice))) if abs(chunk).max() > 1_000]
    assert sum(map(activity.is_speech, loud)) >= 0.8 * len(loud)


def test_it_stays_shut_for_silence_hum_and_faint_hiss() -> None:
    hiss = np.random.default_rng(1).normal(0, 300, 5 * RATE_HZ).astype(np.int16)
    for quiet in (np.zeros(5 * RATE_HZ, np.int16), hiss, tone(50, 5, RATE_HZ, peak=300)):
        activity = VoiceActivity(RATE_HZ)
        heard = [activity.is_speech(chunk) for chunk in chunks(quiet)]
        assert not any(heard[3:]), "after a moment in which it gets used to the room"


@pytest.mark.parametrize("samples", [0, 1, 479, 480, 481, 1_599, 1_601])
def test_chunks_of_any_length_are_taken(samples: int) -> None:
    assert VoiceActivity(RATE_HZ).is_speech(np.zeros(samples, np.int16)) is False


def test_what_came_just_before_is_kept_in_order_and_given_out_once() -> None:
    pre_roll = PreRoll()
    for number in range(PRE_ROLL_CHUNKS + 3):
        pre_roll.keep(np.full(4, number, np.int16))
    assert [int(chunk[0]) for chunk in pre_roll.take()] == list(range(3, PRE_ROLL_CHUNKS + 3))
    assert pre_roll.take() == []
