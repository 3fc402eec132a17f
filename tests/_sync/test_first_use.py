# Generated from tests/_async/test_first_use.py by scripts/run_unasync.py; edit that file instead.
"""What the first call of a kind needs is loaded once."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from powermem._concurrency import gather
from powermem._core import forks
from powermem._sync.first_use import FirstUse


def test_calls_at_once_share_the_first_use() -> None:
    first, loaded = FirstUse(), list[int]()
    gather([partial(first.run, partial(loaded.append, number)) for number in range(5)])
    assert len(loaded) == 1
    first.run(partial(loaded.append, 9))
    assert len(loaded) == 1


def test_a_first_use_that_fails_is_not_the_last() -> None:
    first, loaded = FirstUse(), list[int]()
    with pytest.raises(ZeroDivisionError):
        first.run(lambda: 1 / 0)
    first.run(partial(loaded.append, 1))
    assert loaded == [1]


def test_a_fork_waits_for_the_first_use() -> None:
    held: list[bool] = []
    FirstUse().run(lambda: held.append(threading.get_ident() in forks._under_way.values()))
    assert held == [True]
