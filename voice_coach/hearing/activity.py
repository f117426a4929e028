"""The gate that lets the recognizer sleep: is there speech in this chunk?"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

FRAME_SECONDS = 0.03
AGGRESSIVENESS = 1
"""WebRTC's scale from 0 (lets most through) to 3. A door that opens the gate costs little, a lost word much."""
PRE_ROLL_CHUNKS = 5
"""How much of what came before the first speech is heard as well, so that no first syllable is lost."""


class VoiceActivity:
    """WebRTC's voice activity detection on chunks of int16 mono."""

    def __init__(self, sample_rate_hz: int) -> None:
        import webrtcvad

        self._rate = sample_rate_hz
        self._frame = int(FRAME_SECONDS * sample_rate_hz)
        self._detector = webrtcvad.Vad(AGGRESSIVENESS)

    def is_speech(self, chunk: NDArray[np.int16]) -> bool:
        """Whether at least two frames of the chunk (or its only one) sound like speech."""
        frames = [chunk[at : at + self._frame] for at in range(0, len(chunk) - self._frame + 1, self._frame)]
        voiced = sum(self._detector.is_speech(frame.tobytes(), self._rate) for frame in frames)
        return bool(voiced >= min(2, max(1, len(frames))))


class PreRoll:
    """The last chunks before speech began."""

    def __init__(self) -> None:
        self._chunks: deque[NDArray[np.int16]] = deque(maxlen=PRE_ROLL_CHUNKS)

    def keep(self, chunk: NDArray[np.int16]) -> None:
        self._chunks.append(chunk)

    def take(self) -> list[NDArray[np.int16]]:
        """All that was kept, oldest first; then it is empty."""
        chunks = list(self._chunks)
        self._chunks.clear()
        return chunks
