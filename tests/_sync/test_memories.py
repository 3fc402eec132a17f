# Generated from tests/_async/test_memories.py by scripts/run_unasync.py; edit that file instead.
"""Reading, listing, changing and deleting memories."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._concurrency import gather

pytestmark = pytest.mark.stores


def one(memory: Memory, text: str = "I like tea", **arguments: Any) -> int:
    result = memory.add(text, **{"user_id": "u", "infer": False, **arguments})
    memory_id: int = result["results"][0]["id"]
    return memory_id


def test_ids_sort_by_time_and_work_as_strings(memory: Memory) -> None:
    first, second = one(memory, "a"), one(memory, "b")
    assert 0 < first < second < 1 << 63
    kept = memory.get(str(first))
    assert kept is not None
    assert kept["id"] == first
    assert kept["content"] == kept["memory"] == "a"


@pytest.mark.parametrize("unknown", ["id1", "", "12x", "0", -1, 5, 1 << 70, "９"])
def test_an_unknown_id_is_nobody(memory: Memory, unknown: Any) -> None:
    assert memory.get(unknown) is None
    assert memory.update(unknown, "x") is None
    assert memory.delete(unknown) is False
    assert memory.history(unknown) == []
    assert memory.sources(unknown) == []


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize("wrong", [None, 1.5, True, [1]])
def test_an_id_of_the_wrong_type_is_an_error(memory: Memory, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="memory_id"):
        memory.get(wrong)


def test_what_is_not_theirs_does_not_exist(memory: Memory) -> None:
    memory_id = one(memory, agent_id="a")
    for whose in ({"user_id": "v"}, {"agent_id": "b"}, {"user_id": "v", "agent_id": "a"}):
        assert memory.get(memory_id, **whose) is None
        assert memory.update(memory_id, "x", **whose) is None
        assert memory.delete(memory_id, **whose) is False
    assert memory.get(memory_id, "u", "a") is not None


def test_update_replaces_the_text_and_keeps_the_rest(memory: Memory) -> None:
    memory_id = one(memory, metadata={"a": {"x": 1, "y": 2}, "b": 1})
    before = memory.get(memory_id)
    after = memory.update(memory_id, "I like coffee", metadata={"a": {"y": None, "z": 3}, "c": 2})
    assert before is not None
    assert after is not None
    assert after["content"] == after["memory"] == "I like coffee"
    assert after["metadata"] == {"a": {"x": 1, "z": 3}, "b": 1, "c": 2}
    assert after["hash"] != before["hash"]
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] > before["updated_at"]
    assert memory.get(memory_id) == after


def test_update_of_metadata_alone(memory: Memory) -> None:
    memory_id = one(memory, metadata={"a": 1})
    merged = memory.update(memory_id, metadata={"b": 2})
    assert merged is not None
    assert (merged["memory"], merged["metadata"]) == ("I like tea", {"a": 1, "b": 2})
    replaced = memory.update(memory_id, metadata={"c": 3}, replace_metadata=True)
    assert replaced is not None
    assert replaced["metadata"] == {"c": 3}
    assert [entry["event"] for entry in memory.history(memory_id)] == ["ADD"]


@pytest.mark.parametrize("name", ["content", "text", "data"])
def test_the_new_text_has_three_names(memory: Memory, name: str) -> None:
    memory_id = one(memory)
    updated = memory.update(memory_id, **{name: "changed"})
    assert updated is not None
    assert updated["memory"] == "changed"


def test_expiry_can_be_set_and_taken_away(memory: Memory) -> None:
    memory_id = one(memory)
    memory.update(memory_id, expires_at="2001-01-01")
    assert memory.count(user_id="u") == 0
    renewed = memory.update(memory_id, expires_at=None)
    assert renewed is not None
    assert renewed["expires_at"] is None
    assert memory.count(user_id="u") == 1


def test_metadata_cannot_move_a_memory(memory: Memory) -> None:
    memory_id = one(memory)
    updated = memory.update(memory_id, metadata={"user_id": "v", "id": 1, "memory": "x"})
    assert updated is not None
    assert (updated["id"], updated["user_id"], updated["memory"]) == (memory_id, "u", "I like tea")
    assert memory.count(user_id="v") == 0


def test_update_to_what_another_memory_says_is_refused(memory: Memory) -> None:
    first, second = one(memory, "a"), one(memory, "b")
    with pytest.raises(InvalidInputError, match=str(first)):
        memory.update(second, "a", metadata={"x": 1})
    kept = memory.get(second)
    assert kept is not None
    assert (kept["memory"], kept["metadata"]) == ("b", {})


@pytest.mark.parametrize(
    "arguments", [{}, {"content": " "}, {"content": 5}, {"content": "a", "text": "b"}, {"metadata": "x"}]
)
def test_a_wrong_update_is_refused(memory: Memory, arguments: dict[str, Any]) -> None:
    memory_id = one(memory)
    with pytest.raises(InvalidInputError):
        memory.update(memory_id, **arguments)


def test_history_tells_the_whole_story(memory: Memory) -> None:
    memory_id = one(memory, actor_id="Ana")
    memory.update(memory_id, "I like coffee")
    memory.delete(memory_id)
    entries = memory.history(memory_id)
    assert [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in entries] == [
        ("ADD", None, "I like tea"),
        ("UPDATE", "I like tea", "I like coffee"),
        ("DELETE", "I like coffee", None),
    ]
    assert {entry["memory_id"] for entry in entries} == {memory_id}
    assert {entry["actor"] for entry in entries} == {"Ana"}


def test_concurrent_updates_are_all_in_the_history(memory: Memory) -> None:
    memory_id = one(memory)
    gather([partial(memory.update, memory_id, f"version {number}") for number in range(20)])
    entries = memory.history(memory_id)
    assert len(entries) == 21
    assert all(new["old_memory"] == old["new_memory"] for old, new in pairwise(entries))
    last = memory.get(memory_id)
    assert last is not None
    assert last["memory"] == entries[-1]["new_memory"]


def test_concurrent_deletes_succeed_once(memory: Memory) -> None:
    memory_id = one(memory)
    outcomes = gather([partial(memory.delete, memory_id) for _ in range(10)])
    assert outcomes.count(True) == 1


def test_delete_all_takes_the_scope_and_nothing_else(memory: Memory) -> None:
    for number in range(2500):
        if number % 50 == 0:
            gather([partial(one, memory, f"{number + i}", run_id=f"r{i % 2}") for i in range(50)])
    one(memory, "mine", user_id="v")
    assert memory.delete_all(user_id="u", run_id="r0") == {"deleted": 1250}
    assert memory.delete_all(user_id="u", filters={"memory": {"like": "%1"}}) == {"deleted": 250}
    assert memory.count(user_id="u") == 1000
    deleted = memory.delete_all(user_id="u")
    assert deleted == {"deleted": 1000}
    assert bool(memory.delete_all(user_id="nobody")) is True
    assert memory.users() == memory.get_users() == ["v"]


def test_delete_all_without_a_scope_is_refused(memory: Memory) -> None:
    one(memory)
    with pytest.raises(InvalidInputError, match="reset"):
        memory.delete_all(filters={"memory": "x"})
    assert memory.count() == 1


def test_reset_empties_everything(memory: Memory) -> None:
    memory_id = one(memory)
    memory.search("tea")
    memory.reset()
    assert memory.count() == 0
    assert memory.history(memory_id) == []
    assert (memory.search("tea"))["results"] == []
    one(memory)
    assert len((memory.search("tea"))["results"]) == 1


def test_pages_and_order(memory: Memory) -> None:
    ids = [one(memory, f"text {number}", metadata={"n": number}) for number in range(7)]
    newest = memory.get_all(user_id="u", limit=3)
    assert ([item["id"] for item in newest["results"]], newest["total"]) == (ids[:3:-1], 7)
    rest = memory.get_all(user_id="u", limit=10, offset=3)
    assert [item["id"] for item in rest["results"]] == ids[3::-1]
    oldest = memory.get_all(user_id="u", order="asc", limit=2)
    assert [item["id"] for item in oldest["results"]] == ids[:2]
    memory.update(ids[2], metadata={"n": 20})
    touched = memory.get_all(user_id="u", sort_by="updated_at", limit=1)
    assert touched["results"][0]["id"] == ids[2]
    filtered = memory.get_all(user_id="u", filters={"n": {"gt": 4}}, sort_by="id", order="asc")
    assert [item["id"] for item in filtered["results"]] == [ids[2], ids[5], ids[6]]
    assert memory.get_all(user_id="u", limit=0) == {"results": [], "total": 7}


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize(
    "arguments", [{"limit": -1}, {"offset": -1}, {"sort_by": "hash; --"}, {"order": "up"}, {"limit": None}]
)
def test_a_wrong_page_is_refused(memory: Memory, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        memory.get_all(**arguments)


def test_counts(memory: Memory) -> None:
    for number in range(4):
        one(memory, f"{number}", metadata={"even": number % 2 == 0}, agent_id="a")
    assert memory.count(user_id="u") == memory.count_all(agent_id="a") == 4
    assert memory.count(filters={"even": True}) == 2
    assert memory.count(run_id="r") == 0


def test_statistics(memory: Memory, store: str) -> None:
    memory.add("I prefer tea over coffee.", user_id="u")
    one(memory, "plain", user_id="v")
    memory.search("tea", user_id="u")
    numbers = memory.get_statistics()
    assert numbers["total_memories"] == 2
    assert numbers["by_type"] == {"preference": 1, "unknown": 1}
    assert numbers["top_accessed"][0]["access_count"] == 1
    assert sum(numbers["growth_trend"].values()) == 2
    assert numbers["age_distribution"]["< 1 day"] == 2
    assert (numbers["store"], numbers["extractor"]) == (store, "rules")
    assert (memory.get_statistics(user_id="v"))["total_memories"] == 1
    assert (memory.get_statistics(cutoff_date="2999-01-01"))["total_memories"] == 0
    assert (memory.get_statistics(time_range="7d"))["total_memories"] == 2
    with pytest.raises(InvalidInputError, match="time_range"):
        memory.get_statistics(time_range="1y")
