"""Collecting garbage is put off, never given up."""

import gc

import pytest

from voice_coach.hearing import garbage


def test_it_is_put_off_inside_and_goes_on_afterwards() -> None:
    with garbage.put_off():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_a_failure() -> None:
    with pytest.raises(ValueError, match="broken"), garbage.put_off():
        raise ValueError("broken")
    assert gc.isenabled()


def test_one_within_another_changes_nothing() -> None:
    with garbage.put_off():
        with garbage.put_off():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
