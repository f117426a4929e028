"""Settings: which source wins, and what a mistake is told."""

from datetime import time
from pathlib import Path

import pytest

from voice_coach.errors import SettingsError, UsageError
from voice_coach.settings import Settings, known_keys, load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "my.toml"
    file.write_text(text, encoding="utf-8")
    return file


def load(folder: Path, text: str) -> Settings:
    return load_settings(written(folder, text), {}, {})


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    assert str(folder / "my.toml") in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


def test_without_a_file_everything_has_its_default() -> None:
    settings = load_settings(None, {}, {})
    assert settings.wake.phrase == "hey coach"
    assert settings.audio.earcons is True
    assert (settings.speech.rate, settings.speech.volume) == (160, 1.0)
    assert settings.hearing.patience == 1.0
    assert settings.coach.day_ends == time(3)
    assert settings.coach.answer_seconds == 8
    assert settings.coach.emergency_number == "112"
    assert settings.paths.config is None


def test_every_setting_of_the_contract_is_known() -> None:
    contract = """wake.phrase audio.input audio.output audio.earcons speech.voice speech.rate speech.volume
        hearing.model hearing.patience coach.language coach.day_ends coach.answer_seconds coach.emergency_number"""
    assert set(contract.split()) <= set(known_keys())


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    settings = load(tmp_path, '[speech]\nrate = 400\n[coach]\nday_ends = "04:30"\nanswer_seconds = 12\n')
    assert settings.speech.rate == 400
    assert settings.coach.day_ends == time(4, 30)
    assert settings.coach.answer_seconds == 12.0
    assert settings.speech.volume == 1.0


def test_the_users_own_file_is_read_without_being_named(home: Path) -> None:
    file = home / "config" / "voice-coach" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[wake]\nphrase = "computer"\n')
    settings = load_settings(None, {}, {})
    assert settings.wake.phrase == "computer"
    assert settings.paths.config == file


