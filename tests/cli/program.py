"""The real program in processes of its own, as a person or another program starts it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.room import Room

TOP = Path(__file__).resolve().parents[2]
MODEL_NAME = "vosk-model-small-en-us-0.15"
START = (sys.executable, "-c", "from voice_coach.cli import main; main()")
GUARD = Path(__file__).with_name("no_network")
SECONDS = 120
"""More than any command takes, on a machine that is busy."""
NO_SOUND_CARD = "</usr/share/alsa/alsa.conf>\nctl.!hw { type missing }\npcm.!hw { type missing }\n"
"""ALSA's own configuration, without its hardware; with none at all PortAudio would end the program."""


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object a line. Fails when anything else is there."""
        return [json.loads(line) for line in self.out.splitlines()]

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.objects if event["event"] == kind]

    def worked(self) -> "Ran":
        """The same; fails unless the status is 0."""
        assert self.status == 0, f"status {self.status}\n{self.out}\n{self.err}"
        return self

    def complaint(self, status: int = 1) -> str:
        """What is wrong and what to do, after checking that it is told the way that is promised."""
        assert self.status == status, f"status {self.status}\n{self.out}\n{self.err}"
        lines = self.err.splitlines()
        assert lines[0].startswith("voice-coach: "), self.err
        assert 2 <= len(lines) <= 3, self.err
        return self.err


class Program:
    """The program of a person whose home is empty, on a machine without sound and without a network."""

    def __init__(self, home: Path, cache: Path) -> None:
        self.home = home
        self.cache = cache
        self.journal = home / ".local/share/voice-coach/journal.sqlite3"
        (home / "asound.conf").write_text(NO_SOUND_CARD)
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home),
            "XDG_CACHE_HOME": str(cache),
            "XDG_RUNTIME_DIR": str(home),
            "PYTHONPATH": os.pathsep.join((str(GUARD), str(TOP))),
            "ALSA_CONFIG_PATH": str(home / "asound.conf"),
            "PULSE_SERVER": "unix:/nonexistent",
        }

    def run(
        self, *arguments: str | Path, text: str | bytes = "", env: dict[str, str] | None = None, **options: Any
    ) -> Ran:
        """To its end; `text` is standard input, `env` changes the environment."""
        done = subprocess.run(
            [*START, *map(str, arguments)],
            input=text.encode() if isinstance(text, str) else text,
            env=self.environment | (env or {}),
            cwd=self.home,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            **options,
        )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ran.err, ran.err
        return ran

    def start(self, *arguments: str | Path, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        """Running, with pipes to it; to be ended by the test."""
        return subprocess.Popen(
            [*START, *map(str, arguments)],
            env=self.environment | (env or {}),
            cwd=self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def chat(self, *lines: str, now: str = "2026-11-21T07:30:00+01:00") -> Ran:
        """A typed conversation in events, with the default journal."""
        return self.run("chat", "--json", "--now", now, text="\n".join(lines) + "\n").worked()

    def logged(self, *arguments: str | Path) -> list[dict[str, Any]]:
        """The entries of the journal, as a reader sees them."""
        return self.run("journal", "export", *arguments).worked().objects


def wait_for(process: "subprocess.Popen[str]", event: str) -> dict[str, Any]:
    """Reads events until there is one of this kind."""
    assert process.stdout is not None
    for line in process.stdout:
        found: dict[str, Any] = json.loads(line)
        if found["event"] == event:
            return found
    raise AssertionError(f"it ended before {event}: {process.communicate()[1]}")


def in_the(room: Room) -> dict[str, str]:
    """What to change in the environment for a program that is to hear and be heard in this room."""
    return room.environment | {"ALSA_CONFIG_PATH": ""}
