"""A mouth without a sound, for typed conversations."""

from voice_coach.ports import Earcon


class SilentMouth:
    """What is said is only shown. No time passes."""

    seconds_spoken = 0.0

    def get_ready(self) -> None:
        """Always is."""

    def say(self, text: str) -> None:
        """Nothing to be heard."""

    def tune(self, rate: float, volume: float) -> None:
        """Nothing to be tuned."""

    def chime(self, earcon: Earcon) -> None:
        """Nothing to be heard."""
