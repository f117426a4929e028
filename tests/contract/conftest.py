"""Contract tests of the sound ports run on files and on the virtual sound card."""

from tests.live.conftest import room, room_server

__all__ = ["room", "room_server"]
