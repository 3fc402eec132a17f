"""Mistakes of a new user: each ends in an error of ours that says what was wrong and what to do."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import traceback
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import powermem
from powermem import AsyncMemory, Memory, MemoryConfig, PowerMemError, create_memory
from powermem.config import load_config
from powermem.errors import InvalidInputError

BARE: dict[str, Any] = {
    "vector_store": {"config": {"database_path": ":memory:"}},
    "llm": {"provider": "none"},
    "embedder": {"provider": "none"},
}
INTERNAL = re.compile(
    r"\b(Async)?(Lifecycle|Reading|Adding|Remembering|Moving|Following|Background)\b|_sync|_async"
)
KEY = "sk-proj-a1B2c3D4e5F6g7H8"


def llm(provider: str, **config: Any) -> dict[str, Any]:
    return {"llm": {"provider": provider, "config": config}}


def embedder(provider: str, **config: Any) -> dict[str, Any]:
    return {"embedder": {"provider": provider, "config": config}}


def store(provider: str, **config: Any) -> dict[str, Any]:
    return {"vector_store": {"provider": provider, "config": config}}


CONFIGURATIONS: list[tuple[Any, str]] = [
    (llm("opneai"), "llm.provider: unknown provider 'opneai'; did you mean 'openai'?"),
    (llm("OpenAI-GPT"), "did you mean 'openai'?"),
    (llm("gpt"), "did you mean 'openai'?"),
    (llm("chatgpt"), "did you mean 'openai'?"),
    (llm("gpt-4o-mini"), "did you mean 'openai'?"),
    (llm("claude"), "did you mean 'anthropic'?"),
    (llm("claude-3-5-sonnet"), "did you mean 'anthropic'?"),
    (llm("google"), "did you mean 'gemini'?"),
    (llm("azure-ai"), "did you mean 'azure'?"),
    (llm("dashscope"), "did you mean 'qwen'?"),
    (llm("llama3"), "did you mean 'ollama'?"),
    (llm("lm studio"), "did you mean 'lmstudio'?"),
    (llm("off"), "did you mean 'none'?"),
    (llm("xai"), "set it, or in the environment XAI_API_KEY"),
    (llm("grok"), "set provider 'openai' and config.base_url 'https://api.x.ai/v1'"),
    (llm("groq"), "set it, or in the environment GROQ_API_KEY"),
    (llm("moonshot"), "set provider 'openai' and config.base_url"),
    (llm("mistral"), "set provider 'openai' and config.base_url"),
    (llm("local"), "for a model on this machine use 'ollama', 'lmstudio' or 'vllm'"),
    (llm(KEY), "keys belong in llm.config"),
    (llm("openai"), "llm.config.api_key: required for provider 'openai'"),
    (llm("azure", api_key="k"), "llm.config.azure_endpoint: required"),
    (llm("openai", apikey="k"), "llm.config.apikey: unknown key; did you mean 'api_key'?"),
    (llm("openai", model_name="k"), "did you mean 'model'?"),
    (llm("openai", api_base="http://h"), "did you mean 'base_url'?"),
    (llm("openai", base_url="localhost:8000"), "expected a URL such as 'https://host/v1'"),
    (llm("openai", temperature="warm"), "llm.config.temperature: expected a number, got 'warm'"),
    ({"llm": "openai"}, "got 'openai'; write {'provider': 'openai'}"),
    ({"llm": {"provider": "openai", "model": "x"}}, "llm.model: unknown key; did you mean 'config.model'?"),
    ({"llm": {"providr": "openai"}}, "did you mean 'provider'?"),
    (embedder("azure"), "did you mean 'azure_openai'?"),
    (embedder("sentence-transformers"), "did you mean 'sentence_transformers'?"),
    (embedder("all-MiniLM-L6-v2"), "did you mean 'default'?"),
    (embedder("anthropic"), "anthropic has no embeddings: use 'openai', 'ollama', or 'default'"),
    (embedder("openai", api_key="k", dimensions=8), "did you mean 'embedding_dims'?"),
    (embedder("local", model="bge-m3"), "the local embedder is all-MiniLM-L6-v2"),
    (store("postgresql"), "did you mean 'postgres'?"),
    (store("pg"), "did you mean 'postgres'?"),
    (store("sqlite3"), "did you mean 'sqlite'?"),
    (store("qdrant"), "there is no store for it; 'sqlite' keeps vectors too and needs nothing installed"),
    (store("chroma"), "known: sqlite, oceanbase, seekdb, postgres, pgvector, mysql, mariadb"),
    (store("pinecone"), "there is no store for it"),
    (store("postgresql://me:hunter2@db.example/app"), "passwords belong in vector_store.config"),
    (store("sqlite", path="x.db"), "did you mean 'database_path'?"),
    (store("postgres", username="x"), "did you mean 'user'?"),
    (store("postgres", host="http://db.example"), "expected the name of a host, with no scheme"),
    ({"vector_store": {"path": "x.db"}}, "did you mean 'config.database_path'?"),
    ({"storage": {}}, "storage: unknown key; did you mean 'vector_store'?"),
    ({"embeddings": {}}, "did you mean 'embedder'?"),
    ({KEY: 1}, "unknown key"),
    ({"reranker": {"enabled": True, "provider": "llm"}}, "set llm.provider, too"),
    (store("sqlite", database_path="postgresql://me:hunter2@h/db"), "this is an address (postgresql://...)"),
    (llm("openai", api_key="k", base_url="http://my host/v1"), "expected a URL such as 'https://host/v1'"),
    ({"llm": {"config": {"api_key": "k"}}}, "llm.provider: required beside llm.config.api_key"),
    ({"llm": {"config": {"model": "gpt-4o"}}}, "llm.provider: required beside llm.config.model"),
    ({"llm": {"config": {"base_url": "http://h/v1"}}}, "llm.provider: required beside llm.config.base_url"),
    ({"embedder": {"config": {"api_key": "k"}}}, "embedder.provider: required beside"),
    ("config.json", "config: expected a dict or a MemoryConfig, got a path"),
    (".env", "read a .env file with auto_config(path) first"),
    ('{"llm": {"provider": "none"}}', "got JSON as text; read it with json.loads first"),
    ("postgresql://me:hunter2@db/app", "got an address; a database's is given as conn"),
    (KEY, "got a key; keys belong in llm.config.api_key"),
    ([1], "config: expected a dict or a MemoryConfig, got list"),
    ({1: 2}, "config: keys must be text"),
]  # fmt: skip


def complaint(call: Callable[[], object]) -> str:
    with pytest.raises(PowerMemError) as caught:
        call()
    error = caught.value
    assert type(error).__name__ in powermem.__all__
    assert type(error).__module__ == "powermem.errors"
    shown = "".join(traceback.format_exception_only(error))
    for secret in (KEY, "hunter2"):
        assert secret not in shown
        assert secret not in repr(error)
    assert INTERNAL.search(shown) is None
    return str(error)


@pytest.mark.parametrize(("config", "expected"), CONFIGURATIONS)
def test_a_wrong_configuration(config: Any, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert expected in complaint(lambda: Memory(config))
    assert expected in complaint(lambda: AsyncMemory(config))


CONSTRUCTORS: list[tuple[dict[str, Any], str]] = [
    ({"storage_type": "sqlite"}, 'write config={"vector_store": {"provider": "sqlite", '),
    ({"database_path": "x.db"}, 'write config={"vector_store": {"provider": "sqlite", '),
    ({"llm_provider": "openai"}, 'write config={"llm": {"provider": "openai", '),
    ({"api_key": KEY}, 'write config={"llm": {"provider": "openai", '),
    ({"embedding_model": "x"}, 'write config={"embedder": {"provider": "openai", '),
    ({"db_url": "sqlite://"}, "did you mean conn?"),
    ({"connection_string": "postgres://me:hunter2@h/db"}, "did you mean conn?"),
    ({"configg": {}}, "did you mean config?"),
    ({"settings": {}}, "did you mean config?"),
    ({"foo": 1}, "it takes config, agent_id, conn, auto_process, batch_threshold, max_retries"),
    ({"batch_threshold": 0}, "batch_threshold: must be at least 1, got 0"),
    ({"auto_process": "yes"}, "auto_process: expected True or False, got 'yes'"),
    ({"agent_id": ""}, "agent_id: must not be blank"),
]


@pytest.mark.parametrize(("options", "expected"), CONSTRUCTORS)
def test_a_wrong_argument_of_the_constructor(options: dict[str, Any], expected: str) -> None:
    for make in (Memory, AsyncMemory, create_memory, Memory.from_config):
        assert expected in complaint(lambda make=make: make(BARE, **options))  # type: ignore[misc]


def closed_file() -> io.BytesIO:
    file = io.BytesIO()
    file.close()
    return file


CALLS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda m: m.search("tea", k=3), "search: unknown argument 'k'; did you mean limit? it takes query, "),
    (lambda m: m.search("tea", n=3), "did you mean limit?"),
    (lambda m: m.search("tea", max_results=3), "did you mean limit?"),
    (lambda m: m.search("tea", filter={}), "did you mean filters?"),
    (lambda m: m.search("tea", user="ana"), "did you mean user_id?"),
    (lambda m: m.search("tea", session_id="s"), "did you mean run_id?"),
    (lambda m: m.search("tea", thread_id="s"), "did you mean run_id?"),
    (lambda m: m.search("tea", min_score=0.5), "did you mean threshold?"),
    (lambda m: m.search("tea", namespace="x"), "give user_id, agent_id or run_id, or set vector_store"),
    (lambda m: m.search("tea", output_format="v1.1"), "leave it out"),
    (lambda m: m.search("tea", **{KEY: 1}), "unknown argument"),
    (lambda m: m.search(text="tea"), "did you mean query?"),
    (lambda m: m.search(), "search: query is missing; it takes query, user_id"),
    (lambda m: m.search("a", "u", "a", "r", {}, 3, 0.1, 5), "at most 7 arguments without a name, got 8"),
    (lambda m: m.search("tea", query="tea"), "query is given twice, by position and by name"),
    (lambda m: m.search(["tea"]), "query: expected a string"),
    (lambda m: m.search(None), "query: expected a string"),
    (lambda m: m.search("tea", limit="ten"), "limit: expected an integer, got 'ten'"),
    (lambda m: m.search("tea", limit=0), "limit: must be at least 1, got 0"),
    (lambda m: m.search("tea", top_k=-1), "top_k: must be at least 1, got -1"),
    (lambda m: m.search("tea", threshold=7), "threshold: expected a number from 0 to 1, got 7"),
    (lambda m: m.search("tea", filters=["a"]), "filters: expected a dict"),
    (lambda m: m.search("tea", filters={"k": {"$regex": "x"}}), "unknown operator"),
    (lambda m: m.search("tea", filters={"k": {KEY: "x"}}), "unknown operator"),
    (lambda m: m.search("tea", user_id=""), "user_id: must not be blank; leave it out"),
    (lambda m: m.search("tea", as_of="yesterday-ish"), "as_of: "),
    (lambda m: m.search("tea", rerank=True), "rerank: no reranker is configured"),
    (lambda m: m.search("tea", at_time="2025-01-01"), "did you mean as_of?"),
    (lambda m: m.search("tea", show_expired=True), "did you mean include_expired?"),
    (lambda m: m.search("tea", memory_limit_number=5), "did you mean limit?"),
    (lambda m: m.search("tea", vector_weight=0.5), "set search.dense in the configuration"),
    (lambda m: m.search("tea", include_preference=True), "get_preferences(user_id) returns them"),
    (lambda m: m.search("tea", explain="yes"), "explain: expected True or False, got 'yes'"),
    (lambda m: m.search("tea", include_expired="no"), "include_expired: expected True or False, got 'no'"),
    (lambda m: m.search("tea", rerank="no"), "rerank: expected True or False, got 'no'"),
    (lambda m: m.search("tea", filters={"age": {">": 3}}), "filters.age: unknown operator '>', write 'gt'"),
    (lambda m: m.search("tea", filters={"age": {"between": [1, 2]}}), "write 'gte' and 'lte' together"),
    (lambda m: m.search("tea", filters={"age": {"startswith": "a"}}), "write 'like' with % at the end"),
    (lambda m: m.recall("tea", user_id="u"), "attribution(entity_id=...) says whose memories are recalled"),
    (lambda m: m.search_many("tea"), "a list of strings (search_many)"),
    (lambda m: m.add(), "add: messages is missing; it takes messages, user_id"),
    (lambda m: m.add("", user_id="u"), "messages: there is no text in them"),
    (lambda m: m.add(42), "messages"),
    (lambda m: m.add("tea", user="ana"), "did you mean user_id?"),
    (lambda m: m.add("tea", tags=["a"]), "did you mean metadata?"),
    (lambda m: m.add(text="tea"), "did you mean messages?"),
    (lambda m: m.add("tea", metadata="x"), "metadata: expected a dict, got str"),
    (lambda m: m.add("tea", metadata={"k": {1, 2}}), "metadata.k: expected a string, number"),
    (lambda m: m.add("tea", ttl=3), "did you mean expires_at?"),
    (lambda m: m.add("tea", infer="false"), "infer: expected True or False, got 'false'"),
    (lambda m: m.add("tea", app_id="x"), "give agent_id, or put it into metadata"),
    (lambda m: m.add("tea", timestamp=1_700_000_000_000), "divide milliseconds by 1000"),
    (lambda m: m.add("tea", expires_at=timedelta(days=1)), "datetime.now(timezone.utc) + timedelta(...)"),
    (lambda m: m.add("tea", expires_at=3600), "such as datetime.now(timezone.utc) + timedelta(days=30)"),
    (lambda m: m.add_many([{"text": "tea"}], on_error="raise"), "did you mean messages?"),
    (lambda m: m.add_many([{"messages": "tea", "user": "u"}], on_error="raise"), "did you mean user_id?"),
    (lambda m: m.add_many([{KEY: "tea"}], on_error="raise"), "is not an argument of add"),
    (lambda m: m.get(), "get: memory_id is missing; it takes memory_id, user_id, agent_id"),
    (lambda m: m.get(id=3), "did you mean memory_id?"),
    (lambda m: m.get_all(n=3), "did you mean limit?"),
    (lambda m: m.get_all(sort_by="score"), "sort_by: expected one of created_at, updated_at, valid_from, id"),
    (lambda m: m.get_all(order="down"), "order: expected 'asc' or 'desc', got 'down'"),
    (lambda m: m.get_all(offset=-1), "offset: must be at least 0, got -1"),
    (lambda m: m.update(1), "update: give content, metadata or expires_at"),
    (lambda m: m.update(1, value="x"), "did you mean content?"),
    (lambda m: m.update(1, memory="x"), "did you mean content?"),
    (lambda m: m.update(1, "x", replace_metadata="no"), "replace_metadata: expected True or False, got 'no'"),
    (lambda m: m.history(None), "memory_id: expected an integer or a string, got None"),
    (lambda m: m.sources([1]), "memory_id: expected an integer or a string"),
    (lambda m: m.get_status(None), "task_id: expected an integer or a string, got None"),
    (lambda m: m.cancel_task(1.5), "task_id: expected an integer or a string, got 1.5"),
    (lambda m: m.augmentation.wait("5"), "timeout: expected a number of seconds, or None, got '5'"),
    (lambda m: m.reset(confirm=True), "leave it out: the call does it at once"),
    (lambda m: m.delete(), "delete: memory_id is missing"),
    (lambda m: m.delete_all(), "delete_all: give user_id, agent_id or run_id; reset() deletes everything"),
    (lambda m: m.users(1), "users: takes no argument without a name, got 1"),
    (lambda m: m.get_statistics(time_range="1d"), "time_range: expected one of 7d, 30d, 90d, all, got '1d'"),
    (lambda m: m.import_memories("/nowhere/x.jsonl"), "/nowhere/x.jsonl"),
    (lambda m: m.export_memories("out.csv", format="csv"), "format: expected"),
    (lambda m: m.export_memories("/"), "path_or_file: / is a folder; give the path of a file"),
    (lambda m: m.export_memories("/nowhere/x", include_vectors="no"), "include_vectors: expected True or"),
    (lambda m: m.close(drain="no"), "drain: expected True or False, got 'no'"),
    (lambda m: m.get_all(page=2), "set offset to the number of memories to pass over"),
    (lambda m: m.export_memories(closed_file()), "path_or_file: this file is closed; give it"),
    (lambda m: m.import_memories(closed_file()), "source: this file is closed; give it open for reading"),
    (lambda m: m.export_memories(io.BufferedReader(io.BytesIO())), "this file is not open for writing"),
    (lambda m: m.processing.stop(timeout="3"), "timeout: expected a number of seconds, or None, got '3'"),
    (lambda m: m.get_status("nothing"), "nothing"),
    (lambda m: m.process(), "process: user_id is missing"),
    (lambda m: m.flush(user="u"), "did you mean user_id?"),
    (lambda m: m.processing.stop(seconds=3), "did you mean timeout?"),
    (lambda m: m.reembed(), "embedder: none is configured"),
]  # fmt: skip


@pytest.fixture(scope="module")
def memory() -> Any:
    with Memory(BARE) as memory:
        yield memory


@pytest.mark.parametrize(("call", "expected"), CALLS)
def test_a_wrong_call(memory: Memory, call: Callable[[Any], Any], expected: str) -> None:
    assert expected in complaint(lambda: call(memory))
    memory.count()


def test_a_wrong_call_that_is_awaited() -> None:
    async def run() -> list[str]:
        async with AsyncMemory(BARE) as memory:
            missed = []
            for call, expected in CALLS:
                try:
                    await call(memory)
                except PowerMemError as error:
                    if expected not in str(error):
                        missed.append(f"{expected}: {error}")
                else:
                    missed.append(expected)
            return missed

    assert asyncio.run(run()) == []


def with_wrong_colour() -> None:
    with AsyncMemory(BARE):  # type: ignore[attr-defined]
        pass


async def async_with_wrong_colour() -> None:
    async with Memory(BARE):  # type: ignore[attr-defined]
        pass


async def await_memory() -> None:
    await Memory(BARE)  # type: ignore[misc]


async def await_async_memory() -> None:
    await AsyncMemory(BARE)  # type: ignore[misc]


def test_the_wrong_colour() -> None:
    assert "write `async with AsyncMemory(...) as memory:`" in complaint(with_wrong_colour)
    for call, expected in (
        (async_with_wrong_colour, "write `with Memory(...) as memory:`, or use AsyncMemory"),
        (await_memory, "Memory is not awaited; use AsyncMemory in async code"),
        (await_async_memory, "AsyncMemory(...) is not awaited, its methods are"),
    ):
        made: Callable[[], Coroutine[Any, Any, None]] = call
        assert expected in complaint(lambda made=made: asyncio.run(made()))  # type: ignore[misc]


def test_a_method_of_the_class() -> None:
    assert "query is missing" in complaint(lambda: Memory.search("tea"))  # type: ignore[call-arg]


ATTRIBUTES: list[tuple[Callable[[Any], object], str]] = [
    (lambda m: m.retrieve, "Memory has no 'retrieve'; write search(query, user_id=...)"),
    (lambda m: m.search_memory, "write search(query, user_id=...)"),
    (lambda m: m.list_knowledge, "write get_all(user_id=...)"),
    (lambda m: m.add_memory, "write add(messages, user_id=...)"),
    (lambda m: m.clear_user, "write delete_all(user_id=...)"),
    (lambda m: m.get_task_status, "write get_status(task_id)"),
    (lambda m: m.open, "write initialize()"),
    (lambda m: m.serach, "write search"),
    (lambda m: m.quux, "Memory has no 'quux'"),
    (lambda m: m.llm.openai, "Memory.llm has no 'openai'; give the client itself: register(client)"),
    (lambda m: m.augmentation.max_worker, "Memory.augmentation has no 'max_worker'; write max_workers"),
    (lambda m: m.processing.statistics, "Memory.processing has no 'statistics'"),
]


@pytest.mark.parametrize(("get", "expected"), ATTRIBUTES)
def test_an_attribute_of_another_library(memory: Memory, get: Callable[[Any], object], expected: str) -> None:
    for one in (memory, AsyncMemory(BARE)):
        with pytest.raises(AttributeError) as caught:
            get(one)
        assert expected in str(caught.value).replace("AsyncMemory", "Memory")
        assert INTERNAL.search(str(caught.value)) is None


def test_a_memory_has_no_attribute_that_protocols_ask_for(memory: Memory) -> None:
    for name in ("__len__", "_repr_markdown_", "__array__", "shape"):
        assert not hasattr(memory, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("create_config", "write the configuration as a dict"),
        ("from_config", "use Memory.from_config(config) or create_memory(config)"),
        ("UserMemory", "there is none in this version; docs/coming-from.md says"),
        ("MemoryClient", "use Memory or AsyncMemory"),
    ],
)
def test_an_import_of_another_library(name: str, expected: str) -> None:
    with pytest.raises(ImportError, match=re.escape(f"powermem has no '{name}': {expected}")):
        exec(f"from powermem import {name}")
    assert not hasattr(powermem, "quux")


def test_a_reranker_that_nothing_switches_on(caplog: pytest.LogCaptureFixture) -> None:
    config = {**BARE, "reranker": {"provider": "jina", "config": {"api_key": KEY}}}
    with Memory(config) as memory:
        assert caplog.messages == [
            "the reranker is not used: set reranker.enabled (RERANKER_ENABLED) to true"
        ]
        assert "set the section 'reranker', with enabled true" in complaint(
            lambda: memory.search("tea", rerank=True)
        )


def test_a_configuration_that_is_changed(memory: Memory) -> None:
    def change() -> None:
        memory.config.llm = None  # type: ignore[assignment]

    assert complaint(change) == "llm: a configuration does not change; make a new one"


def test_an_embedded_store_names_all_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylibseekdb", None)
    monkeypatch.setitem(sys.modules, "powermem._drivers._pymysql", None)
    said = complaint(lambda: Memory({**BARE, **store("seekdb")}).initialize())
    assert "without a host, this store needs the package pylibseekdb" in said
    assert "pymysql" in said


def test_a_class_in_place_of_a_client(memory: Memory) -> None:
    class OpenAI:
        pass

    said = complaint(lambda: memory.llm.register(OpenAI))
    assert said == "client: expected a client, got the class OpenAI; make one first"


FILES = [
    ("{folder}/taken/memories.db", "cannot make its folder: {folder}/taken is a file and no folder"),
    ("{folder}/" + 300 * "a", "its name is too long"),
    ("{folder}", "this is a folder"),
]


@pytest.mark.parametrize(("path", "expected"), FILES)
def test_a_path_that_cannot_be_a_database(path: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine", "utf-8")
    config = {**BARE, **store("sqlite", database_path=path.format(folder=tmp_path))}
    assert expected.format(folder=tmp_path) in complaint(lambda: Memory(config).initialize())
    assert (tmp_path / "taken").read_text("utf-8") == "mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_an_export_does_not_replace_a_pipe_or_a_device(memory: Memory, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        memory.export_memories(pipe)
        assert os.read(reader, 1000).startswith(b"{")
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_file_that_may_not_be_read(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "closed.db"
    path.write_text("mine", "utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read everything")
    config = {**BARE, **store("sqlite", database_path=str(path))}
    assert "this process may not read the file: check its permissions" in complaint(
        lambda: Memory(config).initialize()
    )
    assert f"source: cannot read {path} (Permission denied)" in complaint(
        lambda: memory.import_memories(path)
    )


def test_an_error_inside_a_call_stays_what_it_is(memory: Memory) -> None:
    def listen(counts: object) -> None:
        raise TypeError("mine")

    memory.add("I like tea", user_id="u", infer=False)
    with pytest.raises(TypeError, match="mine") as caught:
        memory.export_memories("/dev/null", on_progress=listen)
    assert not isinstance(caught.value, InvalidInputError)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: MemoryConfig(BARE), "write MemoryConfig(**config)"),
        (lambda: powermem.auto_config(5), "env_file: expected the path of a file, got 5"),
        (lambda: powermem.auto_config(b"x"), "env_file: expected the path of a file"),
        (lambda: powermem.auto_config("/nowhere/.env"), "/nowhere/.env: there is no such .env file"),
        (lambda: powermem.auto_config("a\0b"), ".env file: the path holds a NUL character"),
        (lambda: load_config(5), "path: expected the path of a file"),
        (lambda: powermem.register_llm(KEY, 5), "a provider must be a class or function"),
        (lambda: Memory(conn="mysqlx://me:hunter2@h/db"), "a database of the kind 'mysqlx' is not supported"),
        (
            lambda: Memory(conn="just text"),
            "such as sqlite:///app.db, postgresql://user:password@host:5432/name",
        ),
    ],
)
def test_wrong_arguments_of_functions(call: Callable[[], object], expected: str) -> None:
    assert expected in complaint(call)


def test_too_many_mistakes_are_named_at_once() -> None:
    said = complaint(lambda: MemoryConfig(storage={}, llm={"provider": "gpt"}, http={"max_retries": -1}))
    assert len(said.splitlines()) == 3
