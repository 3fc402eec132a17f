# Generated from tests/_async/test_lifecycle.py by scripts/run_unasync.py; edit that file instead.
"""Constructing, opening and closing."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from powermem import ClosedError, ConfigError, InvalidInputError, Memory, MemoryConfig, StoreUnavailableError
from powermem._concurrency import gather


def test_constructing_writes_nothing(
    tmp_path: Path, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    memory = Memory(config)
    assert list(tmp_path.iterdir()) == []
    memory.close()
    assert list(tmp_path.iterdir()) == []


def test_the_first_call_initializes_by_itself(config: dict[str, Any]) -> None:
    memory = Memory(config=config)
    assert memory.count() == 0
    memory.close()


def test_initializing_many_times_opens_once(config: dict[str, Any]) -> None:
    memory = Memory(config)
    gather([partial(memory.initialize) for _ in range(10)])
    memory.initialize()
    memory.add("I like tea", user_id="u")
    memory.close()


def test_closing_is_final_and_may_be_repeated(config: dict[str, Any]) -> None:
    memory = Memory(config)
    memory.initialize()
    memory.close()
    memory.close(drain=False, timeout=1)
    for call in (memory.initialize, memory.count, memory.users, partial(memory.add, "x")):
        with pytest.raises(ClosedError, match="closed"):
            call()


def test_what_was_stored_is_there_after_reopening(config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        stored = memory.add("I like tea", user_id="u", metadata={"k": [1, {"a": None}]})
        memory.search("tea", user_id="u")
    with Memory(config) as memory:
        kept = memory.get(stored["results"][0]["id"])
        assert kept is not None
        assert kept["metadata"] == {"k": [1, {"a": None}]}
        assert kept["access_count"] == 1
        assert len((memory.search("tea", user_id="u"))["results"]) == 1


@pytest.mark.parametrize("form", ["dict", "model", "from_config"])
def test_every_form_of_configuration(config: dict[str, Any], form: str) -> None:
    if form == "dict":
        memory = Memory(config)
    elif form == "model":
        memory = Memory(MemoryConfig(**config))
    else:
        memory = Memory.from_config(config)
    with memory:
        assert (memory.get_statistics())["embedder"].startswith("mock")


def test_without_configuration_it_works_and_says_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LLM_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "POWERMEM_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    caplog.set_level(logging.INFO, "powermem")
    memory = Memory()
    assert list(tmp_path.iterdir()) == []
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert "sqlite" in line
    assert "rules" in line
    with memory:
        memory.add("I like tea", user_id="u")
    assert (tmp_path / "data" / "powermem_dev.db").is_file()


def test_a_memory_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}},
        "embedder": {"provider": "mock"},
    }
    with Memory(config) as memory, Memory(config) as other:
        gather([partial(memory.add, f"tea {i}", user_id="u", infer=False) for i in range(30)])
        assert len((memory.search("tea", user_id="u"))["results"]) == 30
        assert other.count() == 0
    assert list(tmp_path.iterdir()) == []


def test_two_collections_share_a_file(config: dict[str, Any]) -> None:
    with Memory(config) as first:
        first.add("I like tea", user_id="u")
        config["vector_store"]["config"]["collection_name"] = "other"
        with Memory(config) as second:
            assert second.count() == 0


def test_the_agent_given_once_holds_for_every_call(config: dict[str, Any]) -> None:
    with Memory(config, agent_id="a") as memory:
        memory.add("I like tea", user_id="u", infer=False)
        memory.add("I like tea", user_id="u", agent_id="b", infer=False)
        assert memory.count(user_id="u") == 1
        assert [item["agent_id"] for item in (memory.search("tea"))["results"]] == ["a"]
        assert memory.count(agent_id="b") == 1


def test_a_scope_can_be_required(config: dict[str, Any]) -> None:
    config["security"] = {"require_scope": True}
    with Memory(config) as memory:
        for call in (partial(memory.search, "tea"), memory.get_all, memory.count):
            with pytest.raises(InvalidInputError, match="require_scope"):
                call()
        assert memory.count(user_id="u") == 0


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
def test_a_wrong_configuration_is_named_at_once(
    config: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        Memory({**config, **change})


def test_a_server_that_does_not_answer_is_named(config: dict[str, Any]) -> None:
    config["vector_store"] = {"provider": "oceanbase", "config": {"host": "127.0.0.1", "port": 9}}
    memory = Memory(config)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:9"):
        memory.initialize()
    memory.close()


def test_an_open_memory_is_not_checked_again(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> Any:
        raise AssertionError("checked again")

    with Memory(config) as memory:
        assert memory.get(1) is None
        with monkeypatch.context() as patch:
            patch.setattr(memory._access, "open", refuse)
            assert memory.get(1) is None
    with pytest.raises(ClosedError):
        memory.get(1)
