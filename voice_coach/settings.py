"""What the person has set: defaults < configuration file (TOML) < environment < flags, checked as it is read."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time
from pathlib import Path
from typing import Any

from voice_coach.errors import CoachError, SettingsError, UsageError

APPLICATION = "voice-coach"
CONFIG_VARIABLE = "VOICE_COACH_CONFIG"
DATA_VARIABLE = "VOICE_COACH_DATA_DIR"
MODEL_VARIABLE = "VOICE_COACH_MODEL_DIR"


def _between(default: float, minimum: float, maximum: float) -> Any:
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum})


def _like(default: str, pattern: str, allowed: str) -> Any:
    return field(default=default, metadata={"pattern": pattern, "allowed": allowed})


@dataclass(frozen=True)
class Wake:
    phrase: str = _like("hey coach", r"(?s).*[^\W\d_].*", "words in quotes")
    """The words that address the coach."""


@dataclass(frozen=True)
class Audio:
    input: str = ""
    """Name of the microphone, or a part of it; empty for the system's own choice."""
    output: str = ""
    earcons: bool = True


@dataclass(frozen=True)
class Speaking:
    voice: str = ""
    """Name of the voice; empty for the language's own."""
    rate: int = _between(160, 80, 450)
    """Words a minute."""
    volume: float = _between(1.0, 0.0, 1.0)


@dataclass(frozen=True)
class Hearing:
    model: str = ""
    """Name of a model, or path of its folder; empty for the language's own."""
    patience: float = _between(1.0, 0.5, 4.0)
    """Scales every waiting time, for people who speak slowly."""


@dataclass(frozen=True)
class Coaching:
    language: str = _like("en", r"[a-z]{2,3}([-_][A-Za-z0-9]+)*", 'the short name of a language, such as "en"')
    day_ends: time = field(default=time(3), metadata={"minimum": time(0), "maximum": time(12)})
    """Until this hour of the morning it is still the day before."""
    answer_seconds: float = _between(8.0, 1.0, 120.0)
    """How long the coach waits for an answer, without the wake phrase."""
    emergency_number: str = _like("112", r"(?s).*\d.*", 'a number in quotes, such as "112"')


@dataclass(frozen=True)
class JournalFile:
    path: str = ""
    """Empty for the usual place. A relative path in the configuration file starts from that file's folder."""


@dataclass(frozen=True)
class Paths:
    """Where things are. Nothing here is created by reading the settings."""

    config: Path | None
    """The configuration file that was read, if there was one."""
    journal: Path
    models: Path | None
    """The folder that VOICE_COACH_MODEL_DIR names."""
    user_models: Path
    """The folder for models in the user's own data folder; VOICE_COACH_DATA_DIR does not move it."""


@dataclass(frozen=True)
class Settings:
    paths: Paths
    wake: Wake = Wake()
    audio: Audio = Audio()
    speech: Speaking = Speaking()
    hearing: Hearing = Hearing()
    coach: Coaching = Coaching()
    journal: JournalFile = JournalFile()


_TABLES = {"wake": Wake, "audio": Audio, "speech": Speaking, "hearing": Hearing, "coach": Coaching}
_TABLES |= {"journal": JournalFile}


def known_keys() -> tuple[str, ...]:
    """Every setting there is, as "table.key"."""
    return tuple(f"{table}.{setting.name}" for table, kind in _TABLES.items() for setting in fields(kind))


def load_settings(config: Path | None, env: Mapping[str, str], overrides: Mapping[str, object]) -> Settings:
    """The settings in force.

    `config` is the file named by --config; else VOICE_COACH_CONFIG, else the user's own, which may be missing.
    `overrides` are flags ({"speech.rate": 180}); None stands for a flag that was not given.
    Raises SettingsError for the file and UsageError for the flags, naming the key and what is allowed.
    """
    file, tables = _read_config(config, env)
    flags = {key: value for key, value in overrides.items() if value is not None}
    sections = {name: kind() for name, kind in _TABLES.items()}
    for key, value in _flatten(tables, file).items():
        _set(sections, key, value, str(file), SettingsError)
    for key, value in flags.items():
        _set(sections, key, value, "The command line", UsageError)
    paths = Paths(
        config=file,
        journal=_journal_path(sections["journal"].path, "journal.path" in flags, file, env),
        models=Path(env[MODEL_VARIABLE]).expanduser() if env.get(MODEL_VARIABLE) else None,
        user_models=_user_folder("data") / "models",
    )
    return Settings(paths, **sections)


# --- where


def _user_folder(kind: str) -> Path:
    import platformdirs

    find = platformdirs.user_config_dir if kind == "config" else platformdirs.user_data_dir
    return Path(find(APPLICATION, appauthor=False))


