"""The virtual sound card as a fixture."""

from collections.abc import Iterator

import pytest

from tests.live.room import Room
from voice_coach.adapters.devices import rescan


@pytest.fixture(scope="session")
def room_server() -> Iterator[Room]:
    with Room() as room:
        yield room


@pytest.fixture
def room(room_server: Room, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """This process is in the room: its microphones and speakers are the virtual ones. Other programs: `environment`."""
    for name in ("PULSE_SINK", "PULSE_SOURCE", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in room_server.environment.items():
        monkeypatch.setenv(name, value)
    rescan()
    yield room_server
    monkeypatch.undo()
    rescan()
