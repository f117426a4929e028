"""Where the conversation gets its time from: the wall, the recordings, or the typed lines."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """With its UTC offset."""
        ...


class WallClock:
    """The time of the machine, where the machine is."""

    def now(self) -> datetime:
        return datetime.now().astimezone()


class AudioClock:
    """Time carried by sound: it starts at a given moment and passes as sound is heard and spoken."""

    def __init__(self, start: datetime, *seconds_passed: Callable[[], float]) -> None:
        self._start = start
        self._seconds_passed = seconds_passed

    def now(self) -> datetime:
        return self._start + timedelta(seconds=sum(passed() for passed in self._seconds_passed))


class SetClock:
    """The machine's time until a time is given; from then on it stands where it was put."""

    def __init__(self, start: datetime | None) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now or WallClock().now()

    def set(self, moment: datetime) -> None:
        self._now = moment