def _journal_path(path: str, is_flag: bool, file: Path | None, env: Mapping[str, str]) -> Path:
    """The flag, else the environment, else the file, else the user's own data folder."""
    if path and is_flag:
        return Path(path).expanduser()
    if env.get(DATA_VARIABLE):
        return Path(env[DATA_VARIABLE]).expanduser() / "journal.sqlite3"
    if path and file is not None:
        return file.parent / Path(path).expanduser()
    return _user_folder("data") / "journal.sqlite3"


def _read_config(config: Path | None, env: Mapping[str, str]) -> tuple[Path | None, dict[str, Any]]:
    named = config or (Path(env[CONFIG_VARIABLE]) if env.get(CONFIG_VARIABLE) else None)
    file = (named or _user_folder("config") / "config.toml").expanduser()
    try:
        # Editors on other systems like to begin a file with a byte order mark.
        return file, tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        if named is None:
            return None, {}
        raise SettingsError(
            f"There is no configuration file {file}.",
            f"Check the path in --config or {CONFIG_VARIABLE}; without these no file is needed.",
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The configuration file {file} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The configuration file {file} is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The configuration file {file} is not valid TOML: {error}.",
            "Mend that line; text needs quotes, and a table begins with its name in [brackets].",
        ) from None
    except RecursionError:
        raise SettingsError(f"The configuration file {file} is nested too deeply.", "Make it flatter.") from None


# --- what


def _flatten(tables: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, table in tables.items():
        if name in _TABLES and not isinstance(table, dict):
            raise SettingsError(f"{file}: {name} is a table, not a value.", f"Write [{name}], and its keys below it.")
        if isinstance(table, dict) and name in _TABLES:
            flat |= {f"{name}.{key}": value for key, value in table.items()}
        else:
            flat[name] = table
    return flat


def _set(sections: dict[str, Any], key: str, value: object, source: str, error: type[CoachError]) -> None:
    if key not in known_keys():
        nearest = _nearest(key)
        remedy = f"Did you mean {nearest}? In the file that is {_in_file(nearest)}."
        raise error(f"{source}: there is no setting {key}.", remedy)
    table, name = key.split(".")
    setting = next(each for each in fields(sections[table]) if each.name == name)
    checked = _checked(value, setting.default, setting.metadata)
    if checked is None:
        allowed = _allowed(setting.default, setting.metadata)
        raise error(f"{source}: {key} is {_shown(value)}, which is not allowed.", f"Allowed is {allowed}.")
    sections[table] = replace(sections[table], **{name: checked})


def _nearest(key: str) -> str:
    from rapidfuzz import fuzz, process

    # A table of that name misspelled, a key without its table, or a slip in either.
    keys = known_keys()
    whole = process.extractOne(key, keys, scorer=fuzz.ratio)
    last = process.extractOne(key.rpartition(".")[2], [each.partition(".")[2] for each in keys], scorer=fuzz.ratio)
    table = process.extractOne(key.partition(".")[0], list(_TABLES), scorer=fuzz.ratio)
    if "." not in key and table[1] > last[1]:
        return str(table[0])
    return str(whole[0] if whole[1] >= last[1] else keys[last[2]])


def _in_file(key: str) -> str:
    table, _, name = key.partition(".")
    return f"{name} below [{table}]" if name else f"[{table}]"


def _checked(value: Any, default: object, limits: Mapping[str, Any]) -> Any:
    """The value in the type of the default, or None where it is not allowed."""
    if isinstance(default, time):
        value = _time(value)
    allowed = (int, float) if isinstance(default, float) else (type(default),)
    if type(value) not in allowed:
        return None
    if "minimum" in limits and not limits["minimum"] <= value <= limits["maximum"]:
        return None
    if isinstance(default, float):
        return float(value)
    if "pattern" in limits and not re.fullmatch(limits["pattern"], str(value)):
        return None
    return value


def _time(value: object) -> time | None:
    if isinstance(value, str) and re.fullmatch(r"\d\d?:\d\d", value):
        try:
            return time.fromisoformat(value.zfill(5))
        except ValueError:
            return None
    # TOML has times of its own, without quotes.
    return value if isinstance(value, time) else None


def _allowed(default: object, limits: Mapping[str, Any]) -> str:
    if isinstance(default, bool):
        return "true or false, without quotes"
    if isinstance(default, time):
        return f'a time in quotes from "{limits["minimum"]:%H:%M}" to "{limits["maximum"]:%H:%M}"'
    if isinstance(default, int | float):
        kind = "a whole number" if isinstance(default, int) else "a number"
        return f"{kind} from {limits['minimum']:g} to {limits['maximum']:g}, without quotes"
    return str(limits.get("allowed", "text in quotes"))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
