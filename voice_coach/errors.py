"""Everything that can go wrong and has to be told to a person.

CoachError
├── UsageError            the command was called wrongly (exit status 2)
├── SettingsError         configuration file or environment
├── PackError             a language pack or intents folder
├── ModelError            the speech model: missing, damaged, unusable
├── GraphError            the language graph could not be built
├── SetupError            downloading or installing failed
├── AudioError            microphone, speaker or recording
│   └── NoDeviceError     there is no such device at all
├── SpeechError           the synthesizer
└── JournalError          the journal: held, read-only, not a database, disk full
"""


class CoachError(Exception):
    """What failed and where, in one sentence; what to do about it, in another."""

    exit_status = 1

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n{self.remedy}" if self.remedy else self.what


class UsageError(CoachError):
    exit_status = 2


class SettingsError(CoachError):
    pass


class PackError(CoachError):
    pass


class ModelError(CoachError):
    pass


class GraphError(CoachError):
    pass


class SetupError(CoachError):
    pass


class AudioError(CoachError):
    pass


class NoDeviceError(AudioError):
    pass


class SpeechError(CoachError):
    pass


class JournalError(CoachError):
    pass
