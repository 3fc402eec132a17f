"""Creating the tables, finding older and newer ones, and ones that hold another embedder's vectors."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, EmbeddingMismatchError, StoreError
from powermem._concurrency import async_gather
from tests.support.databases import execute
from tests.support.former import MEMORY, create_first_version, layout
from tests.support.upgrades import come_with

pytestmark = pytest.mark.stores

# As steps have to be where statements that change tables end a transaction: harmless to repeat.
_STEP = (
    "CREATE TABLE IF NOT EXISTS memories_colours (id BIGINT PRIMARY KEY)",
    "UPDATE memories_records SET memory_type = 'upgraded'",
)


async def remember(config: dict[str, Any], *texts: str) -> None:
    async with AsyncMemory(config) as memory:
        for text in texts:
            await memory.add(text, user_id="u", infer=False)


async def remembered(config: dict[str, Any]) -> list[str]:
    async with AsyncMemory(config) as memory:
        listed = await memory.get_all(user_id="u", sort_by="id", order="asc")
        return [item["memory"] for item in listed["results"]]


async def refusal(config: dict[str, Any], kind: type[Exception] = StoreError) -> str:
    memory = AsyncMemory(config)
    with pytest.raises(kind) as caught:
        await memory.initialize()
    await memory.close()
    return str(caught.value)


def version(config: dict[str, Any]) -> int:
    name = "key" if config["vector_store"]["provider"] == "sqlite" else "name"
    rows = execute(config["vector_store"], f"SELECT value FROM memories_meta WHERE {name} = 'schema_version'")
    return int(rows[0][0])


async def test_many_create_the_tables_at_once(new_config: dict[str, Any]) -> None:
    memories = [AsyncMemory(new_config) for _ in range(5)]
    await async_gather([memory.initialize for memory in memories])
    await async_gather([partial(memory.add, "I like tea", "u", infer=False) for memory in memories])
    assert await memories[0].count() == 1
    await async_gather([memory.close for memory in memories])


async def test_an_older_schema_is_brought_up_to_date(
    new_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(new_config, "I like tea")
    before = version(new_config)
    with monkeypatch.context() as patch:
        come_with(patch, *_STEP)
        memories = [AsyncMemory(new_config) for _ in range(3)]
        # Each finds the old schema, and one alone may change it.
        await async_gather([memory.initialize for memory in memories])
        await async_gather([memory.close for memory in memories])
        await remember(new_config, "I like tea")
        assert await remembered(new_config) == ["I like tea"]
        assert version(new_config) == before + 1
        async with AsyncMemory(new_config) as memory:
            assert [item["memory_type"] for item in (await memory.get_all())["results"]] == ["upgraded"]
    assert "newer powermem" in await refusal(new_config)


async def test_a_collection_of_the_first_version_is_brought_up_to_date(new_config: dict[str, Any]) -> None:
    section = new_config["vector_store"]
    create_first_version(section)
    memories = [AsyncMemory(new_config) for _ in range(3)]
    await async_gather([memory.initialize for memory in memories])
    await async_gather([memory.close for memory in memories])
    assert await remembered(new_config) == [MEMORY]
    async with AsyncMemory(new_config) as memory:
        await memory.add(MEMORY, user_id="u", infer=False)
        assert await memory.count() == 1
        assert [turn["content"] for turn in await memory.sources(1)] == [MEMORY, MEMORY]
    new = {**section, "config": {**section["config"], "collection_name": "anew"}}
    await remember({**new_config, "vector_store": new})
    assert version(new_config) > 1
    assert layout(section, "memories") == layout(section, "anew")


async def test_a_migration_that_fails_leaves_the_old_schema(
    new_config: dict[str, Any], store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remember(new_config, "I like tea")
    broken = ["ALTER TABLE no_such ADD COLUMN x BIGINT"]
    if store in ("sqlite", "postgres"):
        # The others cannot take back what came before such a statement.
        broken.insert(0, "UPDATE memories_records SET memory = 'spoilt'")
    with monkeypatch.context() as patch:
        come_with(patch, *broken)
        assert "no_such" in await refusal(new_config)
    assert await remembered(new_config) == ["I like tea"]


async def test_a_newer_schema_is_refused_and_untouched(new_config: dict[str, Any]) -> None:
    await remember(new_config, "I like tea")
    name = "key" if new_config["vector_store"]["provider"] == "sqlite" else "name"
    setting = "UPDATE memories_meta SET value = '{}' WHERE " + name + " = 'schema_version'"
    known = version(new_config)
    execute(new_config["vector_store"], setting.format(99))
    message = await refusal(new_config)
    assert "newer powermem" in message
    assert "99" in message
    assert "upgrade" in message
    execute(new_config["vector_store"], setting.format(known))
    assert await remembered(new_config) == ["I like tea"]


@pytest.mark.stores("mysql", "oceanbase")
async def test_a_creation_that_was_interrupted_is_completed(new_config: dict[str, Any]) -> None:
    await remember(new_config)
    section = new_config["vector_store"]
    for table in ("history", "links", "records"):
        execute(section, f"DROP TABLE memories_{table}")
    execute(section, "DELETE FROM memories_meta")
    await remember(new_config, "I like tea")
    assert await remembered(new_config) == ["I like tea"]


async def test_another_embedder_is_refused(config: dict[str, Any]) -> None:
    await remember(config, "I like tea")
    config["embedder"] = {"provider": "mock", "config": {"embedding_dims": 64}}
    async with AsyncMemory(config) as memory:
        with pytest.raises(EmbeddingMismatchError) as caught:
            await memory.search("tea", user_id="u")
    message = str(caught.value)
    assert "384 dimensions" in message
    assert "64 dimensions" in message
    assert "reembed()" in message
    config["embedder"] = {"provider": "none"}
    assert await remembered(config) == ["I like tea"]
    config["embedder"] = {"provider": "mock"}
    assert await remembered(config) == ["I like tea"]


async def test_after_a_reset_another_embedder_may_come(config: dict[str, Any]) -> None:
    await remember(config, "I like tea")
    async with AsyncMemory({**config, "embedder": {"provider": "none"}}) as memory:
        await memory.reset()
    config["embedder"] = {"provider": "mock", "config": {"embedding_dims": 64}}
    async with AsyncMemory(config) as memory:
        await memory.add("I like coffee", user_id="u", infer=False)
        found = await memory.search("coffee", user_id="u", explain=True)
        assert found["results"][0]["score_details"]["dense"] > 0


async def test_collections_do_not_meet(config: dict[str, Any]) -> None:
    other = {**config, "vector_store": {**config["vector_store"]}}
    other["vector_store"]["config"] = {**config["vector_store"]["config"], "collection_name": "memories_2"}
    await remember(config, "I like tea")
    await remember(other, "I like coffee")
    assert await remembered(config) == ["I like tea"]
    async with AsyncMemory(config) as memory:
        await memory.reset()
    assert await remembered(other) == ["I like coffee"]
    async with AsyncMemory(other) as memory:
        await memory.reset()
