"""What may be written in a configuration, and what is said when it is wrong."""

from __future__ import annotations

import json
import logging
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from powermem.config import MemoryConfig, load_config, validate_config
from powermem.config.fields import Section
from powermem.config.stores import OceanBaseConfig, SQLiteConfig
from powermem.errors import ConfigError

GUIDE: dict[str, Any] = {
    "llm": {
        "provider": "qwen",
        "config": {"api_key": "your_api_key_here", "model": "qwen-plus", "temperature": 0.7},
    },
    "embedder": {
        "provider": "qwen",
        "config": {"api_key": "your_api_key_here", "model": "text-embedding-v4"},
    },
    "vector_store": {
        "provider": "oceanbase",
        "config": {
            "collection_name": "memories",
            "connection_args": {
                "host": "127.0.0.1",
                "port": 2881,
                "user": "root@sys",
                "password": "password",
                "db_name": "powermem",
            },
            "embedding_model_dims": 1536,
            "index_type": "IVF_FLAT",
            "vidx_metric_type": "cosine",
        },
    },
}


def complaint(**data: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        MemoryConfig(**data)
    return str(caught.value)


def store(**config: Any) -> dict[str, Any]:
    return {"provider": "sqlite", "config": config}


def test_nothing_configured() -> None:
    config = MemoryConfig()
    assert (config.llm.provider, config.embedder.provider, config.vector_store.provider) == (
        "none",
        "default",
        "sqlite",
    )
    assert config.vector_store.config == SQLiteConfig(
        database_path="./data/powermem_dev.db",
        collection_name="memories",
        enable_wal=True,
        timeout=30,
        synchronous="normal",
        cache_mb=1024,
    )
    assert config.ignored == ()
    assert not config.security.require_scope
    assert config == MemoryConfig(**config.model_dump())


def test_constructing_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = list(logging.getLogger().handlers), list(logging.getLogger("powermem").handlers)
    variables = dict(os.environ)
    MemoryConfig(**GUIDE)
    assert list(tmp_path.iterdir()) == []
    assert (list(logging.getLogger().handlers), list(logging.getLogger("powermem").handlers)) == handlers
    assert dict(os.environ) == variables


def test_the_guides_example() -> None:
    config = MemoryConfig(**GUIDE)
    database = config.vector_store.config
    assert isinstance(database, OceanBaseConfig)
    assert (database.host, database.port, database.user, database.db_name) == (
        "127.0.0.1",
        2881,
        "root@sys",
        "powermem",
    )
    assert database.password == SecretStr("password")
    assert config.llm.config.model == "qwen-plus"
    assert config.ignored == ()


def test_connection_args_are_the_same_as_flat_keys() -> None:
    nested = GUIDE["vector_store"]["config"]
    flat = {key: value for key, value in nested.items() if key != "connection_args"} | nested[
        "connection_args"
    ]
    assert MemoryConfig(**GUIDE) == MemoryConfig(
        **{**GUIDE, "vector_store": {"provider": "oceanbase", "config": flat}}
    )


def test_connection_args_that_contradict() -> None:
    said = complaint(
        vector_store={"provider": "postgres", "config": {"port": 1, "connection_args": {"port": 2}}}
    )
    assert said.startswith("vector_store.config: 'port' stands here and in 'connection_args'")


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ({"embedding": {"provider": "mock"}}, {"embedder": {"provider": "mock"}}),
        ({"database": store(timeout=3)}, {"vector_store": store(timeout=3)}),
        ({"intelligence": {"decay_rate": 2}}, {"intelligent_memory": {"decay_rate": 2}}),
        (
            {"llm": {"provider": "openai", "config": {"openai_base_url": "http://h/v1"}}},
            {"llm": {"provider": "openai", "config": {"base_url": "http://h/v1"}}},
        ),
        (
            {"llm": {"provider": "ollama", "config": {"ollama_base_url": "http://h"}}},
            {"llm": {"provider": " Ollama ", "config": {"base_url": "http://h/"}}},
        ),
        (
            {"reranker": {"provider": "jina", "config": {"api_base_url": "http://h"}}},
            {"reranker": {"provider": "jina", "config": {"base_url": "http://h"}}},
        ),
        (
            {"embedder": {"provider": "gemini", "config": {"output_dimensionality": 9}}},
            {"embedder": {"provider": "gemini", "config": {"embedding_dims": 9}}},
        ),
        (
            {"vector_store": {"provider": "postgres", "config": {"dbname": "d"}}},
            {"vector_store": {"provider": "postgres", "config": {"db_name": "d"}}},
        ),
        ({"telemetry": {"enable_telemetry": True}}, {"telemetry": {"enabled": True}}),
        ({"llm": {"provider": "none", "config": None}, "audit": None}, {}),
    ],
)
def test_two_ways_to_write_the_same(short: dict[str, Any], full: dict[str, Any]) -> None:
    assert MemoryConfig(**short) == MemoryConfig(**full)
    assert MemoryConfig.model_validate(short) == MemoryConfig(**full)
    assert MemoryConfig.model_validate_json(json.dumps(short)) == MemoryConfig(**full)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"vector_store": {"provider": "oceanbase", "config": {"port": "abc"}}},
            "vector_store.config.port: expected an integer, got 'abc'",
        ),
        (
            {"vector_store": {"provider": "oceanbase", "config": {"connection_args": {"port": "abc"}}}},
            "vector_store.config.connection_args.port: expected an integer, got 'abc'",
        ),
        (
            {"database": store(port=1, timeout=[1])},
            "database.config.timeout: expected a number, got a list\n"
            "database.config.port: unknown key; allowed: collection_name,",
        ),
        (
            {"vector_store": store(databse_path="x")},
            "vector_store.config.databse_path: unknown key; did you mean 'database_path'? "
            "allowed: collection_name, embedding_model_dims, database_path, enable_wal, timeout, synchr",
        ),
        ({"vectorstore": {}}, "vectorstore: unknown key; did you mean 'vector_store'? allowed: llm, "),
        ({"llm": "openai"}, "llm: expected a mapping of keys to values, got 'openai'"),
        (
            {"llm": {"provider": "openai", "config": [1]}},
            "llm.config: expected a mapping of keys to values, got a list",
        ),
        ({"llm": {"provider": 3}}, "llm.provider: expected text, got 3"),
        ({"llm": {"providr": "openai"}}, "llm.providr: unknown key; did you mean 'provider'?"),
        (
            {"llm": {"provider": "opnai"}},
            "llm.provider: unknown provider 'opnai'; did you mean 'openai'? known: openai,",
        ),
        (
            {"vector_store": {"provider": "sqlit"}},
            "vector_store.provider: unknown provider 'sqlit'; did you mean 'sqlite'? known: sqlite, ",
        ),
        (
            {"llm": {"provider": "ollama", "config": {"temperature": 3}}},
            "llm.config.temperature: expected a number of at most 2, got 3",
        ),
        ({"http": {"connect_timeout": 0}}, "http.connect_timeout: expected a number of more than 0, got 0"),
        (
            {"vector_store": store(synchronous="off")},
            "vector_store.config.synchronous: expected one of 'normal', 'full', got 'off'",
        ),
        (
            {"vector_store": store(collection_name="a;drop")},
            "vector_store.config.collection_name: expected letters, digits",
        ),
        (
            {"vector_store": store(enable_wal="perhaps")},
            "vector_store.config.enable_wal: expected true or false, got 'perhaps'",
        ),
        (
            {"vector_store": store(database_path=" ")},
            "vector_store.config.database_path: expected text that is not blank",
        ),
        ({"security": {"require_scope": None}}, "security.require_scope: expected true or false, got None"),
        (
            {"llm": {"provider": "openai", "config": {"openai_base_url": "localhost"}}},
            "llm.config.openai_base_url: expected a URL such as 'https://host/v1', got 'localhost'",
        ),
        (
            {"llm": {"provider": "ollama", "config": {"openai_base_url": "http://h"}}},
            "llm.config.openai_base_url: unknown key; did you mean 'ollama_base_url'?",
        ),
        ({"audit": {"log_fle": "a"}}, "audit.log_fle: unknown key; did you mean 'log_file'?"),
        (
            {"graph_store": {"config": {"passwrd": "a"}}},
            "graph_store.config.passwrd: unknown key; did you mean 'password'?",
        ),
        ({"telemetri": {}}, "telemetri: unknown key; did you mean 'telemetry'?"),
        ({"audit": "all"}, "audit: expected a mapping of keys to values, got 'all'"),
        (
            {"timezone": "Mars/Base"},
            "timezone: expected the name of a time zone, such as 'Europe/Paris', got 'Mars/Base'",
        ),
        (
            {"embedder": {"provider": "mock"}, "embedding": {"provider": "none"}},
            "embedding: the same setting is also given as another of embedder, embedding; keep one",
        ),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], expected: str) -> None:
    assert complaint(**data).startswith(expected)
    assert not validate_config(data)


