"""Each statement has a deadline, and a connection in use has one timer for all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from powermem._drivers.base import Limit, Watch

SHORT, LONG = Limit("a short reply", 0.001, "setting"), Limit("a long reply", 3600.0, "setting")


class Timers:
    """The times for which the running loop's timers are set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self.set: list[float] = []
        self._again = asyncio.Event()
        call_at = loop.call_at

        def noted(when: float, *args: Any, **more: Any) -> asyncio.TimerHandle:
            self.set.append(when)
            self._again.set()
            return call_at(when, *args, **more)

        monkeypatch.setattr(loop, "call_at", noted)

    async def next(self) -> None:
        """Wait until another timer is set."""
        self._again.clear()
        await self._again.wait()


async def test_many_operations_set_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    timers, watch = Timers(monkeypatch), Watch(lambda: pytest.fail("nothing took too long"))
    for _ in range(100):
        with watch.within(LONG):
            await asyncio.sleep(0)
    assert len(timers.set) == 1
    watch.stop()


@pytest.mark.parametrize("before", [[], [LONG], [SHORT, LONG]])
async def test_an_operation_that_takes_too_long_is_aborted(before: list[Limit]) -> None:
    aborted = asyncio.Event()
    watch = Watch(aborted.set)
    for limit in before:
        with watch.within(limit):
            pass
    with watch.within(SHORT):
        await aborted.wait()
    assert watch.expired is SHORT


async def test_a_timer_of_an_earlier_operation_leaves_the_next_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timers, watch = Timers(monkeypatch), Watch(lambda: pytest.fail("the second has an hour"))
    with watch.within(SHORT):
        pass
    with watch.within(LONG):
        await timers.next()
    assert len(timers.set) == 2
    assert watch.expired is None
    watch.stop()


async def test_a_timer_that_fires_between_operations_does_nothing() -> None:
    fired = asyncio.Event()
    watch = Watch(lambda: pytest.fail("there was none"))
    with watch.within(SHORT):
        pass
    asyncio.get_running_loop().call_later(2 * SHORT.seconds, fired.set)
    await fired.wait()
    assert watch.expired is None
