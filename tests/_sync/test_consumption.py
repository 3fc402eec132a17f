# Generated from tests/_async/test_consumption.py by scripts/run_unasync.py; edit that file instead.
"""What models did by day is counted for all who share a store, whether or not there is a budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powermem import Memory, StoreUnavailableError
from powermem._core import clock
from powermem._sync.providers import metered
from powermem._sync.providers.metered import Meter
from powermem.types import Completion
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, eager

DAY = 86_400_000_000
START = 20_000 * DAY + DAY // 2


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer, model: ScriptedModel) -> dict[str, Any]:
    """A database without memories, and a language model that repeats what users say."""
    model.repeats()
    return eager(config, api)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many days pass; it is noon of day 20,000 until then."""
    passed = [0]
    monkeypatch.setattr(clock, "now", lambda: START + passed[0] * DAY)

    def pass_by(number: int) -> None:
        passed[0] += number

    return pass_by


def by_day(memory: Memory, since: int = 0) -> dict[int, dict[str, int]]:
    components = memory._access.open()
    return {day: dict(amounts) for day, amounts in (components.meter.by_day(since)).items()}


@pytest.mark.stores
def test_all_who_share_a_store_are_counted_day_by_day(
    config: dict[str, Any], now: Callable[[int], None]
) -> None:
    # Another budget makes another engine, as in another process.
    other = Memory({**config, "budget": {"llm_calls_per_day": 100}})
    with Memory(config) as memory:
        with other:
            memory.add("I own a boat", user_id="u")
            other.add("I own a house", user_id="u")
            first = by_day(memory)
            # What the other one did is written when it closes at the latest.
            assert set(first) == {20_000}
            assert first[20_000]["llm_calls"] in (1, 2)
            now(1)
            other.add("I own a horse", user_id="v")
        found = by_day(memory)
        # A second fact of one user is compared with the first: a decision more.
        assert {day: amounts["llm_calls"] for day, amounts in found.items()} == {20_000: 3, 20_001: 1}
        assert found[20_000]["prompt_tokens"] > found[20_001]["prompt_tokens"] > 0
        assert found[20_001]["completion_tokens"] > 0
        assert found[20_000]["embedded_texts"] >= 2
        assert set(by_day(memory, 20_001)) == {20_001}
    with Memory(config) as memory:
        assert by_day(memory) == found
        memory.reset()
        assert by_day(memory) == {}


def test_what_cannot_be_written_is_written_later(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(days: object) -> None:
        raise StoreUnavailableError("the store is away")

    with Memory(config) as memory:
        components = memory._access.open()
        memory.add("I own a boat", user_id="u")
        with monkeypatch.context() as away:
            away.setattr(components.store, "add_consumption", unreachable)
            assert by_day(memory) == {}
        (amounts,) = (by_day(memory)).values()
        assert amounts["llm_calls"] == 1


def test_counts_are_written_now_and_then_and_not_for_each_call(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where nothing is limited, nothing is estimated either.
    monkeypatch.setattr(metered, "request_tokens", None)
    seconds, written = [0.0], []

    class Store:
        read_only = False

        def add_consumption(self, days: dict[int, dict[str, int]]) -> None:
            written.append([amounts["llm_calls"] for amounts in days.values()])

    def ask() -> Completion:
        return Completion("yes", 7, 1)

    meter = Meter(Store(), {}, lambda: seconds[0])
    for second in range(25):
        seconds[0] = float(second)
        meter.completion([{"role": "user", "content": "Tea?"}], ask)
    assert written == [[11], [10]]
    meter.close()
    meter.close()
    assert written == [[11], [10], [4]]