def test_every_problem_has_a_line() -> None:
    lines = complaint(llm={"provider": "x"}, http={"max_retries": -1}, audti={}).splitlines()
    assert [line.split(":")[0] for line in lines] == ["llm.provider", "http.max_retries", "audti"]


def test_the_error_can_be_pickled() -> None:
    with pytest.raises(ConfigError) as caught:
        MemoryConfig(llm={"provider": "x"})
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_configuration_does_not_change() -> None:
    config = MemoryConfig()
    with pytest.raises(ConfigError, match="provider: a configuration does not change"):
        config.llm.provider = "openai"


def test_validate_config() -> None:
    assert validate_config({})
    assert validate_config(GUIDE)
    assert not validate_config({"llm": {"provider": "nobody"}})
    assert not validate_config([])
    assert not validate_config({1: 2})  # type: ignore[dict-item]
    assert not validate_config(None)


def test_paths_may_be_path_objects(tmp_path: Path) -> None:
    config = MemoryConfig(vector_store=store(database_path=tmp_path / "a b.db")).vector_store.config
    assert isinstance(config, SQLiteConfig)
    assert config.database_path == str(tmp_path / "a b.db")
    assert MemoryConfig(vector_store=store(database_path=":memory:")).vector_store.config


def sections(section: type[Section]) -> Iterator[type[Section]]:
    yield section
    for name in section.model_fields:
        inner = section.child(name, None)
        if inner is not None:
            yield from sections(inner)


