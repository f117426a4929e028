"""The speaker on a virtual sound card."""

import threading
import time

import numpy as np
import pytest

from tests.live.room import RATE_HZ, Room
from tests.sound import find_sound, tone
from tests.speech import samples_of, say
from voice_coach.adapters.resampling import resampled
from voice_coach.adapters.speaker import SoundDeviceSpeaker
from voice_coach.errors import NoDeviceError
from voice_coach.ports import Speech


@pytest.mark.parametrize(("rate", "device_rate"), [(16_000, None), (22_050, None), (22_050, 44_100)])
def test_what_is_played_is_heard_whole_and_play_returns_when_it_was(
    room: Room, rate: int, device_rate: int | None
) -> None:
    words = samples_of(say("Good morning", "espeak:en-us"))
    speech = Speech(resampled(words, RATE_HZ, rate), rate)
    speaker = SoundDeviceSpeaker(device_rate_hz=device_rate)
    with room.listening() as listener:
        speaker.play(speech)
        returned_at = time.monotonic()
    match = find_sound(listener.samples, words)
    assert match.likeness > 0.98
    assert match.gain == pytest.approx(1, abs=0.05)
    end_of_words = np.flatnonzero(np.abs(words.astype(int)) > 200)[-1] / RATE_HZ
    silent_tail = len(words) / RATE_HZ - end_of_words
    assert -0.05 < returned_at - (listener.last_sound_at + silent_tail) < 0.15


def test_stopping_silences_the_speaker_within_a_fifth_of_a_second_and_without_a_click(room: Room) -> None:
    speaker = SoundDeviceSpeaker()
    sound = tone(440, 3, 22_050)
    stopped_at = 0.0

    def stop_soon() -> None:
        nonlocal stopped_at
        time.sleep(0.6)
        stopped_at = time.monotonic()
        speaker.stop()

    with room.listening() as listener:
        stopper = threading.Thread(target=stop_soon)
        stopper.start()
        speaker.play(Speech(sound, 22_050))
        returned_at = time.monotonic()
        stopper.join()
    assert 0 < listener.last_sound_at - stopped_at < 0.2
    assert returned_at - stopped_at < 0.3
    heard = listener.samples.astype(int)
    last = np.flatnonzero(np.abs(heard) > 20)[-1]
    fading = np.abs(heard[last - 80 : last + 80])  # the last ten milliseconds
    assert fading.max() < 6_000, "it was cut, not faded"
    steepest = np.abs(np.diff(heard[last - 1_600 : last + 160])).max()
    assert steepest < 1.1 * 8_000 * 2 * np.pi * 440 / RATE_HZ, "there was a click"


def test_a_speaker_can_play_again_after_it_was_stopped(room: Room) -> None:
    speaker = SoundDeviceSpeaker()
    speaker.stop()
    sound = tone(660, 0.3, RATE_HZ)
    with room.listening() as listener:
        speaker.play(Speech(sound, RATE_HZ))
    assert find_sound(listener.samples, sound).likeness > 0.98


def test_a_speaker_that_is_not_there_is_refused_with_those_there_are(room: Room) -> None:
    with pytest.raises(NoDeviceError, match=r'No speaker is called "bathroom"; there is: .*cd_speaker'):
        SoundDeviceSpeaker("bathroom")
