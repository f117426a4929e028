"""A room with a virtual sound card: a private PulseAudio server, no hardware, never the user's own server.

What is played into the sink `room` is what the microphones hear; the sink `speaker` is where the coach plays.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 16_000
_INSTALL = "sudo apt install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"

# A null sink renders two seconds ahead unless it may not rewind; then it is as prompt as a real card.
_MODULES = (
    "module-null-sink sink_name=room rate=48000 norewinds=1",
    "module-null-sink sink_name=speaker rate=48000 norewinds=1",
    "module-remap-source source_name=mic master=room.monitor",
)

# The cd devices take 44.1 kHz and nothing else: the converter that would be needed for more does not exist. They can
# only be asked, not used: PortAudio maps their memory, and through PulseAudio's plugin nothing ever arrives in it.
_ASOUNDRC = """
pcm.kitchen_mic { type pulse device mic hint { show on description "kitchen mic" } }
pcm.office_mic { type pulse device mic hint { show on description "office mic" } }
pcm.cd_mic {
    type plug
    slave { pcm { type pulse device mic } rate 44100 format S16_LE channels 1 }
    rate_converter "there_is_none"
    hint { show on description "cd mic" }
}
pcm.cd_speaker {
    type plug
    slave { pcm { type pulse device speaker } rate 44100 format S16_LE channels 1 }
    rate_converter "there_is_none"
    hint { show on description "cd speaker" }
}
"""


class Room:
    """Starts the server; `environment` is what a program needs to be in this room. Leaving stops it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="room-", dir="/tmp"))  # a socket's path has to be short
        self.socket = self.folder / "native"
        home = self.folder / "home"
        home.mkdir(mode=0o700)
        (home / ".asoundrc").write_text(_ASOUNDRC)
        self.environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "PULSE_SERVER": f"unix:{self.socket}",
        }

    def __enter__(self) -> "Room":
        if shutil.which("pulseaudio") is None:
            shutil.rmtree(self.folder)
            pytest.fail(f"The virtual sound card is PulseAudio. Install it: {_INSTALL}", pytrace=False)
        modules = (f"module-native-protocol-unix socket={self.socket} auth-anonymous=1", *_MODULES)
        options = [
            "-n",
            "--daemonize=no",
            "--use-pid-file=no",
            "--exit-idle-time=-1",
            "--log-target=stderr",
            "--log-level=error",
        ]
        with_us = ["setpriv", "--pdeathsig", "KILL"]  # no server stays when the tests are killed
        self._server = subprocess.Popen(
            [*with_us, "pulseaudio", *options, *(word for module in modules for word in ("-L", module))],
            env=self.full_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_for_server()
        self.pactl("set-default-sink", "speaker")
        self.pactl("set-default-source", "mic")
        return self

    def _wait_for_server(self) -> None:
        deadline = time.monotonic() + 10
        while self._run("pactl", "info", check=False).returncode != 0:
            if time.monotonic() > deadline or self._server.poll() is not None:
                self.__exit__()
                pytest.fail(f"PulseAudio did not start. Is all of it installed? {_INSTALL}", pytrace=False)
            time.sleep(0.05)

    def __exit__(self, *exc: object) -> None:
        self.stop_server()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_server(self) -> None:
        """Pull the plug."""
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGKILL)
        self._server.wait()

    def full_environment(self) -> dict[str, str]:
        """For a program that is to run in this room: ours, without what would lead to another sound server."""
        strangers = ("PULSE_", "PIPEWIRE_", "DBUS_", "DISPLAY", "WAYLAND_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(strangers)}
        return inherited | self.environment

    def _run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env=self.full_environment(), check=check, capture_output=True, timeout=30)

    def run_python(self, code: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a program in this room; it ends within the test or is killed by `communicate(timeout=...)`."""
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=self.full_environment(),
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pactl(self, *arguments: str) -> None:
        self._run("pactl", *arguments)

    def say(self, recording: Path) -> None:
        """Play a recording into the room, to its end."""
        self._run("paplay", "--device=room", str(recording))

    def start_saying(self, recording: Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["paplay", "--device=room", str(recording)], env=self.full_environment())

    @contextlib.contextmanager
    def listening(self, sink: str = "speaker") -> Iterator["Listener"]:
        """Record what a sink plays, from before the block until after it."""
        command = ["parec", f"--device={sink}.monitor", "--raw", "--format=s16le", "--channels=1"]
        process = subprocess.Popen(
            [*command, f"--rate={RATE_HZ}", "--latency-msec=10"], env=self.full_environment(), stdout=subprocess.PIPE
        )
        listener = Listener(process)
        try:
            listener.wait_for_first()
            yield listener
            time.sleep(0.15)
        finally:
            process.terminate()
            process.wait()
            listener.join()


class Listener:
    """What was heard, and when."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._parts: list[tuple[float, bytes]] = []
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while part := os.read(pipe.fileno(), 65_536):
                self._parts.append((time.monotonic(), part))
                self._first.set()

    def wait_for_first(self) -> None:
        assert self._first.wait(10), "nothing can be recorded from the virtual sound card"

    def join(self) -> None:
        self._thread.join()

    @property
    def samples(self) -> NDArray[np.int16]:
        return np.frombuffer(b"".join(part for _, part in self._parts), np.int16)

    @property
    def last_sound_at(self) -> float:
        """By time.monotonic(), to within some 20 ms."""
        loud = [
            at for at, part in self._parts if np.abs(np.frombuffer(part, np.int16).astype(int)).max(initial=0) > 200
        ]
        assert loud, "nothing was heard"
        return loud[-1]
