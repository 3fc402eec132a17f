"""What a newcomer does on the first day, in both colours and with every form of configuration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, Memory, StoreUnavailableError, auto_config
from tests.support.apiserver import ApiServer

MEMORIES = [
    "User repairs old radios",
    "User prefers letters to phone calls",
    "User works as a gardener",
    "User favourite season is autumn",
]
NUMBERED = [f"Memory {number}: User preference {number}" for number in range(100)]
BATCH = 10
CONVERSATION = [
    {"role": "user", "content": "I'm Marta, a bridge engineer"},
    {"role": "assistant", "content": "Hello Marta!"},
]
UNKNOWN = ["a", "b", "c"]
REFUSAL = r"127\.0\.0\.1:2881.* cannot be reached"

VARIABLES = """
DATABASE_PROVIDER=sqlite
SQLITE_PATH=./data/guide.db
EMBEDDING_PROVIDER=mock
LLM_PROVIDER=none
"""

Settings = Callable[[], Mapping[str, Any]]


def _in_code() -> dict[str, Any]:
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": "./data/guide.db"}},
        "embedder": {"provider": "mock", "config": {}},
        "llm": {"provider": "none", "config": {}},
    }


def _in_a_file() -> dict[str, Any]:
    Path("config.json").write_text(json.dumps(_in_code()), "utf-8")
    with Path("config.json").open(encoding="utf-8") as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


def _in_dotenv() -> Mapping[str, Any]:
    Path(".env").write_text(VARIABLES, "utf-8")
    return auto_config()


@pytest.fixture(params=[_in_code, _in_a_file, _in_dotenv], ids=["dict", "json", "dotenv"])
def config(request: pytest.FixtureRequest, place: Path) -> Mapping[str, Any]:
    chosen: Settings = request.param
    return chosen()


def _texts(found: dict[str, Any]) -> set[str]:
    return {item["memory"] for item in found["results"]}


async def test_adding_and_searching_with_tasks(config: dict[str, Any], place: Path) -> None:
    memory = AsyncMemory(config=config)
    await memory.initialize()
    result = await memory.add(MEMORIES[0], user_id="marta")
    assert result["results"][0]["id"] > 0

    results = await asyncio.gather(*[memory.add(text, user_id="marta") for text in MEMORIES])
    # The first one is known by then, so its call has nothing to tell.
    assert [len(result["results"]) for result in results] == [0, 1, 1, 1]

    found = await memory.search(query="user preferences", user_id="marta", limit=3)
    assert len(found["results"]) == 3
    assert _texts(found) <= {*MEMORIES}
    await memory.close()
    assert (place / "data" / "guide.db").is_file()


def test_adding_and_searching(config: dict[str, Any], place: Path) -> None:
    memory = Memory(config=config)
    result = memory.add(MEMORIES[0], user_id="marta")
    assert result["results"][0]["id"] > 0

    results = [memory.add(text, user_id="marta") for text in MEMORIES]
    assert [len(result["results"]) for result in results] == [0, 1, 1, 1]

    found = memory.search(query="user preferences", user_id="marta", limit=3)
    assert len(found["results"]) == 3
    assert _texts(found) <= {*MEMORIES}
    memory.close()
    assert (place / "data" / "guide.db").is_file()


async def test_batches_with_tasks(config: dict[str, Any]) -> None:
    async with AsyncMemory(config=config) as memory:
        for start in range(0, len(NUMBERED), BATCH):
            batch = NUMBERED[start : start + BATCH]
            results = await asyncio.gather(*[memory.add(text, user_id="marta") for text in batch])
            assert [result["results"][0]["memory"] for result in results] == batch
        assert _texts(await memory.get_all(user_id="marta")) == {*NUMBERED}


def test_batches(config: dict[str, Any]) -> None:
    with Memory(config=config) as memory:
        for text in NUMBERED:
            assert memory.add(text, user_id="marta")["results"][0]["memory"] == text
        assert _texts(memory.get_all(user_id="marta")) == {*NUMBERED}


async def test_a_conversation_with_tasks(config: dict[str, Any]) -> None:
    async with AsyncMemory(config=config) as memory:
        result = await memory.add(messages=CONVERSATION, user_id="marta", infer=True)
        assert [item.get("memory", "") for item in result.get("results", [])] == [CONVERSATION[0]["content"]]


def test_a_conversation(config: dict[str, Any]) -> None:
    with Memory(config=config) as memory:
        result = memory.add(messages=CONVERSATION, user_id="marta", infer=True)
        assert [item.get("memory", "") for item in result.get("results", [])] == [CONVERSATION[0]["content"]]


async def test_changing_and_deleting_with_tasks(config: dict[str, Any]) -> None:
    async with AsyncMemory(config=config) as memory:
        memory_id = (await memory.add("User owns a boat", user_id="marta", infer=False))["results"][0]["id"]
        updated = await memory.update(memory_id=memory_id, content="User owns a sailing boat")
        assert updated is not None
        assert updated.get("memory") == "User owns a sailing boat"
        assert await memory.delete(memory_id) is True
        assert await asyncio.gather(*[memory.delete(unknown) for unknown in UNKNOWN]) == [False] * 3


def test_changing_and_deleting(config: dict[str, Any]) -> None:
    with Memory(config=config) as memory:
        memory_id = memory.add("User owns a boat", user_id="marta", infer=False)["results"][0]["id"]
        updated = memory.update(memory_id=memory_id, content="User owns a sailing boat")
        assert updated is not None
        assert updated.get("memory") == "User owns a sailing boat"
        assert memory.delete(memory_id) is True
        assert [memory.delete(unknown) for unknown in UNKNOWN] == [False] * 3


SERVICES = {
    "llm": {
        "provider": "qwen",
        "config": {"api_key": "key-of-marta", "model": "qwen-plus", "temperature": 0.7},
    },
    "embedder": {
        "provider": "qwen",
        "config": {"api_key": "key-of-marta", "model": "text-embedding-v4"},
    },
}
ON_A_SERVER = {
    "provider": "oceanbase",
    "config": {
        "collection_name": "memories",
        "connection_args": {
            "host": "127.0.0.1", "port": 2881, "user": "root@sys", "password": "pw", "db_name": "powermem",
        },
        "embedding_model_dims": 1536,
        "index_type": "IVF_FLAT",
        "vidx_metric_type": "cosine",
    },
}  # fmt: skip


async def test_a_server_that_is_not_there_says_so(place: Path) -> None:
    config = {**SERVICES, "vector_store": ON_A_SERVER}
    with pytest.raises(StoreUnavailableError, match=REFUSAL):
        await AsyncMemory(config=config).initialize()
    with pytest.raises(StoreUnavailableError, match=REFUSAL):
        Memory(config=config).initialize()
    assert list(place.iterdir()) == []


def _with_services(api: ApiServer) -> dict[str, Any]:
    sections: dict[str, Any] = json.loads(json.dumps(SERVICES))
    for section in sections.values():
        section["config"]["dashscope_base_url"] = api.url
    store = {
        "collection_name": "memories",
        "embedding_model_dims": 1536,
        "database_path": "./data/services.db",
    }
    return {**sections, "vector_store": {"provider": "sqlite", "config": store}}


async def test_services_with_tasks(services: ApiServer) -> None:
    async with AsyncMemory(config=_with_services(services)) as memory:
        result = await memory.add(messages=CONVERSATION, user_id="marta")
        assert _texts(result) == {"User is Marta, a bridge engineer"}
        assert _texts(await memory.search(query="a bridge engineer", user_id="marta")) == _texts(result)
    _check_requests(services)


def test_services(services: ApiServer) -> None:
    with Memory(config=_with_services(services)) as memory:
        result = memory.add(messages=CONVERSATION, user_id="marta")
        assert _texts(result) == {"User is Marta, a bridge engineer"}
        assert _texts(memory.search(query="a bridge engineer", user_id="marta")) == _texts(result)
    _check_requests(services)


def _check_requests(api: ApiServer) -> None:
    (chat,) = api.of("chat")
    assert (chat.body["model"], chat.body["temperature"]) == ("qwen-plus", 0.7)
    assert {(request.body["model"], request.body["dimensions"]) for request in api.of("embed")} == {
        ("text-embedding-v4", 1536)
    }
    assert {request.headers["authorization"] for request in api.requests} == {"Bearer key-of-marta"}