def test_the_file_named_by_a_flag_wins_over_the_one_of_the_environment(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[speech]\nrate = 90\n")
    env = {"VOICE_COACH_CONFIG": str(other)}
    assert load_settings(None, env, {}).speech.rate == 90
    assert load_settings(written(tmp_path, "[speech]\nrate = 300\n"), env, {}).speech.rate == 300


def test_a_flag_wins_over_the_file_and_a_flag_not_given_does_not(tmp_path: Path) -> None:
    file = written(tmp_path, "[speech]\nrate = 300\nvolume = 0.5\n")
    settings = load_settings(file, {}, {"speech.rate": 180, "speech.volume": None})
    assert (settings.speech.rate, settings.speech.volume) == (180, 0.5)


def test_an_empty_variable_is_as_good_as_none() -> None:
    empty = {"VOICE_COACH_CONFIG": "", "VOICE_COACH_DATA_DIR": "", "VOICE_COACH_MODEL_DIR": ""}
    assert load_settings(None, empty, {}) == load_settings(None, {}, {})


def test_a_time_may_stand_without_quotes(tmp_path: Path) -> None:
    assert load(tmp_path, "[coach]\nday_ends = 04:30:00\n").coach.day_ends == time(4, 30)
    assert load(tmp_path, '[coach]\nday_ends = "4:30"\n').coach.day_ends == time(4, 30)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff[speech]\nrate = 200\n").speech.rate == 200


# --- paths


def test_the_journal_is_in_the_users_data_folder(home: Path) -> None:
    paths = load_settings(None, {}, {}).paths
    assert paths.journal == home / "data" / "voice-coach" / "journal.sqlite3"
    assert paths.models is None


def test_the_data_variable_moves_the_journal_and_never_the_models(home: Path) -> None:
    env = {"VOICE_COACH_DATA_DIR": str(home / "elsewhere")}
    paths = load_settings(None, env, {}).paths
    assert paths.journal == home / "elsewhere" / "journal.sqlite3"
    assert paths.user_models == home / "data" / "voice-coach" / "models"


def test_for_the_journal_the_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[journal]\npath = "mine.sqlite3"\n')
    env = {"VOICE_COACH_DATA_DIR": "/elsewhere"}
    assert load_settings(file, {}, {}).paths.journal == tmp_path / "mine.sqlite3"
    assert load_settings(file, env, {}).paths.journal == Path("/elsewhere/journal.sqlite3")
    assert load_settings(file, env, {"journal.path": "/flag.sqlite3"}).paths.journal == Path("/flag.sqlite3")


def test_the_model_variable_names_the_folder_of_models() -> None:
    assert load_settings(None, {"VOICE_COACH_MODEL_DIR": "~/m"}, {}).paths.models == Path.home() / "m"


def test_reading_the_settings_makes_no_folder(home: Path) -> None:
    load_settings(None, {"VOICE_COACH_DATA_DIR": str(home / "elsewhere")}, {})
    assert list(home.iterdir()) == []


# --- mistakes


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("[speech]\nrat = 180\n", "speech.rate"),
        ("[speech]\nspeed_rate = 180\n", "speech.rate"),
        ("[speach]\nrate = 180\n", "[speech]"),
        ("rate = 180\n", "speech.rate"),
        ("[audio]\nrate = 180\n", "speech.rate"),
        ('[coach]\nwake_phrase = "x"\n', "wake.phrase"),
        ("[coach]\nanswerseconds = 8\n", "coach.answer_seconds"),
        ("[coach]\ndayends = 8\n", "coach.day_ends"),
        ('"" = 1\n', "."),
    ],
)
def test_an_unknown_key_is_told_the_nearest_known_one(tmp_path: Path, text: str, nearest: str) -> None:
    assert nearest in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ('[speech]\nrate = "fast"\n', "speech.rate", "a whole number from 80 to 450"),
        ("[speech]\nrate = 79\n", "speech.rate", "from 80 to 450"),
        ("[speech]\nrate = 451\n", "speech.rate", "from 80 to 450"),
        ("[speech]\nrate = 160.5\n", "speech.rate", "a whole number"),
        ("[speech]\nrate = true\n", "speech.rate", "a whole number"),
        ("[speech]\nvolume = 1.1\n", "speech.volume", "a number from 0 to 1"),
        ("[speech]\nvolume = nan\n", "speech.volume", "a number from 0 to 1"),
        (f"[hearing]\npatience = {'9' * 400}\n", "hearing.patience", "from 0.5 to 4"),
        ("[audio]\nearcons = 1\n", "audio.earcons", "true or false"),
        ("[audio]\ninput = 3\n", "audio.input", "text in quotes"),
        ('[wake]\nphrase = ""\n', "wake.phrase", "words in quotes"),
        ('[coach]\nday_ends = "noon"\n', "coach.day_ends", 'from "00:00" to "12:00"'),
        ('[coach]\nday_ends = "25:00"\n', "coach.day_ends", 'from "00:00" to "12:00"'),
        ('[coach]\nday_ends = "22:00"\n', "coach.day_ends", 'from "00:00" to "12:00"'),
        ('[coach]\nlanguage = "../en"\n', "coach.language", "the short name of a language"),
        ("[coach]\nemergency_number = 112\n", "coach.emergency_number", 'such as "112"'),
        ("[coach.language]\nx = 1\n", "coach.language", "the short name of a language"),
    ],
)
def test_a_wrong_value_is_told_what_is_allowed(tmp_path: Path, text: str, key: str, allowed: str) -> None:
    told = complaint(tmp_path, text)
    assert key in told
    assert allowed in told


@pytest.mark.parametrize("text", ["speech = 3\n", "[[speech]]\nrate = 180\n"])
def test_a_value_in_the_place_of_a_table_is_told_so(tmp_path: Path, text: str) -> None:
    assert "Write [speech]" in complaint(tmp_path, text)


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in complaint(tmp_path, "[speech]\nrate = fast\n")


def test_toml_nested_beyond_reason_is_no_traceback(tmp_path: Path) -> None:
    assert "nested" in complaint(tmp_path, f"[speech]\nrate = {'[' * 100_000}\n")


def test_a_file_that_is_not_text_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path / "my.toml", {}, {})


def test_a_folder_in_the_place_of_the_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {}, {})


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    for config, env in ((missing, {}), (None, {"VOICE_COACH_CONFIG": str(missing)})):
        with pytest.raises(SettingsError, match="There is no configuration file"):
            load_settings(config, env, {})


@pytest.mark.parametrize("flags", [{"speech.rate": 9000}, {"speech.speed": 180}])
def test_a_wrong_flag_is_wrong_usage(flags: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="command line") as caught:
        load_settings(None, {}, flags)
    assert caught.value.exit_status == 2