def test_ignored_names_what_has_no_effect() -> None:
    config = MemoryConfig(
        audit={"log_file": "x"},
        telemetry={"enable_telemetry": True},
        graph_store={"enabled": False},
        query_rewrite={"prompt": "p"},
        logging={"level": "DEBUG"},
        sub_stores=[{"routing_filter": {"a": 1}}],
        security={"encryption_enabled": True, "require_scope": True},
        llm={"provider": "openai", "config": {"top_k": 3, "temperature": 0, "enable_vision": False}},
        reranker={"provider": "jina"},
    )
    assert config.ignored == (
        "audit",
        "telemetry",
        "logging",
        "sub_stores",
        "security.encryption_enabled",
        "llm.config.top_k",
    )
    assert config.has_unused_reranker


def test_a_reranker_that_is_switched_off_is_meant_so() -> None:
    off = MemoryConfig(reranker={"provider": "jina", "enabled": False})
    assert not off.has_unused_reranker
    assert off.ignored == ()
    assert not MemoryConfig().has_unused_reranker
    assert MemoryConfig(reranker={"provider": "jina", "config": {"enabled": True}}).reranker.switch is True


def test_every_section_has_its_own_keys() -> None:
    for section in sections(MemoryConfig):
        keys = section.keys()
        assert len(keys) == len(set(keys)), section


def test_load_config(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(GUIDE), encoding="utf-8-sig")
    assert load_config(path) == GUIDE
    assert MemoryConfig(**load_config(str(path))) == MemoryConfig(**GUIDE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such configuration file"),
        (b'{"llm": {\n  "provider" "x"}}', "not valid JSON at line 2, column 14"),
        (b"[1]", "expected a JSON object, got list"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", "not valid JSON at line 1, column 1"),
    ],
)
def test_load_config_that_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        load_config(path)
    assert str(path) in str(caught.value)


def test_load_config_of_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read this configuration file"):
        load_config(tmp_path)
