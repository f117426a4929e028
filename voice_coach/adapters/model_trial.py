"""Loads a model and decodes a moment of near silence, as a process of its own: Vosk may exit, abort or crash on it."""

import sys


def main(path: str) -> None:
    import vosk

    vosk.SetLogLevel(-1)
    recognizer = vosk.KaldiRecognizer(vosk.Model(path), 16_000)
    recognizer.SetWords(True)
    recognizer.AcceptWaveform(bytes((1, 0, 255, 255)) * 8_000)  # one second
    recognizer.FinalResult()


if __name__ == "__main__":
    main(sys.argv[1])
