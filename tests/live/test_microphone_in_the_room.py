"""The microphone on a virtual sound card."""

import json
import time

import numpy as np
import pytest

from tests.live.room import Room
from tests.sound import find_sound
from tests.speech import samples_of, say
from voice_coach.adapters.devices import Direction, any_sound_device, described, devices, find, usable_format
from voice_coach.adapters.microphone import SoundDeviceMicrophone
from voice_coach.errors import AudioError, NoDeviceError
from voice_coach.ports import CHUNK_SAMPLES, SAMPLE_RATE_HZ

WORDS = "that is too hard"


def heard_by(microphone: SoundDeviceMicrophone, seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    chunks = [microphone.read() for _ in range(int(seconds * SAMPLE_RATE_HZ / CHUNK_SAMPLES))]
    return np.concatenate([chunk for chunk in chunks if chunk is not None])


@pytest.mark.parametrize(("name", "rate"), [("", 16_000), ("Kitchen", 44_100), ("kitchen_mic", 48_000)])
def test_words_spoken_into_the_room_arrive_at_their_level_and_length(room: Room, name: str, rate: int) -> None:
    words = samples_of(recording := say(WORDS, "flite:slt"))
    with SoundDeviceMicrophone(name, device_rate_hz=rate) as microphone:
        speaking = room.start_saying(recording)
        heard = heard_by(microphone, len(words) / SAMPLE_RATE_HZ + 0.6)
        speaking.wait()
        assert microphone.device_rate_hz == rate  # that is what the device delivered, and we resampled
        assert microphone.overflows == microphone.dropped_blocks == 0
    match = find_sound(heard, words)
    assert match.likeness > 0.98
    assert match.gain == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("direction", "name"), [("input", "cd_mic"), ("output", "cd_speaker")])
def test_a_device_that_refuses_our_rate_is_opened_at_its_own(room: Room, direction: Direction, name: str) -> None:
    assert usable_format(find(name, direction), direction, SAMPLE_RATE_HZ) == (44_100, 1)
    assert usable_format(find("pulse", direction), direction, SAMPLE_RATE_HZ) == (SAMPLE_RATE_HZ, 1)


def test_what_was_captured_while_the_coach_spoke_can_be_forgotten(room: Room) -> None:
    words = samples_of(recording := say("stop", "espeak:en-us"))
    with SoundDeviceMicrophone("kitchen") as microphone:
        room.say(recording)
        time.sleep(0.3)
        microphone.discard()
        after = heard_by(microphone, 0.5)
        assert np.abs(after.astype(int)).max() < 50, "words from before came after"
        room.say(recording)
        again = heard_by(microphone, len(words) / SAMPLE_RATE_HZ + 0.6)
    assert find_sound(again, words).likeness > 0.98


def test_a_name_that_fits_two_microphones_is_refused_with_both(room: Room) -> None:
    with pytest.raises(AudioError, match="kitchen_mic; office_mic"), SoundDeviceMicrophone("c"):
        pass


def test_a_name_that_fits_none_is_refused_with_those_there_are(room: Room) -> None:
    with pytest.raises(NoDeviceError, match=r'No microphone is called "bathroom"; there is: .*kitchen_mic'):
        SoundDeviceMicrophone("bathroom").__enter__()


def test_the_default_microphone_is_marked_in_the_list(room: Room) -> None:
    assert [device.name for device in devices("input") if device.is_default] == ["default"]


def test_devices_are_described_by_the_names_that_the_configuration_takes(room: Room) -> None:
    lines = list(described())
    assert lines[0] == "Microphones:"
    assert "  kitchen_mic (ALSA, 44100 Hz)" in lines
    assert "  default (ALSA, 44100 Hz, the default)" in lines
    assert "Speakers:" in lines
    listed = [json.loads(line) for line in described(as_json=True)]
    assert {(one["kind"], one["is_default"]) for one in listed if one["name"] == "default"} == {
        ("input", True),
        ("output", True),
    }
    assert any_sound_device()


def test_a_microphone_that_stops_delivering_is_noticed_within_two_seconds(room: Room) -> None:
    with SoundDeviceMicrophone("kitchen") as microphone:
        microphone.read()
        room.pactl("suspend-source", "mic", "1")
        began = time.monotonic()
        try:
            with pytest.raises(AudioError, match="kitchen_mic stopped delivering sound"):
                heard_by(microphone, 3)
            assert time.monotonic() - began < 2
        finally:
            room.pactl("suspend-source", "mic", "0")
