"""A mouth that speaks: words through a synthesizer into a speaker."""

from voice_coach.earcons import at_volume, sound_of
from voice_coach.ports import Earcon, Speaker, Synthesizer


class SpokenMouth:
    """Says one text after another; rate (words a minute) and volume (0 to 1) may change between them."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        speaker: Speaker,
        *,
        voice: str = "",
        rate: int = 160,
        volume: float = 1.0,
        earcons: bool = True,
    ) -> None:
        self._synthesizer = synthesizer
        self._speaker = speaker
        self._earcons = earcons
        self.voice = voice
        self.rate = rate
        self.volume = volume
        self.seconds_spoken = 0.0
        """Altogether: in a conversation with recordings the clock goes on by this."""

    def get_ready(self) -> None:
        """Returns when there is an engine that can speak. Raises SpeechError."""
        self._synthesizer.get_ready()

    def say(self, text: str) -> None:
        """Returns when the last sample was played. Raises SpeechError or AudioError."""
        speech = self._synthesizer.synthesize(text, voice=self.voice, rate=self.rate, volume=self.volume)
        self._speaker.play(speech)
        self.seconds_spoken += speech.seconds

    def tune(self, rate: float, volume: float) -> None:
        """From now on at this many words a minute, and this loud (0 to 1)."""
        self.rate = round(rate)
        self.volume = volume

    def chime(self, earcon: Earcon) -> None:
        """Plays an earcon, if the person wants them."""
        if self._earcons:
            speech = at_volume(sound_of(earcon), self.volume)
            self._speaker.play(speech)
            self.seconds_spoken += speech.seconds
