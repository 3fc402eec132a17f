"""What models may be asked on a day: how exact it is, who shares it, and what becomes of work beyond it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, QuotaExceededError
from powermem._async.processing import runner
from powermem._concurrency import async_gather
from powermem._core import clock
from powermem.errors import ProviderError
from tests._async.patience import async_comes, async_known
from tests.support.apiserver import ApiServer, failure
from tests.support.queueing import LongPause
from tests.support.scripted import ScriptedModel, eager, in_table, openai_embedder

DAY = 86_400_000_000


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """A database without memories, and a language model that answers what the test says."""
    return eager(config, api)


@pytest.fixture
def model(model: ScriptedModel) -> ScriptedModel:
    """A language model that repeats what users say."""
    model.repeats()
    return model


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many days pass; it is noon of one until then, so that no test meets the end of a day."""
    now, passed = clock.now, [0]
    shift = DAY // 2 - now() % DAY
    monkeypatch.setattr(clock, "now", lambda: now() + shift + passed[0] * DAY)

    def pass_by(number: int) -> None:
        passed[0] += number

    return pass_by


pytestmark = pytest.mark.usefixtures("days")


def limited(config: dict[str, Any], **limits: int) -> AsyncMemory:
    return AsyncMemory({**config, "budget": limits}, max_retries=0)


async def attempt(ask: Callable[[], Any]) -> QuotaExceededError | None:
    try:
        await ask()
    except QuotaExceededError as error:
        return error
    return None


