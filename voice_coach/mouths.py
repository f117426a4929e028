"""A mouth without a sound, for typed conversations."""


class SilentMouth:
    """What is said is only shown. No time passes."""

    seconds_spoken = 0.0

    def say(self, text: str) -> None:
        """Nothing to be heard."""

    def tune(self, rate: float, volume: float) -> None:
        """Nothing to be tuned."""
