"""What the first call of a kind needs is loaded once."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from powermem._async.first_use import AsyncFirstUse
from powermem._concurrency import async_gather
from powermem._core import forks


async def test_calls_at_once_share_the_first_use() -> None:
    first, loaded = AsyncFirstUse(), list[int]()
    await async_gather([partial(first.run, partial(loaded.append, number)) for number in range(5)])
    assert len(loaded) == 1
    await first.run(partial(loaded.append, 9))
    assert len(loaded) == 1


async def test_a_first_use_that_fails_is_not_the_last() -> None:
    first, loaded = AsyncFirstUse(), list[int]()
    with pytest.raises(ZeroDivisionError):
        await first.run(lambda: 1 / 0)
    await first.run(partial(loaded.append, 1))
    assert loaded == [1]


async def test_a_fork_waits_for_the_first_use() -> None:
    held: list[bool] = []
    await AsyncFirstUse().run(lambda: held.append(threading.get_ident() in forks._under_way.values()))
    assert held == [True]
