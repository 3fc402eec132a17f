"""Reading, listing, changing and deleting memories."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError
from powermem._concurrency import async_gather

pytestmark = pytest.mark.stores


async def one(memory: AsyncMemory, text: str = "I like tea", **arguments: Any) -> int:
    result = await memory.add(text, **{"user_id": "u", "infer": False, **arguments})
    memory_id: int = result["results"][0]["id"]
    return memory_id


async def test_ids_sort_by_time_and_work_as_strings(memory: AsyncMemory) -> None:
    first, second = await one(memory, "a"), await one(memory, "b")
    assert 0 < first < second < 1 << 63
    kept = await memory.get(str(first))
    assert kept is not None
    assert kept["id"] == first
    assert kept["content"] == kept["memory"] == "a"


@pytest.mark.parametrize("unknown", ["id1", "", "12x", "0", -1, 5, 1 << 70, "９"])
async def test_an_unknown_id_is_nobody(memory: AsyncMemory, unknown: Any) -> None:
    assert await memory.get(unknown) is None
    assert await memory.update(unknown, "x") is None
    assert await memory.delete(unknown) is False
    assert await memory.history(unknown) == []
    assert await memory.sources(unknown) == []


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize("wrong", [None, 1.5, True, [1]])
async def test_an_id_of_the_wrong_type_is_an_error(memory: AsyncMemory, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="memory_id"):
        await memory.get(wrong)


async def test_what_is_not_theirs_does_not_exist(memory: AsyncMemory) -> None:
    memory_id = await one(memory, agent_id="a")
    for whose in ({"user_id": "v"}, {"agent_id": "b"}, {"user_id": "v", "agent_id": "a"}):
        assert await memory.get(memory_id, **whose) is None
        assert await memory.update(memory_id, "x", **whose) is None
        assert await memory.delete(memory_id, **whose) is False
    assert await memory.get(memory_id, "u", "a") is not None


async def test_update_replaces_the_text_and_keeps_the_rest(memory: AsyncMemory) -> None:
    memory_id = await one(memory, metadata={"a": {"x": 1, "y": 2}, "b": 1})
    before = await memory.get(memory_id)
    after = await memory.update(memory_id, "I like coffee", metadata={"a": {"y": None, "z": 3}, "c": 2})
    assert before is not None
    assert after is not None
    assert after["content"] == after["memory"] == "I like coffee"
    assert after["metadata"] == {"a": {"x": 1, "z": 3}, "b": 1, "c": 2}
    assert after["hash"] != before["hash"]
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] > before["updated_at"]
    assert await memory.get(memory_id) == after


async def test_update_of_metadata_alone(memory: AsyncMemory) -> None:
    memory_id = await one(memory, metadata={"a": 1})
    merged = await memory.update(memory_id, metadata={"b": 2})
    assert merged is not None
    assert (merged["memory"], merged["metadata"]) == ("I like tea", {"a": 1, "b": 2})
    replaced = await memory.update(memory_id, metadata={"c": 3}, replace_metadata=True)
    assert replaced is not None
    assert replaced["metadata"] == {"c": 3}
    assert [entry["event"] for entry in await memory.history(memory_id)] == ["ADD"]


@pytest.mark.parametrize("name", ["content", "text", "data"])
async def test_the_new_text_has_three_names(memory: AsyncMemory, name: str) -> None:
    memory_id = await one(memory)
    updated = await memory.update(memory_id, **{name: "changed"})
    assert updated is not None
    assert updated["memory"] == "changed"


async def test_expiry_can_be_set_and_taken_away(memory: AsyncMemory) -> None:
    memory_id = await one(memory)
    await memory.update(memory_id, expires_at="2001-01-01")
    assert await memory.count(user_id="u") == 0
    renewed = await memory.update(memory_id, expires_at=None)
    assert renewed is not None
    assert renewed["expires_at"] is None
    assert await memory.count(user_id="u") == 1


async def test_metadata_cannot_move_a_memory(memory: AsyncMemory) -> None:
    memory_id = await one(memory)
    updated = await memory.update(memory_id, metadata={"user_id": "v", "id": 1, "memory": "x"})
    assert updated is not None
    assert (updated["id"], updated["user_id"], updated["memory"]) == (memory_id, "u", "I like tea")
    assert await memory.count(user_id="v") == 0


async def test_update_to_what_another_memory_says_is_refused(memory: AsyncMemory) -> None:
    first, second = await one(memory, "a"), await one(memory, "b")
    with pytest.raises(InvalidInputError, match=str(first)):
        await memory.update(second, "a", metadata={"x": 1})
    kept = await memory.get(second)
    assert kept is not None
    assert (kept["memory"], kept["metadata"]) == ("b", {})


@pytest.mark.parametrize(
    "arguments", [{}, {"content": " "}, {"content": 5}, {"content": "a", "text": "b"}, {"metadata": "x"}]
)
async def test_a_wrong_update_is_refused(memory: AsyncMemory, arguments: dict[str, Any]) -> None:
    memory_id = await one(memory)
    with pytest.raises(InvalidInputError):
        await memory.update(memory_id, **arguments)


async def test_history_tells_the_whole_story(memory: AsyncMemory) -> None:
    memory_id = await one(memory, actor_id="Ana")
    await memory.update(memory_id, "I like coffee")
    await memory.delete(memory_id)
    entries = await memory.history(memory_id)
    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in entries] == [
        ("ADD", None, "I like tea"),
        ("UPDATE", "I like tea", "I like coffee"),
        ("DELETE", "I like coffee", None),
    ]
    assert {entry["memory_id"] for entry in entries} == {memory_id}
    assert {entry["actor"] for entry in entries} == {"Ana"}


async def test_concurrent_updates_are_all_in_the_history(memory: AsyncMemory) -> None:
    memory_id = await one(memory)
    await async_gather([partial(memory.update, memory_id, f"version {number}") for number in range(20)])
    entries = await memory.history(memory_id)
    assert len(entries) == 21
    assert all(new["old_memory"] == old["new_memory"] for old, new in pairwise(entries))
    last = await memory.get(memory_id)
    assert last is not None
    assert last["memory"] == entries[-1]["new_memory"]


async def test_concurrent_deletes_succeed_once(memory: AsyncMemory) -> None:
    memory_id = await one(memory)
    outcomes = await async_gather([partial(memory.delete, memory_id) for _ in range(10)])
    assert outcomes.count(True) == 1


async def test_delete_all_takes_the_scope_and_nothing_else(memory: AsyncMemory) -> None:
    for number in range(2500):
        if number % 50 == 0:
            await async_gather([partial(one, memory, f"{number + i}", run_id=f"r{i % 2}") for i in range(50)])
    await one(memory, "mine", user_id="v")
    assert await memory.delete_all(user_id="u", run_id="r0") == {"deleted": 1250}
    assert await memory.delete_all(user_id="u", filters={"memory": {"like": "%1"}}) == {"deleted": 250}
    assert await memory.count(user_id="u") == 1000
    deleted = await memory.delete_all(user_id="u")
    assert deleted == {"deleted": 1000}
    assert bool(await memory.delete_all(user_id="nobody")) is True
    assert await memory.users() == await memory.get_users() == ["v"]


async def test_delete_all_without_a_scope_is_refused(memory: AsyncMemory) -> None:
    await one(memory)
    with pytest.raises(InvalidInputError, match="reset"):
        await memory.delete_all(filters={"memory": "x"})
    assert await memory.count() == 1


async def test_reset_empties_everything(memory: AsyncMemory) -> None:
    memory_id = await one(memory)
    await memory.search("tea")
    await memory.reset()
    assert await memory.count() == 0
    assert await memory.history(memory_id) == []
    assert (await memory.search("tea"))["results"] == []
    await one(memory)
    assert len((await memory.search("tea"))["results"]) == 1


async def test_pages_and_order(memory: AsyncMemory) -> None:
    ids = [await one(memory, f"text {number}", metadata={"n": number}) for number in range(7)]
    newest = await memory.get_all(user_id="u", limit=3)
    assert ([item["id"] for item in newest["results"]], newest["total"]) == (ids[:3:-1], 7)
    rest = await memory.get_all(user_id="u", limit=10, offset=3)
    assert [item["id"] for item in rest["results"]] == ids[3::-1]
    oldest = await memory.get_all(user_id="u", order="asc", limit=2)
    assert [item["id"] for item in oldest["results"]] == ids[:2]
    await memory.update(ids[2], metadata={"n": 20})
    touched = await memory.get_all(user_id="u", sort_by="updated_at", limit=1)
    assert touched["results"][0]["id"] == ids[2]
    filtered = await memory.get_all(user_id="u", filters={"n": {"gt": 4}}, sort_by="id", order="asc")
    assert [item["id"] for item in filtered["results"]] == [ids[2], ids[5], ids[6]]
    assert await memory.get_all(user_id="u", limit=0) == {"results": [], "total": 7}


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize(
    "arguments", [{"limit": -1}, {"offset": -1}, {"sort_by": "hash; --"}, {"order": "up"}, {"limit": None}]
)
async def test_a_wrong_page_is_refused(memory: AsyncMemory, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        await memory.get_all(**arguments)


async def test_counts(memory: AsyncMemory) -> None:
    for number in range(4):
        await one(memory, f"{number}", metadata={"even": number % 2 == 0}, agent_id="a")
    assert await memory.count(user_id="u") == await memory.count_all(agent_id="a") == 4
    assert await memory.count(filters={"even": True}) == 2
    assert await memory.count(run_id="r") == 0


async def test_statistics(memory: AsyncMemory, store: str) -> None:
    await memory.add("I prefer tea over coffee.", user_id="u")
    await one(memory, "plain", user_id="v")
    await memory.search("tea", user_id="u")
    numbers = await memory.get_statistics()
    assert numbers["total_memories"] == 2
    assert numbers["by_type"] == {"preference": 1, "unknown": 1}
    assert numbers["top_accessed"][0]["access_count"] == 1
    assert sum(numbers["growth_trend"].values()) == 2
    assert numbers["age_distribution"]["< 1 day"] == 2
    assert (numbers["store"], numbers["extractor"]) == (store, "rules")
    assert (await memory.get_statistics(user_id="v"))["total_memories"] == 1
    assert (await memory.get_statistics(cutoff_date="2999-01-01"))["total_memories"] == 0
    assert (await memory.get_statistics(time_range="7d"))["total_memories"] == 2
    with pytest.raises(InvalidInputError, match="time_range"):
        await memory.get_statistics(time_range="1y")
