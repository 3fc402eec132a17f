"""Adding that returns at once: rough memories now, refined ones later."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, FilterError, InvalidInputError
from powermem._concurrency import async_gather
from powermem.types import TaskStatus
from tests._async.patience import async_comes, async_known, async_until
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, heard, hold

TALK = [
    {"role": "user", "content": "I've booked a trip to Guangzhou.", "timestamp": "2025-12-10T09:44:00Z"},
    {"role": "assistant", "content": "You can consider 7 Days Inn.", "timestamp": "2025-12-10T09:44:30Z"},
    {"role": "user", "content": "I'll choose 7 Days Inn", "timestamp": "2025-12-10T21:45:00Z"},
]
REFINED = "The user plans to travel to Guangzhou and has chosen 7 Days Inn"


pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


async def finished(memory: AsyncMemory, task_id: str) -> TaskStatus:
    await memory.wait_for_processing(timeout=120)
    return await memory.get_status(task_id)


@pytest.mark.stores
async def test_what_was_said_is_found_at_once_and_later_what_it_means(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    added = await memory.add(TALK, user_id="ana", run_id="0610", async_mode=True)
    assert added["status"] == "running"
    assert set(added) == {"results", "status", "task_id", "usage", "extractor"}
    (item,) = added["results"]
    assert item["event"] == "ADD"
    found = (await memory.search("Which inn in Guangzhou?", user_id="ana"))["results"]
    (rough,) = found
    assert rough["id"] == item["id"]
    assert rough["memory"] == (
        "user: [09:44 AM on 10 December, 2025 UTC]: I've booked a trip to Guangzhou.\n"
        "assistant: [09:44 AM on 10 December, 2025 UTC]: You can consider 7 Days Inn.\n"
        "user: [09:45 PM on 10 December, 2025 UTC]: I'll choose 7 Days Inn\n"
    )
    assert (rough["memory_type"], rough["metadata"]["tags"]) == ("WorkingMemory", ["mode:fast"])
    assert (rough["run_id"], rough["user_id"]) == ("0610", "ana")
    assert 0 < rough["score"] <= 1
    status = await memory.get_status(added["task_id"])
    assert (status["status"], status["results"]) == ("running", [])
    assert len(await memory.sources(item["id"])) == 3

    model.learns(REFINED)
    api.release()
    status = await finished(memory, added["task_id"])
    assert (status["status"], status["error"]) == ("completed", None)
    assert [result["memory"] for result in status["results"]] == [REFINED]
    (refined,) = (await memory.search("Which inn in Guangzhou?", user_id="ana"))["results"]
    assert refined["memory"] == REFINED
    assert refined["memory_type"] != "WorkingMemory"
    assert "tags" not in refined["metadata"]
    # The id that was returned stays good.
    kept = await memory.get(item["id"], user_id="ana")
    assert kept is not None
    assert (kept["id"], kept["content"]) == (refined["id"], REFINED)
    assert await memory.get(item["id"], user_id="bo") is None


@pytest.mark.stores
async def test_there_is_no_moment_with_both_or_none(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    model.learns("Ana likes tea")
    added = await memory.add("Ana likes tea", user_id="ana", async_mode=True)
    await async_until(lambda: model.calls == 1)
    seen: set[str] = set()
    api.release()
    done = False
    while not done:
        done = (await memory.get_status(added["task_id"]))["status"] == "completed"
        for listed in (
            await memory.get_all(user_id="ana"),
            await memory.search("Who likes tea?", user_id="ana"),
        ):
            (item,) = listed["results"]
            seen.add(item["memory"].split(":")[0])
    assert seen <= {"user", "Ana likes tea"}
    assert await async_known(memory, "ana") == ["Ana likes tea"]


async def test_several_facts_take_its_place(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Ana likes tea", "Her brother plays chess")
    added = await memory.add("Ana likes tea. My brother plays chess.", user_id="ana", async_mode=True)
    assert len((await finished(memory, added["task_id"]))["results"]) == 2
    assert await async_known(memory, "ana") == ["Ana likes tea", "Her brother plays chess"]
    kept = await memory.get(added["results"][0]["id"])
    assert kept is not None
    assert kept["memory"] == "Ana likes tea"


@pytest.mark.stores
async def test_what_is_known_already_takes_its_place_too(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.always_learns("Ana likes tea")
    (earlier,) = (await memory.add("Ana likes tea", user_id="ana"))["results"]
    added = await memory.add("As I said: tea!", user_id="ana", async_mode=True)
    status = await finished(memory, added["task_id"])
    assert (status["status"], status["results"]) == ("completed", [])
    assert await async_known(memory, "ana") == ["Ana likes tea"]
    kept = await memory.get(added["results"][0]["id"])
    assert kept is not None
    assert kept["id"] == earlier["id"]


async def test_a_correction_takes_its_place(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Ana lives in Porto")
    (earlier,) = (await memory.add("Ana lives in Porto", user_id="ana"))["results"]
    model.learns("Ana lives in Lisbon")
    model.decides({"fact": 0, "action": "UPDATE", "target": "M1", "text": "Ana lives in Lisbon"})
    added = await memory.add("Ana lives in Lisbon now", user_id="ana", async_mode=True)
    (result,) = (await finished(memory, added["task_id"]))["results"]
    assert (result["event"], result["previous_memory"]) == ("UPDATE", "Ana lives in Porto")
    kept = await memory.get(added["results"][0]["id"])
    assert kept is not None
    assert (kept["id"], kept["memory"]) == (earlier["id"], "Ana lives in Lisbon")


@pytest.mark.stores
async def test_nothing_stays_where_nothing_is_worth_it(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns()
    added = await memory.add("Hello!", user_id="ana", async_mode=True)
    status = await finished(memory, added["task_id"])
    assert (status["status"], status["results"]) == ("completed", [])
    assert (await memory.search("Hello!", user_id="ana"))["results"] == []
    assert await memory.get(added["results"][0]["id"]) is not None


@pytest.mark.stores
async def test_it_stays_when_refining_fails(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    async with AsyncMemory(config, max_retries=1) as memory:
        api.rule = lambda request: failure(500, "out of sorts")
        added = await memory.add("Ana likes tea", user_id="ana", async_mode=True)
        status = await finished(memory, added["task_id"])
        assert status["status"] == "failed"
        assert "out of sorts" in status["error"]
        assert model.calls == 2
        (rough,) = (await memory.search("tea", user_id="ana"))["results"]
        assert rough["id"] == added["results"][0]["id"]
        # The buffer is somebody else's business.
        assert await memory.flush() == 0
        model.learns("Ana likes tea")
        api.rule = lambda request: None
        assert await (await memory.retry_task(added["task_id"])).wait() == 1
        assert await async_known(memory, "ana") == ["Ana likes tea"]


async def test_a_cancelled_refinement_leaves_it(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    model.learns("Ana likes tea")
    added = await memory.add("Ana likes tea", user_id="ana", async_mode=True)
    await async_until(lambda: model.calls == 1)
    assert await memory.cancel_task(added["task_id"])
    api.release()
    assert (await finished(memory, added["task_id"]))["status"] == "cancelled"
    (rough,) = (await memory.get_all(user_id="ana"))["results"]
    assert rough["memory_type"] == "WorkingMemory"


@pytest.mark.stores
async def test_the_same_call_is_carried_out_once(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Ana likes tea")
    add = partial(memory.add, "Ana likes tea", user_id="ana", async_mode=True, idempotency_key="k")
    first, *others = await async_gather([add] * 4)
    assert all(other == first for other in others)
    await memory.wait_for_processing()
    assert await add() == first
    assert len(await memory.list_tasks()) == 1
    assert await async_known(memory, "ana") == ["Ana likes tea"]
    assert model.calls == 1


async def test_the_same_words_without_a_key_are_two_tasks(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.always_learns("Ana likes tea")
    first, second = [
        await memory.add("Ana likes tea", user_id="ana", async_mode=True, timestamp="2025-12-10T09:44:00Z")
        for _ in range(2)
    ]
    assert first["task_id"] != second["task_id"]
    await memory.wait_for_processing()
    assert await async_known(memory, "ana") == ["Ana likes tea"]
    for added in (first, second):
        assert (await memory.get_status(added["task_id"]))["status"] == "completed"
        kept = await memory.get(added["results"][0]["id"])
        assert kept is not None
        assert kept["memory"] == "Ana likes tea"


async def test_a_user_s_words_are_refined_in_their_order(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    model.repeats()
    for number in range(5):
        await memory.add(f"note {number}", user_id="ana", async_mode=True)
    await memory.wait_for_processing()
    assert heard(model.extractions) == [f"note {number}" for number in range(5)]


@pytest.mark.stores
async def test_arguments_reach_the_refined_ones(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Ana likes tea")
    added = await memory.add(
        "Ana likes tea",
        user_id="ana",
        agent_id="a",
        run_id="r",
        metadata={"k": {"deep": [1, "ü"]}, "tags": ["mine"]},
        scope="work",
        memory_type="taste",
        prompt="Look for tastes only.",
        filters={"k": "none"},
        actor_id="Ana",
        timestamp="2025-12-10T09:44:00Z",
        expires_at="2099-01-01T00:00:00Z",
        async_mode=True,
    )
    (rough,) = added["results"]
    assert rough["metadata"] == {"k": {"deep": [1, "ü"]}, "tags": ["mine", "mode:fast"], "scope": "work"}
    (result,) = (await finished(memory, added["task_id"]))["results"]
    kept = await memory.get(result["id"])
    assert kept is not None
    assert kept["metadata"] == {"k": {"deep": [1, "ü"]}, "tags": ["mine"], "scope": "work"}
    assert (kept["memory_type"], kept["agent_id"], kept["run_id"]) == ("taste", "a", "r")
    assert (kept["actor_id"], kept["expires_at"]) == ("Ana", "2099-01-01T00:00:00+00:00")
    assert kept["valid_from"] == "2025-12-10T09:44:00+00:00"
    assert "Look for tastes only." in model.extractions[0][0]["content"]


async def test_filters_say_what_may_be_changed(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Ana lives in Porto")
    await memory.add("Ana lives in Porto", user_id="ana", metadata={"k": 1})
    model.learns("Ana lives in Lisbon")
    moment = datetime(2020, 1, 1, tzinfo=timezone.utc)
    added = await memory.add(
        "Ana lives in Lisbon",
        user_id="ana",
        filters={"AND": [{"k": 2}, {"created_at": {"gt": moment}}]},
        async_mode=True,
    )
    assert (await finished(memory, added["task_id"]))["status"] == "completed"
    assert await async_known(memory, "ana") == ["Ana lives in Lisbon", "Ana lives in Porto"]
    assert model.decisions == []


@pytest.mark.parametrize("mode", [True, "async"])
async def test_both_names_ask_for_it(memory: AsyncMemory, model: ScriptedModel, mode: Any) -> None:
    model.learns("Ana likes tea")
    assert (await memory.add("Ana likes tea", user_id="ana", async_mode=mode))["status"] == "running"


@pytest.mark.parametrize("mode", [False, "sync"])
async def test_otherwise_all_is_done_on_return(memory: AsyncMemory, model: ScriptedModel, mode: Any) -> None:
    model.learns("Ana likes tea")
    added = await memory.add("Ana likes tea", user_id="ana", async_mode=mode)
    assert (added["status"], [item["memory"] for item in added["results"]]) == (
        "completed",
        ["Ana likes tea"],
    )
    assert await memory.list_tasks() == []


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"async_mode": "later"}, InvalidInputError, "async_mode"),
        ({"async_mode": 1}, InvalidInputError, "async_mode"),
        ({"async_mode": None}, InvalidInputError, "async_mode"),
        ({"async_mode": True, "prompt": 5}, InvalidInputError, "prompt"),
        ({"async_mode": True, "filters": {"k": {"eqq": 1}}}, FilterError, "eqq"),
        ({"async_mode": True, "metadata": [1]}, InvalidInputError, "metadata"),
        ({"async_mode": True, "messages": " "}, InvalidInputError, "messages"),
        ({"async_mode": True, "user_id": ""}, InvalidInputError, "user_id"),
        ({"async_mode": True, "expires_at": "soon"}, InvalidInputError, "expires_at"),
        ({"async_mode": True, "idempotency_key": ""}, InvalidInputError, "idempotency_key"),
    ],
)
async def test_wrong_arguments_are_named_and_nothing_is_stored(
    memory: AsyncMemory, arguments: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        await memory.add(**{"messages": "Ana likes tea", "user_id": "ana", **arguments})
    assert (await memory.count(), await memory.list_tasks()) == (0, [])


async def test_nothing_said_is_nothing_to_do(memory: AsyncMemory) -> None:
    added = await memory.add([], user_id="ana", async_mode=True)
    assert (added["results"], added["status"]) == ([], "completed")
    assert await memory.list_tasks() == []


async def test_word_for_word_there_is_nothing_to_refine(memory: AsyncMemory) -> None:
    added = await memory.add("Ana likes tea", user_id="ana", infer=False, async_mode=True)
    assert (added["status"], added["results"][0]["memory"]) == ("completed", "Ana likes tea")


async def test_nobody_in_particular_may_be_meant(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Tea is liked")
    added = await memory.add("We like tea", async_mode=True)
    assert (await finished(memory, added["task_id"]))["status"] == "completed"
    assert await async_known(memory) == ["Tea is liked"]


async def test_long_conversations_become_several_rough_memories(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    model.learns("Ana talks a lot")
    talk = [{"role": "user", "content": f"{number} " + "Ana talks a lot. " * 60} for number in range(6)]
    added = await memory.add(talk, user_id="ana", async_mode=True)
    assert len(added["results"]) > 1
    await finished(memory, added["task_id"])
    assert await async_known(memory, "ana") == ["Ana talks a lot"]
    for item in added["results"]:
        kept = await memory.get(item["id"])
        assert kept is not None
        assert kept["memory"] == "Ana talks a lot"


async def test_rules_refine_as_well(config: dict[str, Any]) -> None:
    config["llm"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:
        added = await memory.add("My name is Ana and I live in Porto.", user_id="ana", async_mode=True)
        assert added["extractor"] == "rules"
        await async_comes(partial(_status, memory, added["task_id"]), "completed")
        assert not any(re.search(r"user: \[", text) for text in await async_known(memory, "ana"))


async def _status(memory: AsyncMemory, task_id: str) -> object:
    return (await memory.get_status(task_id))["status"]


async def test_rough_ones_are_not_taken_for_what_is_known(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    added = await memory.add("Ana likes tea", user_id="ana", async_mode=True)
    await async_until(lambda: model.calls == 1)
    model.always_learns("Ana likes tea")
    api.rule = lambda request: None
    (other,) = (await memory.add("Ana likes tea", user_id="ana"))["results"]
    assert (other["event"], model.decisions) == ("ADD", [])
    api.release()
    await finished(memory, added["task_id"])
    assert await async_known(memory, "ana") == ["Ana likes tea"]
