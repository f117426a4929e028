"""The speaker, through PortAudio; and one that writes to a WAV file."""

import struct
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from voice_coach.adapters.devices import Device, close, could_not_open, find, portaudio, quiet, usable_format
from voice_coach.adapters.resampling import resampled
from voice_coach.errors import AudioError
from voice_coach.ports import Samples, Speech

_LATENCY_SECONDS = 0.1  # what is still heard after a stop; less makes PulseAudio's ALSA plugin lose samples
_FADE_SECONDS = 0.015  # a cut without it is a click
_STALLED_SECONDS = 3.0  # a wireless speaker takes seconds to wake up
WAV_RATE_HZ = 22_050
"""The rate at which espeak-ng speaks."""


class _Playback:
    """What PortAudio asks for, again and again, from its own thread."""

    def __init__(self, samples: Samples, sample_rate_hz: int, channels: int) -> None:
        self._samples = samples
        self._rate = sample_rate_hz
        self._channels = channels
        self._faded = False
        self.position = 0
        self.stop = threading.Event()
        self.handed_over = threading.Event()
        self.ends_at = 0.0
        """When the last sample will be heard, in the stream's own time; known once all is handed over."""

    def fill(self, buffer: Any, frames: int, when: Any, status: object) -> None:
        out = np.frombuffer(buffer, np.int16).reshape(frames, self._channels)
        if self.stop.is_set() and not self._faded:
            self._fade_out()
        part = self._samples[self.position : self.position + frames]
        out[: len(part)] = part[:, np.newaxis]
        out[len(part) :] = 0  # silence goes on until the end was heard: PortAudio does not wait for what is buffered
        self.position += len(part)
        if self.position >= len(self._samples) and not self.handed_over.is_set():
            heard_from = max(when.outputBufferDacTime, when.currentTime)
            self.ends_at = heard_from + len(part) / self._rate
            self.handed_over.set()

    def _fade_out(self) -> None:
        self._faded = True
        rest = self._samples[self.position : self.position + int(_FADE_SECONDS * self._rate)]
        ramp = np.linspace(1, 0, len(rest))
        self._samples = np.concatenate([self._samples[: self.position], (rest * ramp).astype(np.int16)])


class SoundDeviceSpeaker:
    """Plays at the rate of the speech where the device takes that, else at the device's own.

    `name` is a part of the device's name; empty means the system's default. Raises AudioError when it is not there.
    `device_rate_hz` is the rate to ask the device for, whatever the speech has.
    """

    def __init__(self, name: str = "", *, device_rate_hz: int | None = None) -> None:
        self.device: Device = find(name, "output")
        self._device_rate_hz = device_rate_hz
        self._formats: dict[int, tuple[int, int]] = {}
        self._playing: _Playback | None = None

    def play(self, speech: Speech) -> None:
        if not len(speech.samples):
            return
        wanted = self._device_rate_hz or speech.sample_rate_hz
        if wanted not in self._formats:
            self._formats[wanted] = usable_format(self.device, "output", wanted)
        rate, channels = self._formats[wanted]
        playback = self._playing = _Playback(resampled(speech.samples, speech.sample_rate_hz, rate), rate, channels)
        stream = self._open(playback, rate, channels)
        try:
            self._wait(playback, stream)
        finally:
            self._playing = None
            close(stream)

    def _open(self, playback: _Playback, rate: int, channels: int) -> Any:
        sounddevice = portaudio()
        stream = None
        try:
            with quiet():
                stream = sounddevice.RawOutputStream(
                    device=self.device.index,
                    samplerate=rate,
                    channels=channels,
                    dtype="int16",
                    latency=_LATENCY_SECONDS,
                    callback=playback.fill,
                )
                stream.start()
        except sounddevice.PortAudioError as error:
            if stream is not None:
                close(stream)
            raise could_not_open(self.device, "output", error) from None
        return stream

    def _wait(self, playback: _Playback, stream: Any) -> None:
        """Return when the last sample was heard."""
        position, moved_at = -1, time.monotonic()
        while not playback.handed_over.wait(timeout=0.5):
            if playback.position != position:
                position, moved_at = playback.position, time.monotonic()
            elif time.monotonic() - moved_at > _STALLED_SECONDS:
                raise AudioError(
                    f"The speaker {self.device.name} stopped taking sound.",
                    "Check that it is plugged in and switched on.",
                )
        remaining = playback.ends_at - stream.time
        time.sleep(min(max(remaining, 0), stream.latency + _LATENCY_SECONDS))

    def stop(self) -> None:
        """Cut what is being played: silent within about 0.15 s."""
        playback = self._playing
        if playback is not None:
            playback.stop.set()

    def close(self) -> None:
        self.stop()


class WavSpeaker:
    """Writes one thing after another into one WAV file, whose header is right after each of them."""

    def __init__(self, path: Path | str, sample_rate_hz: int = WAV_RATE_HZ) -> None:
        self.path = Path(path)
        self._rate = sample_rate_hz
        self._written = 0
        try:
            self._file = self.path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._write_header()
        except OSError as error:
            self._file.close()
            raise self._unwritable(error) from None

    @property
    def seconds_written(self) -> float:
        return self._written / self._rate

    def play(self, speech: Speech) -> None:
        """Returns at once."""
        samples = resampled(speech.samples, speech.sample_rate_hz, self._rate)
        try:
            self._write(44 + 2 * self._written, samples.astype("<i2").tobytes())
            self._written += len(samples)
            self._write_header()  # after the samples: the header never promises more than there is
        except (OSError, ValueError) as error:
            raise self._unwritable(error) from None

    def _write_header(self) -> None:
        size = min(2 * self._written, 0xFFFFFFFF - 36)
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, self._rate, 2 * self._rate, 2, 16)
        header = struct.pack("<4sI4s", b"RIFF", size + 36, b"WAVE") + form + struct.pack("<4sI", b"data", size)
        self._write(0, header)

    def _write(self, at: int, data: bytes) -> None:
        self._file.seek(at)
        while data:
            data = data[self._file.write(data) :]

    def _unwritable(self, error: OSError | ValueError) -> AudioError:
        why = error.strerror if isinstance(error, OSError) else "it is closed already"
        return AudioError(f"{self.path} cannot be written: {why}.", "Check the folder, its permissions and the disk.")

    def stop(self) -> None:
        """Nothing: writing takes no time."""

    def close(self) -> None:
        self._file.close()
