"""``Memory`` and ``AsyncMemory`` on one store: what the one writes, the other reads, changes and finishes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError, Memory
from tests._async.patience import async_until
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, eager, hold

pytestmark = pytest.mark.stores


@pytest.fixture
def memory(config: dict[str, Any]) -> Iterator[Memory]:
    with Memory(config) as opened:
        yield opened


async def test_each_finds_changes_and_deletes_what_the_other_has_written(
    config: dict[str, Any], memory: Memory
) -> None:
    async with AsyncMemory(config) as other:
        (written,) = memory.add("I like tea", user_id="u", infer=False)["results"]
        assert [hit["id"] for hit in (await other.search("tea", user_id="u"))["results"]] == [written["id"]]
        changed = await other.update(written["id"], "I like oolong tea", metadata={"by": "async"})
        assert changed is not None
        assert memory.get(written["id"]) == {**changed, "access_count": 1}
        assert [hit["memory"] for hit in memory.search("oolong", user_id="u")["results"]] == [
            changed["memory"]
        ]
        assert memory.history(written["id"]) == await other.history(written["id"])
        assert memory.delete(written["id"])
        assert (await other.search("tea", user_id="u"))["results"] == []
        assert await other.get(written["id"]) is None


async def test_a_text_that_both_add_at_once_is_kept_once(config: dict[str, Any], memory: Memory) -> None:
    async with AsyncMemory(config) as other:
        calls = [asyncio.to_thread(memory.add, "I like tea", "u", infer=False) for _ in range(8)]
        results = await asyncio.gather(*calls, *(other.add("I like tea", "u", infer=False) for _ in range(8)))
        events = sorted(result["results"][0]["event"] for result in results)
        assert events == ["ADD", *["NONE"] * 15]
        assert (memory.count(), await other.count()) == (1, 1)


async def test_a_key_of_the_one_is_known_to_the_other(config: dict[str, Any], memory: Memory) -> None:
    async with AsyncMemory(config) as other:
        first = memory.add("I like tea", user_id="u", infer=False, idempotency_key="k")
        assert await other.add("I like coffee", user_id="u", infer=False, idempotency_key="k") == first
        assert await other.get_status(first["task_id"]) == memory.get_status(first["task_id"])


async def test_what_the_one_buffers_the_other_processes(config: dict[str, Any], api: ApiServer) -> None:
    ScriptedModel(api).repeats()
    both = eager(config, api)
    with Memory(both) as memory:
        async with AsyncMemory(both) as other:
            memory.add_exchange("u", "I like tea", "Noted.")
            await other.add_message("u", "user", "I live in Rome")
            assert await other.process("u") == 2
            assert await asyncio.to_thread(memory.process, "u") == 0
            assert {item["memory"] for item in memory.get_all()["results"]} == {
                "User likes tea",
                "User lives in Rome",
            }


async def test_a_task_of_the_one_can_be_followed_and_waited_for_by_the_other(
    config: dict[str, Any], api: ApiServer
) -> None:
    ScriptedModel(api).repeats()
    hold(api)
    both = eager(config, api)
    with Memory(both) as memory:
        async with AsyncMemory(both) as other:
            added = await asyncio.to_thread(memory.add, "I like tea", "u", async_mode=True)
            assert (await other.get_status(added["task_id"]))["status"] == "running"
            waiting = asyncio.create_task(other.wait_for_processing("u", timeout=120))
            watcher = (await other._ready()).scheduler._watcher
            await async_until(lambda: bool(watcher._open))
            api.release()
            assert await waiting == 1
            assert await asyncio.to_thread(memory.wait_for_processing, "u", 120) in (0, 1)
            shown = await other.get_status(added["task_id"])
            assert shown == memory.get_status(added["task_id"])
            assert (shown["status"], [event["memory"] for event in shown["results"]]) == (
                "completed",
                ["User likes tea"],
            )


async def test_the_one_cancels_a_task_of_the_other(config: dict[str, Any], api: ApiServer) -> None:
    model = ScriptedModel(api)
    both = eager(config, api)
    with Memory({**both, "processing": {"resume": False}}) as memory:
        async with AsyncMemory({**both, "processing": {"resume": False}}) as other:
            memory.processing.stop()
            await other.processing.stop()
            added = await other.add("I like tea", user_id="u", async_mode=True)
            assert memory.cancel_task(added["task_id"])
            assert (await other.get_status(added["task_id"]))["status"] == "cancelled"
            assert not await other.cancel_task(added["task_id"])
    assert model.calls == 0


async def test_a_load_that_the_one_began_the_other_finishes(
    config: dict[str, Any], memory: Memory, tmp_path: Path
) -> None:
    done = tmp_path / "done.json"
    texts = [f"Note {number}" for number in range(40)]
    more: dict[str, Any] = {"user_id": "u", "infer": False, "checkpoint": done}

    async def broken_off() -> Any:
        for text in texts[:25]:
            yield text
        raise InvalidInputError("the source is broken")

    async with AsyncMemory(config) as other:
        with pytest.raises(InvalidInputError, match="broken"):
            await other.add_many(broken_off(), concurrency=1, batch_size=1, **more)
        before = await other.count()
    assert 0 < before <= 25
    result = memory.add_many(texts, **more)
    assert (result["added"] + result["skipped"], result["failed"]) == (40, 0)
    assert result["skipped"] == before
    assert memory.count() == 40


async def test_memories_move_between_the_two(config: dict[str, Any], memory: Memory, tmp_path: Path) -> None:
    memory.add("I like tea", user_id="u", metadata={"k": 1}, infer=False)
    copied: dict[str, Any] = {"provider": "sqlite", "config": {"database_path": str(tmp_path / "copy.db")}}
    exported = memory.export_memories(tmp_path / "memories.jsonl", include_vectors=True)
    async with AsyncMemory({**config, "vector_store": copied}) as other:
        imported = await other.import_memories(tmp_path / "memories.jsonl")
        assert imported["imported"] == exported["exported"] == 1
        assert await other.get_all() == memory.get_all()
        with pytest.raises(InvalidInputError, match="expected a Memory"):
            memory.copy_to(other)
