"""The process in which pyttsx3 lives: one request a line on standard input, one answer a line on standard output.

It is run as a file and imports nothing of ours, so that it starts in no time and stays small. When its standard input
ends, because the coach closed it or died, it goes at once, even while the speech engine hangs.
"""

import contextlib
import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from typing import Any, TextIO


def main(folder: str) -> None:
    """Serve until standard input ends; sounds are written into `folder`, which goes with us."""
    # Ctrl-C and a service manager's SIGTERM reach every process of ours: the coach still wants to say goodbye.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answers = _own_standard_output()
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, folder), daemon=True).start()

    def answer(**message: object) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    def give_up(error: object) -> None:
        # The engine is in an unknown state, and may wait for ever: a fresh process is cheaper than a repair.
        answer(error="failed", detail=f"{type(error).__name__}: {error}")
        os._exit(1)

    # pyttsx3 writes the file inside a C callback, out of which no exception comes: this is how a full disk is seen.
    sys.unraisablehook = lambda unraisable: give_up(unraisable.exc_value)
    try:
        engine = _start_engine(answer)
        while True:
            answer(**_synthesize(engine, **requests.get()))
    except Exception as error:
        give_up(error)


def _own_standard_output() -> TextIO:
    """Answers go to the real standard output; what libraries print there goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _listen(requests: "queue.SimpleQueue[dict[str, Any]]", folder: str) -> None:
    with contextlib.suppress(ValueError):
        for line in sys.stdin.buffer:
            requests.put(json.loads(line))
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _start_engine(answer: Any) -> Any:
    try:
        import pyttsx3
    except ImportError as error:
        answer(error="package", detail=str(error))
        os._exit(1)
    try:
        engine = pyttsx3.init()
    except Exception as error:
        answer(error="library", detail=f"{type(error).__name__}: {error}")
        os._exit(1)
    engine.runAndWait()  # without this the first file is announced before it is written
    _set_rate(engine, 199)  # anything but the 200 it begins with: once that is done, all that was to be set is set
    driver: Any = getattr(engine.proxy, "_driver", None)
    if getattr(driver, "_stopping", False):
        driver._stopping = False  # left behind by the empty run when espeak-ng was still busy; it cuts a later sentence
    voices = [[str(v.id), str(v.name), [str(code) for code in v.languages or []]] for v in engine.getProperty("voices")]
    answer(ready=True, voices=voices)
    return engine


def _synthesize(engine: Any, text: str, voice: str, rate: int, path: str) -> dict[str, object]:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    if voice and _voice(engine) != voice.lower():
        engine.setProperty("voice", voice)  # an unknown one is ignored without a word: look what became of it
        if _voice(engine) != voice.lower():
            return {"error": "voice", "detail": voice}
    _set_rate(engine, rate)
    # No volume: it changed loudness in two or three odd steps. The coach scales the samples.
    engine.save_to_file(text, path)
    engine.runAndWait()
    return {"path": path}


def _voice(engine: Any) -> str:
    return str(engine.getProperty("voice")).lower()


def _set_rate(engine: Any, rate: int) -> None:
    """Returns when the engine has it and is idle.

    espeak-ng sets it in a thread of its own. A sentence that overtakes it is spoken at the old rate; one that meets it
    is taken by pyttsx3 for a sentence still playing, and cut to nothing.
    """
    deadline = time.monotonic() + 1
    if engine.getProperty("rate") != rate:
        engine.setProperty("rate", rate)
        while engine.getProperty("rate") != rate and time.monotonic() < deadline:
            time.sleep(0.002)
    espeak = sys.modules.get("pyttsx3.drivers._espeak")
    if espeak is not None:
        espeak.Synchronize()


if __name__ == "__main__":
    main(sys.argv[1])
