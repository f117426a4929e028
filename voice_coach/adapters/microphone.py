"""The microphone, through PortAudio."""

import queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice_coach.adapters.devices import Device, close, could_not_open, find, portaudio, quiet, usable_format
from voice_coach.adapters.resampling import Chunker
from voice_coach.errors import AudioError
from voice_coach.ports import SAMPLE_RATE_HZ, Samples

_BLOCKS_PER_SECOND = 10
_LATENCY_SECONDS = 0.2  # PulseAudio's ALSA plugin spins at a whole core when asked for less than 0.1
_QUEUED_BLOCKS = 300  # half a minute, so that a long answer of the coach's does not count as an overflow
_SILENT_SECONDS = 1.0  # a device that was unplugged reports nothing: its callbacks just stop
_FIRST_BLOCK_SECONDS = 5.0  # a wireless headset takes seconds to switch to its microphone


class SoundDeviceMicrophone:
    """Captures at 16 kHz where the device takes that, else at the device's own rate, and resamples.

    `name` is a part of the device's name; empty means the system's default. `device_rate_hz` is the rate to ask the
    device for first: some headsets take 16 kHz and deliver rubbish.
    """

    def __init__(self, name: str = "", *, device_rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._name = name
        self._stream: Any = None
        self._blocks: queue.Queue[NDArray[np.int16]] = queue.Queue(maxsize=_QUEUED_BLOCKS)
        self._chunker = Chunker(SAMPLE_RATE_HZ)
        self.device: Device | None = None
        self.device_rate_hz = device_rate_hz
        self.overflows = 0
        """How often the sound system lost sound before we got it."""
        self.dropped_blocks = 0
        """How many tenths of a second were thrown away because nobody read them."""

    def __enter__(self) -> "SoundDeviceMicrophone":
        self.device = device = find(self._name, "input")
        self.device_rate_hz, channels = usable_format(device, "input", self.device_rate_hz)
        self._chunker = Chunker(self.device_rate_hz)
        sounddevice = portaudio()
        try:
            with quiet():
                self._stream = sounddevice.RawInputStream(
                    device=device.index,
                    samplerate=self.device_rate_hz,
                    channels=channels,
                    dtype="int16",
                    blocksize=self.device_rate_hz // _BLOCKS_PER_SECOND,
                    latency=_LATENCY_SECONDS,
                    callback=self._capture,
                )
                self._stream.start()
        except sounddevice.PortAudioError as error:
            self._close()
            raise could_not_open(device, "input", error) from None
        try:
            self._chunker.add(self._next_block(_FIRST_BLOCK_SECONDS))
        except BaseException:  # Ctrl-C as well: without having been entered it is never left
            self._close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._stream is not None:
            close(self._stream)
            self._stream = None

    def _capture(self, buffer: Any, frames: int, time: object, status: Any) -> None:
        """Runs in PortAudio's thread: copies, counts and returns."""
        if status.input_overflow:
            self.overflows += 1
        try:
            self._blocks.put_nowait(np.frombuffer(bytes(buffer), np.int16).reshape(frames, -1))
        except queue.Full:
            self.dropped_blocks += 1

    def read(self) -> Samples | None:
        """The next tenth of a second. Raises AudioError when the device delivers nothing for a second."""
        while (chunk := self._chunker.take()) is None:
            self._chunker.add(self._next_block(_SILENT_SECONDS))
        return chunk

    def _next_block(self, patience_seconds: float) -> NDArray[np.int16]:
        try:
            return self._blocks.get(timeout=patience_seconds)
        except queue.Empty:
            name = self.device.name if self.device else self._name
            raise AudioError(
                f"The microphone {name} stopped delivering sound.", "Check that it is plugged in and not switched off."
            ) from None

    def discard(self) -> None:
        """Forget what was captured and not yet read."""
        while True:
            try:
                self._blocks.get_nowait()
            except queue.Empty:
                break
        self._chunker.clear()
