"""Sound that is missing or breaks while it is in use, each in a process of its own: a broken one cannot be mended."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.room import Room

LISTENING = """
from voice_coach.adapters.microphone import SoundDeviceMicrophone
from voice_coach.errors import AudioError
try:
    with SoundDeviceMicrophone("kitchen") as microphone:
        print("going", flush=True)
        while True:
            microphone.read()
except AudioError as error:
    print(error.what)
"""

PLAYING = """
import numpy as np
from voice_coach.adapters.speaker import SoundDeviceSpeaker
from voice_coach.errors import AudioError
from voice_coach.ports import Speech
try:
    speaker = SoundDeviceSpeaker()
    print("going", flush=True)
    speaker.play(Speech(np.full(22_050 * 30, 1_000, np.int16), 22_050))
except AudioError as error:
    print(error.what)
"""

ASKING = """
import sys
from voice_coach.adapters.devices import any_sound_device, described, find
from voice_coach.errors import CoachError
try:
    print(any_sound_device(), *described(), sep=" / ")
    find("", sys.argv[1])
except CoachError as error:
    print(type(error).__name__, error, sep="\\n")
"""


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (LISTENING, "The microphone kitchen_mic stopped delivering sound."),
        (PLAYING, "The speaker default stopped taking sound."),
    ],
)
def test_a_sound_server_that_dies_ends_in_one_sentence_and_nothing_hangs(code: str, complaint: str) -> None:
    with Room() as room:
        program = room.run_python(code)
        assert program.stdout is not None
        assert program.stdout.readline() == "going\n"
        time.sleep(0.5)
        room.stop_server()
        out, err = program.communicate(timeout=15)
    assert out == complaint + "\n"
    assert "Traceback" not in err  # PortAudio's thread prints a few lines of its own when a device dies
    assert program.returncode == 0


@pytest.mark.parametrize(("direction", "noun"), [("input", "microphone"), ("output", "speaker")])
def test_a_machine_without_sound_says_so_offers_a_way_on_and_prints_no_chatter(
    tmp_path: Path, direction: str, noun: str
) -> None:
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PULSE_SERVER": "unix:/nonexistent"}
    listed, kind, what, *remedies = _ask(direction, environment)
    remedy = " ".join(remedies)
    none = "none on this machine, or this user may not use them."
    assert listed == f"False / Microphones: {none} / Speakers: {none}"
    assert kind == "NoDeviceError"
    assert what == f"There is no {noun} on this machine, or this user may not use it."
    assert "voice-coach demo" in remedy
    assert "voice-coach chat" in remedy


def test_a_missing_portaudio_library_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    (tmp_path / "libportaudio.so.2").write_bytes(b"")  # the loader finds this one first, and nothing in it
    kind, what, remedy = _ask("input", {"LD_LIBRARY_PATH": str(tmp_path)})
    assert kind == "AudioError"
    assert "PortAudio" in what
    assert "sudo apt install libportaudio2" in remedy


def _ask(direction: str, environment: dict[str, str]) -> list[str]:
    """Look for a device in a process that has nothing but this environment: kind of error, what, remedy."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ASKING, direction],
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"} | environment,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()