@pytest.mark.stores
async def test_calls_are_counted_exactly_whoever_makes_them(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    async with limited(config, llm_calls_per_day=7) as one, limited(config, llm_calls_per_day=7) as other:
        adds = [
            partial(attempt, partial((one, other)[n % 2].add, f"I own {n} boats", user_id=f"u{n}"))
            for n in range(100)
        ]
        refused = [error for error in await async_gather(adds) if error is not None]
        assert (len(refused), model.calls, await one.count()) == (93, 7, 7)
    today = clock.to_iso((clock.now() // DAY + 1) * DAY)
    for error in refused:
        assert (error.budget, error.limit, error.used) == ("budget.llm_calls_per_day", 7, 7)
        assert error.free_at == today
        assert str(error).startswith(
            f"budget.llm_calls_per_day: 7 of 7 are used, and 1 more would be too many; free again at {today}"
        )


@pytest.mark.stores
async def test_the_next_day_frees_a_budget_and_reopening_does_not(
    config: dict[str, Any], model: ScriptedModel, days: Callable[[int], None]
) -> None:
    async with limited(config, llm_calls_per_day=1) as memory:
        await memory.add("I like tea", user_id="ana")
        assert await attempt(partial(memory.add, "I live in Porto", user_id="ana")) is not None
    async with limited(config, llm_calls_per_day=1) as memory:
        assert await attempt(partial(memory.add, "I live in Porto", user_id="ana")) is not None
        days(1)
        await memory.add("I live in Porto", user_id="ana")
        assert await attempt(partial(memory.add, "I own a boat", user_id="ana")) is not None
    assert model.calls == 2


async def test_tokens_are_those_that_the_provider_counted(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    spent: list[int] = []

    async def add(memory: AsyncMemory, number: int) -> None:
        result = await memory.add(f"I own {number} boats", user_id=f"u{number}")
        spent.append(result["usage"]["prompt_tokens"] + result["usage"]["completion_tokens"])

    async with limited(config, llm_tokens_per_day=20_000) as memory:
        adds = [partial(attempt, partial(add, memory, number)) for number in range(100)]
        refused = [error for error in await async_gather(adds) if error is not None]
    assert refused
    assert refused[0].budget == "budget.llm_tokens_per_day"
    assert ledger(config) == {"llm_tokens": sum(spent)}
    assert 10_000 < sum(spent) <= 20_000


async def test_texts_are_embedded_as_far_as_the_budget_goes(config: dict[str, Any], api: ApiServer) -> None:
    config = {**config, "embedder": openai_embedder(api), "llm": {"provider": "none"}}
    async with limited(config, embedded_texts_per_day=50) as memory:
        adds = [
            partial(attempt, partial(memory.add, f"I own {n} boats", user_id="u", infer=False))
            for n in range(100)
        ]
        refused = [error for error in await async_gather(adds) if error is not None]
        assert (len(refused), await memory.count()) == (50, 50)
        assert sum(len(request.body["input"]) for request in api.of("embed")) == 50
        with pytest.raises(QuotaExceededError, match=r"budget\.embedded_texts_per_day: 50 of 50"):
            await memory.search("boats", user_id="u")
        # What is known is not asked for again.
        (stored, *_) = (await memory.get_all(limit=1))["results"]
        found = await memory.search(stored["memory"], user_id="u", limit=1)
        assert found["results"][0]["id"] == stored["id"]


async def test_what_a_provider_refuses_is_not_counted(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    config = {**config, "embedder": openai_embedder(api)}
    limits = {"llm_calls_per_day": 1, "llm_tokens_per_day": 100_000, "embedded_texts_per_day": 1}
    async with limited(config, **limits) as memory:
        api.script.append(failure(500))
        with pytest.raises(ProviderError):
            await memory.add("I like tea", user_id="ana")
        api.script.append(failure(500))
        with pytest.raises(ProviderError):
            await memory.search("tea", user_id="ana")
        assert ledger(config) == {"llm_calls": 0, "llm_tokens": 0, "embedded_texts": 0}
        assert len((await memory.add("I like tea", user_id="ana"))["results"]) == 1


@pytest.mark.stores
async def test_work_in_the_background_goes_on_when_the_budget_is_free(
    config: dict[str, Any], model: ScriptedModel, days: Callable[[int], None]
) -> None:
    async with limited(config, llm_calls_per_day=0) as memory:
        await memory.add_exchange("ana", "I like tea", "Noted.")
        with pytest.raises(QuotaExceededError):
            await memory.process("ana")
        rough = await memory.add("I live in Porto", user_id="ben", async_mode=True)
        task = memory.process_async("ana")
        assert await task.wait() == 0
        with pytest.raises(QuotaExceededError):
            task.raise_for_error()
        await memory.wait_for_processing()
        for task_id in (task.id, rough["task_id"]):
            status = await memory.get_status(task_id)
            assert (status["status"], status["stage"]) == ("failed", "over budget")
            assert "budget.llm_calls_per_day: 0 of 0 are used" in status["error"]
    async with limited(config, llm_calls_per_day=5) as memory:
        # The limit is another one; the day is the same.
        await memory.add_exchange("cleo", "I own a boat", "Noted.")
        assert await memory.process("cleo") == 1
        assert await memory.get_all(user_id="ana") == {"results": [], "total": 0}
        days(1)
        await async_comes(partial(async_known, memory, "ana"), ["User likes tea"])
        await async_comes(partial(async_known, memory, "ben"), ["User lives in Porto"])
        assert (await memory.get_status(rough["task_id"]))["status"] == "completed"


async def test_a_memory_that_is_opened_on_another_day_goes_on(
    config: dict[str, Any], model: ScriptedModel, days: Callable[[int], None]
) -> None:
    async with limited(config, llm_calls_per_day=0) as memory:
        await memory.add_exchange("ana", "I like tea", "Noted.")
        with pytest.raises(QuotaExceededError):
            await memory.flush()
    days(1)
    async with limited(config, llm_calls_per_day=1) as memory:
        await async_comes(partial(async_known, memory, "ana"), ["User likes tea"])


async def test_a_day_that_ends_meanwhile_is_no_reason_to_wait_for_another(
    config: dict[str, Any],
    model: ScriptedModel,
    days: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "_RETRIES", LongPause())
    async with limited(config, llm_calls_per_day=0) as memory:
        store = memory._access.components.store
        enter = store.enter

        async def late(entries: list[Any]) -> list[Any]:
            refusals = await enter(entries)
            if not model.calls:
                memory._access.components.meter._limits["llm_calls"] = 1
                days(1)
            return refusals

        monkeypatch.setattr(store, "enter", late)
        await memory.add_exchange("ana", "I like tea", "Noted.")
        assert await memory.process("ana") == 1


async def test_a_conversation_goes_on_without_a_budget(config: dict[str, Any], api: ApiServer) -> None:
    config = {**config, "embedder": openai_embedder(api)}
    async with limited(config, llm_calls_per_day=0, embedded_texts_per_day=0) as memory:
        memory.attribution("ana")
        ask = memory.wrap(lambda messages: f"{len(messages)} messages")
        assert ask([{"role": "user", "content": "I like tea"}]) == "1 messages"
        assert await memory.augmentation.wait(120)
        (task,) = await memory.list_tasks(user_id="ana")
        assert (task["status"], task["stage"]) == ("failed", "over budget")
        with pytest.raises(QuotaExceededError):
            await memory.recall("tea")
        assert api.requests == []


def ledger(config: dict[str, Any]) -> dict[str, int]:
    """Return what the ledger has."""
    entries: dict[str, int] = json.loads(dict(in_table(config, "meta", "key, value"))["budget"])
    del entries["day"]
    return entries
