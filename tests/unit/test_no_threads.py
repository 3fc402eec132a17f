"""A process that may start no further thread: what can be done is done, the rest says why; nothing hangs."""

from __future__ import annotations

import _thread
import gc
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, Memory, PowerMemError
from powermem._drivers.base import Server
from powermem._drivers.lent import LentDriver, recognize
from powermem.errors import StoreUnavailableError

pytestmark = pytest.mark.slow


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return {
        "vector_store": {"config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


@pytest.fixture
def exhausted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Refuse every new thread until the returned function is called."""

    def refuse(*args: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(_thread, "start_new_thread", refuse)
        patch.setattr(threading.Thread, "start", refuse)
        yield patch.undo


DONE: dict[str, Callable[[Memory], object]] = {
    "add": lambda memory: memory.add("I like tea.", user_id="u"),
    "search": lambda memory: memory.search("tea", user_id="u"),
    "search_many": lambda memory: memory.search_many(["tea", "rain"], user_id="u"),
    "get_all": lambda memory: memory.get_all(user_id="u"),
    "count": lambda memory: memory.count(),
    "add_message": lambda memory: memory.add_message("u", "user", "I like rain."),
    "statistics": lambda memory: memory.get_statistics(),
    "add_many": lambda memory: memory.add_many([{"messages": "I like snow.", "user_id": "u"}]),
}

REFUSED: dict[str, Callable[[Memory], object]] = {
    "process": lambda memory: memory.process("u"),
    "flush": lambda memory: memory.flush("u"),
    "process_async": lambda memory: memory.process_async("u"),
}


@pytest.mark.parametrize("name", DONE)
def test_callers_do_their_own_work(config: dict[str, Any], exhausted: Callable[[], None], name: str) -> None:
    with Memory(config) as memory:
        DONE[name](memory)
        exhausted()
        DONE[name](memory)


def test_a_memory_is_opened_though_those_that_were_dropped_cannot_be_closed(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "powermem-closing":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for number in range(8):
            other = {"vector_store": {"config": {"database_path": str(tmp_path / f"{number}.db")}}}
            assert Memory({**config, **other}).count() == 0
            gc.collect()
    monkeypatch.undo()
    with Memory(config) as memory:
        assert memory.count() == 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_a_thread_says_so_and_works_later(
    config: dict[str, Any], exhausted: Callable[[], None], name: str
) -> None:
    with Memory(config) as memory:
        memory.add_message("u", "user", "I like rain.")
        with pytest.raises(PowerMemError, match="thread"):
            REFUSED[name](memory)
        exhausted()
        memory.process("u")
        assert [item["memory"] for item in memory.get_all(user_id="u")["results"]] == ["I like rain."]


def test_one_thread_works_on_what_others_cannot_be_started_for(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse_lanes(thread: threading.Thread) -> None:
        if thread.name == "powermem-lane":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_lanes)
    with Memory(config) as memory:
        memory.add_message("u", "user", "I like rain.")
        assert memory.process("u") == 1


async def test_the_event_loop_is_told_and_not_blocked(
    config: dict[str, Any], exhausted: Callable[[], None]
) -> None:
    memory = AsyncMemory(config)
    with pytest.raises(PowerMemError, match=r"thread.*nothing of this call was done"):
        await memory.add("I like tea.", user_id="u")
    exhausted()
    await memory.add("I like tea.", user_id="u")
    assert await memory.count() == 1
    await memory.close()


OPENED: dict[str, Callable[[Callable[[], object]], object]] = {
    "looking at a database": recognize,
    "opening a connection": lambda open_: LentDriver(open_, Server("db", 1, "u", "", "d")).connect(),
}


@pytest.mark.parametrize("name", OPENED)
def test_a_function_that_opens_connections_is_not_called_without_a_thread(
    exhausted: Callable[[], None], name: str
) -> None:
    calls: list[None] = []
    with pytest.raises(StoreUnavailableError, match="no further thread can be started"):
        OPENED[name](lambda: calls.append(None))
    assert not calls
