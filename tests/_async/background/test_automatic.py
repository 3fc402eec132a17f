"""Processing that begins by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, StoreUnavailableError
from powermem._concurrency import async_gather
from tests._async.patience import async_comes, async_known, async_until
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, heard, hold


async def talk(memory: AsyncMemory, numbers: range, user_id: str = "ana") -> None:
    for number in numbers:
        await memory.add_exchange(user_id, f"note {number}", "Noted.")


async def test_the_fifth_exchange_begins_it(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    async with AsyncMemory(config, auto_process=True, batch_threshold=10) as memory:
        await talk(memory, range(4))
        assert await memory.list_tasks() == []
        await talk(memory, range(4, 5))
        await async_until(lambda: model.calls == 1)
        assert len(await memory.list_tasks()) == 1
        api.release()
        await memory.wait_for_processing()
        assert await memory.count() == 5
        assert model.calls == 1
        assert await async_known(memory) == [f"note {number}" for number in range(5)]


async def test_messages_count_as_well(config: dict[str, Any], model: ScriptedModel) -> None:
    async with AsyncMemory(config, auto_process=True, batch_threshold=3) as memory:
        await memory.add_message("ana", "user", "Ana likes tea")
        await memory.add_message("ana", "user", "Ana lives in Porto")
        await memory.add_message("bo", "user", "Ana likes coffee")
        assert await memory.list_tasks() == []
        await memory.add_message("ana", "assistant", "Noted.")
        await memory.wait_for_processing()
        assert await memory.count() == 2
        assert await async_known(memory) == ["Ana likes tea", "Ana lives in Porto"]


async def test_it_is_off_unless_asked_for(memory: AsyncMemory, model: ScriptedModel) -> None:
    await talk(memory, range(20))
    assert (await memory.list_tasks(), model.calls) == ([], 0)


async def test_it_begins_again_and_again(config: dict[str, Any], model: ScriptedModel) -> None:
    async with AsyncMemory(config, auto_process=True, batch_threshold=2) as memory:
        await talk(memory, range(12))
        await async_comes(memory.count, 12)
        await memory.wait_for_processing()
        assert len(heard(model.extractions)) == 24


async def test_what_comes_while_it_runs_needs_no_further_push(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    async with AsyncMemory(config, auto_process=True, batch_threshold=2) as memory:
        await talk(memory, range(1))
        await async_until(lambda: model.calls == 1)
        await async_comes(lambda: running(memory), 1)
        await talk(memory, range(1, 9))
        # One task for all that came, not one for each.
        assert len(await memory.list_tasks()) == 2
        api.release()
        await async_comes(memory.count, 9)


async def running(memory: AsyncMemory) -> int:
    return len(await memory.list_tasks(status="running"))


async def test_many_at_once_begin_it_once(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    async with AsyncMemory(config, auto_process=True, batch_threshold=10) as memory:
        calls = [partial(memory.add_message, "ana", "user", f"note {number}") for number in range(10)]
        await async_gather(calls)
        await async_until(lambda: model.calls == 1)
        assert len(await memory.list_tasks()) == 1
        api.release()
        await memory.wait_for_processing()
        assert await memory.count() == 10


async def test_a_failure_does_not_end_it(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    async with AsyncMemory(config, auto_process=True, batch_threshold=2, max_retries=0) as memory:
        api.script.append(failure(400))
        await talk(memory, range(1))
        await memory.wait_for_processing()
        assert len(await memory.list_tasks(status="failed")) == 1
        await talk(memory, range(1, 2))
        await memory.wait_for_processing()
        assert await memory.count() == 1
        assert await memory.flush() == 1
        assert await async_known(memory) == ["note 0", "note 1"]


async def test_it_counts_what_was_there_before(config: dict[str, Any], model: ScriptedModel) -> None:
    async with AsyncMemory(config) as memory:
        await talk(memory, range(4))
    async with AsyncMemory(config, auto_process=True, batch_threshold=10) as memory:
        await talk(memory, range(4, 5))
        await memory.wait_for_processing()
        assert await memory.count() == 5


async def test_without_a_model_rules_begin_by_themselves_too(config: dict[str, Any]) -> None:
    config["llm"] = {"provider": "none"}
    async with AsyncMemory(config, auto_process=True, batch_threshold=2) as memory:
        await memory.add_exchange("ana", "My name is Ana and I like tea.", "Noted.")
        assert await memory.wait_for_processing() >= 1


async def test_a_turn_that_is_kept_is_not_called_lost(
    config: dict[str, Any],
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*anything: Any) -> int:
        raise StoreUnavailableError("the server went away")

    async with AsyncMemory(config, auto_process=True, batch_threshold=2) as memory:
        await memory.add_message("ana", "user", "Ana likes tea")
        assert memory._access.components is not None
        with monkeypatch.context() as patch:
            patch.setattr(memory._access.components.store, "count_buffered", fail)
            await memory.add_message("ana", "user", "Ana lives in Porto")
        assert "went away" in caplog.text
        await memory.add_message("ana", "user", "Ana plays the violin")
        await async_comes(memory.count, 3)
