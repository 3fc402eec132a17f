"""Constructing, opening and closing."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from powermem import (
    AsyncMemory,
    ClosedError,
    ConfigError,
    InvalidInputError,
    MemoryConfig,
    StoreUnavailableError,
)
from powermem._concurrency import async_gather


async def test_constructing_writes_nothing(
    tmp_path: Path, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    memory = AsyncMemory(config)
    assert list(tmp_path.iterdir()) == []
    await memory.close()
    assert list(tmp_path.iterdir()) == []


async def test_the_first_call_initializes_by_itself(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config=config)
    assert await memory.count() == 0
    await memory.close()


async def test_initializing_many_times_opens_once(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    await async_gather([partial(memory.initialize) for _ in range(10)])
    await memory.initialize()
    await memory.add("I like tea", user_id="u")
    await memory.close()


async def test_closing_is_final_and_may_be_repeated(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    await memory.initialize()
    await memory.close()
    await memory.close(drain=False, timeout=1)
    for call in (memory.initialize, memory.count, memory.users, partial(memory.add, "x")):
        with pytest.raises(ClosedError, match="closed"):
            await call()


async def test_what_was_stored_is_there_after_reopening(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        stored = await memory.add("I like tea", user_id="u", metadata={"k": [1, {"a": None}]})
        await memory.search("tea", user_id="u")
    async with AsyncMemory(config) as memory:
        kept = await memory.get(stored["results"][0]["id"])
        assert kept is not None
        assert kept["metadata"] == {"k": [1, {"a": None}]}
        assert kept["access_count"] == 1
        assert len((await memory.search("tea", user_id="u"))["results"]) == 1


@pytest.mark.parametrize("form", ["dict", "model", "from_config"])
async def test_every_form_of_configuration(config: dict[str, Any], form: str) -> None:
    if form == "dict":
        memory = AsyncMemory(config)
    elif form == "model":
        memory = AsyncMemory(MemoryConfig(**config))
    else:
        memory = AsyncMemory.from_config(config)
    async with memory:
        assert (await memory.get_statistics())["embedder"].startswith("mock")


async def test_without_configuration_it_works_and_says_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LLM_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "POWERMEM_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    caplog.set_level(logging.INFO, "powermem")
    memory = AsyncMemory()
    assert list(tmp_path.iterdir()) == []
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert "sqlite" in line
    assert "rules" in line
    async with memory:
        await memory.add("I like tea", user_id="u")
    assert (tmp_path / "data" / "powermem_dev.db").is_file()


async def test_a_memory_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}},
        "embedder": {"provider": "mock"},
    }
    async with AsyncMemory(config) as memory, AsyncMemory(config) as other:
        await async_gather([partial(memory.add, f"tea {i}", user_id="u", infer=False) for i in range(30)])
        assert len((await memory.search("tea", user_id="u"))["results"]) == 30
        assert await other.count() == 0
    assert list(tmp_path.iterdir()) == []


async def test_two_collections_share_a_file(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as first:
        await first.add("I like tea", user_id="u")
        config["vector_store"]["config"]["collection_name"] = "other"
        async with AsyncMemory(config) as second:
            assert await second.count() == 0


async def test_the_agent_given_once_holds_for_every_call(config: dict[str, Any]) -> None:
    async with AsyncMemory(config, agent_id="a") as memory:
        await memory.add("I like tea", user_id="u", infer=False)
        await memory.add("I like tea", user_id="u", agent_id="b", infer=False)
        assert await memory.count(user_id="u") == 1
        assert [item["agent_id"] for item in (await memory.search("tea"))["results"]] == ["a"]
        assert await memory.count(agent_id="b") == 1


async def test_a_scope_can_be_required(config: dict[str, Any]) -> None:
    config["security"] = {"require_scope": True}
    async with AsyncMemory(config) as memory:
        for call in (partial(memory.search, "tea"), memory.get_all, memory.count):
            with pytest.raises(InvalidInputError, match="require_scope"):
                await call()
        assert await memory.count(user_id="u") == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"vector_store": {"provider": "sqlite", "config": {"databse_path": "x"}}}, "database_path"),
        ({"vector_store": {"provider": "sqlight"}}, "sqlite"),
        ({"llm": {"provider": "opneai"}}, "openai"),
        ({"embeder": {"provider": "mock"}}, "embedder"),
        (
            {"vector_store": {"provider": "sqlite", "config": {"timeout": "soon"}}},
            "vector_store.config.timeout",
        ),
        ({"vector_store": {"provider": "sqlite", "config": {"collection_name": "a; --"}}}, "collection_name"),
    ],
)
async def test_a_wrong_configuration_is_named_at_once(
    config: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        AsyncMemory({**config, **change})


async def test_a_server_that_does_not_answer_is_named(config: dict[str, Any]) -> None:
    config["vector_store"] = {"provider": "oceanbase", "config": {"host": "127.0.0.1", "port": 9}}
    memory = AsyncMemory(config)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:9"):
        await memory.initialize()
    await memory.close()


async def test_an_open_memory_is_not_checked_again(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(**_: Any) -> Any:
        raise AssertionError("checked again")

    async with AsyncMemory(config) as memory:
        assert await memory.get(1) is None
        with monkeypatch.context() as patch:
            patch.setattr(memory._access, "open", refuse)
            assert await memory.get(1) is None
    with pytest.raises(ClosedError):
        await memory.get(1)
