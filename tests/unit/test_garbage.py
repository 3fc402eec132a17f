"""Garbage collection of a process that only serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from powermem._core.garbage import started, starting


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_a_process_that_starts_collects_nothing_until_it_has_started() -> None:
    with starting():
        loaded: list[list[int]] = [[]]
        assert not gc.isenabled()
        started()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        assert not any(found is loaded for found in gc.get_objects())
    assert gc.isenabled()


def test_a_start_that_fails_leaves_collection_on() -> None:
    frozen = gc.get_freeze_count()
    with pytest.raises(KeyError), starting():
        raise KeyError
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
