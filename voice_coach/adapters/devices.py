"""Sound devices through PortAudio: listed, found by name, and what is wrong with them said in a sentence."""

import atexit
import contextlib
import ctypes
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from voice_coach.errors import AudioError, NoDeviceError

Direction = Literal["input", "output"]

_NOUN = {"input": "microphone", "output": "speaker"}
_INSTALL = "On Debian, Ubuntu or Raspberry Pi OS: sudo apt install libportaudio2 libasound2-plugins"
PLUG_IN = "Plug one in; if one is, this user may have to join the group audio: sudo usermod -aG audio $USER"
_WITHOUT_SOUND = "`voice-coach demo` needs no sound device, and `voice-coach chat` lets you type."
_LIST = "`voice-coach devices` lists what there is; put a part of its name into the configuration."

_ALSA_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_say_nothing = _ALSA_HANDLER(lambda *_: None)  # ALSA keeps the address: this has to live as long as the process

_redirecting = threading.RLock()
_CLOSING_SECONDS = 2.0
_abandoned: list[Any] = []


@dataclass(frozen=True)
class Device:
    """One sound device as PortAudio shows it."""

    index: int
    """Good only until the list is made again: what is kept anywhere is the name."""
    name: str
    host: str
    """The sound system it belongs to, such as ALSA."""
    channels: int
    sample_rate_hz: int
    """The rate it prefers."""
    is_default: bool


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what PortAudio, ALSA and JACK print straight to standard error away from the user, for a short while."""
    with _redirecting:
        kept = _standard_error_to_nowhere()
        try:
            yield
        finally:
            if kept is not None:
                os.dup2(kept, 2)
                os.close(kept)


def _standard_error_to_nowhere() -> int | None:
    """A copy of standard error to go back to; None when there is none."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, ValueError):
        return None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return kept


def portaudio() -> Any:
    """The sounddevice module, imported only when sound is needed. Raises AudioError when its library is missing."""
    with quiet():
        try:
            import sounddevice
        except OSError:
            raise AudioError("The PortAudio library, through which sound goes, is not installed.", _INSTALL) from None
        except ImportError:
            raise AudioError("The Python package sounddevice is missing.", "pip install sounddevice") from None
        except Exception as error:  # PortAudioError, which cannot be named without the module
            raise AudioError(f"PortAudio could not start: {reason(error)}.", _WITHOUT_SOUND) from None
        # An underrun is reported from PortAudio's own thread, long after a stream was opened: only a handler hides it.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_say_nothing)
    return sounddevice


def rescan() -> None:
    """See devices that came or went. PortAudio has to restart for it, so every stream must be closed."""
    sounddevice = portaudio()
    if _abandoned:
        raise AudioError("The sound system hangs and cannot be started again from here.", "Start the coach again.")
    with quiet():
        sounddevice._terminate()
        sounddevice._initialize()


def close(stream: Any) -> None:
    """End a stream at once, or leave it alone for good when that takes longer than two seconds.

    When a PulseAudio server is killed, its library may wait for ever for memory that both shared.
    """
    closer = threading.Thread(target=stream.close, kwargs={"ignore_errors": True}, daemon=True)
    with quiet():
        closer.start()
        closer.join(_CLOSING_SECONDS)
    if closer.is_alive():
        _abandoned.append(stream)  # were it collected, it would be closed again
        atexit.unregister(portaudio()._exit_handler)  # at the end of the program it would wait for this stream


def reason(error: Exception) -> str:
    """What PortAudio has to say, without its codes."""
    text = str(error.args[0]) if error.args else str(error)
    return text.split(" [PaErrorCode")[0].rstrip(".")


def devices(direction: Direction) -> tuple[Device, ...]:
    """All devices of one kind; empty when there is none. Raises AudioError without PortAudio."""
    sounddevice = portaudio()
    hosts = sounddevice.query_hostapis()
    default = sounddevice.default.device["input" if direction == "input" else "output"]
    return tuple(
        Device(
            index,
            str(info["name"]),
            str(hosts[info["hostapi"]]["name"]),
            int(info[f"max_{direction}_channels"]),
            int(info["default_samplerate"]),
            index == default,
        )
        for index, info in enumerate(sounddevice.query_devices())
        if info[f"max_{direction}_channels"] > 0
    )


def any_sound_device() -> bool:
    """Whether there is anything to hear or speak through. Raises AudioError without PortAudio."""
    return bool(devices("input") or devices("output"))


def described(as_json: bool = False) -> Iterator[str]:
    """A line for each device, by what the configuration may call it; as JSON, an object each and nothing else."""
    directions: tuple[Direction, ...] = ("input", "output")
    for direction in directions:
        there = devices(direction)
        if as_json:
            yield from (json.dumps({"kind": direction, **asdict(device)}) for device in there)
            continue
        noun = _NOUN[direction].capitalize()
        yield f"{noun}s:" if there else f"{noun}s: none on this machine, or this user may not use them."
        for device in there:
            default = ", the default" if device.is_default else ""
            yield f"  {device.name} ({device.host}, {device.sample_rate_hz} Hz{default})"


def find(name: str, direction: Direction) -> Device:
    """The device whose name contains `name`, whatever its case; the system's own choice when it is empty.

    Raises NoDeviceError when there is none, AudioError when there are several (an exact name wins over a part of one).
    """
    there, noun = devices(direction), _NOUN[direction]
    if not there:
        what = f"There is no {noun} on this machine, or this user may not use it."
        raise NoDeviceError(what, f"{PLUG_IN}\n{_WITHOUT_SOUND}")
    if not name:
        return next((device for device in there if device.is_default), there[0])
    wanted = name.lower()
    matching = [device for device in there if wanted in f"{device.name}, {device.host}".lower()]
    exact = [device for device in matching if device.name.lower() == wanted]
    best = exact if len(exact) == 1 else matching
    if not best:
        raise NoDeviceError(f'No {noun} is called "{name}"; there is: {_names(there)}.', _LIST)
    if len(best) > 1:
        raise AudioError(
            f'"{name}" fits more than one {noun}: {_names(best)}.',
            "Put a longer part of the name into the configuration.",
        )
    return best[0]


def _names(some: list[Device] | tuple[Device, ...]) -> str:
    names = [device.name for device in some]
    twice = len(set(names)) < len(names)
    return "; ".join(f"{device.name}, {device.host}" if twice else device.name for device in some)


def accepts(device: Device, direction: Direction, sample_rate_hz: int, channels: int) -> bool:
    """Whether the device takes int16 at this rate."""
    sounddevice = portaudio()
    check = sounddevice.check_input_settings if direction == "input" else sounddevice.check_output_settings
    with quiet():
        try:
            check(device=device.index, channels=channels, dtype="int16", samplerate=sample_rate_hz)
        except (sounddevice.PortAudioError, ValueError):
            return False
    return True


def usable_format(device: Device, direction: Direction, sample_rate_hz: int) -> tuple[int, int]:
    """Rate and number of channels to open the device with: those wanted (mono), else its own."""
    own = device.sample_rate_hz
    for rate, channels in ((sample_rate_hz, 1), (own, 1), (sample_rate_hz, 2), (own, 2)):
        if channels <= device.channels and accepts(device, direction, rate, channels):
            return rate, channels
    return own, min(device.channels, 2)  # opening it will say what is wrong


def could_not_open(device: Device, direction: Direction, error: Exception) -> AudioError:
    """The sentence for a device that is there but does not open."""
    return AudioError(
        f"The {_NOUN[direction]} {device.name} could not be opened: {reason(error)}.",
        "Another program may hold it, or it was unplugged; `voice-coach devices` lists what there is.",
    )
