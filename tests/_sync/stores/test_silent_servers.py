# Generated from tests/_async/stores/test_silent_servers.py by scripts/run_unasync.py; edit that file instead.
"""What a memory does when its server falls silent, hangs up or is lost at the worst moment."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import Memory, StoreUnavailableError
from powermem._concurrency import gather
from tests.support.databases import place
from tests.support.relays import Fault, Proxy

pytestmark = [pytest.mark.stores("postgres", "oceanbase", "mysql"), pytest.mark.timeout(60)]


CALLS = ("add", "search", "get_all", "count", "delete_all", "process")


@pytest.fixture
def proxy(vector_store: dict[str, Any]) -> Generator[Proxy, None, None]:
    with Proxy(place(vector_store)) as opened:
        yield opened


@pytest.fixture
def memory(config: dict[str, Any], proxy: Proxy) -> Iterator[Memory]:
    """A memory whose server is behind the proxy."""
    where = dict(config["vector_store"]["config"])
    where.pop("unix_socket", None)
    where |= {"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"}
    where |= {"connect_timeout": 2, "statement_timeout": 0.5, "pool_size": len(CALLS)}
    section = {**config["vector_store"], "config": where}
    with Memory({**config, "vector_store": section}) as opened:
        yield opened
        proxy.behave()


def call(memory: Memory, name: str) -> None:
    if name == "add":
        memory.add("I keep bees", user_id="u", infer=False)
    elif name == "search":
        memory.search("bees", user_id="u")
    else:
        getattr(memory, name)(user_id="u")


def test_every_call_ends_when_the_server_falls_silent(memory: Memory, proxy: Proxy) -> None:
    memory.add("I have a dog", user_id="u", infer=False)
    proxy.behave(Fault("silence"))

    def check(name: str) -> None:
        with pytest.raises(StoreUnavailableError) as caught:
            call(memory, name)
        assert f"127.0.0.1:{proxy.port}" in str(caught.value)
        assert "timeout" in str(caught.value)

    gather([partial(check, name) for name in CALLS])
    proxy.behave()
    # No connection that was given up comes back, and all places are free.
    gather([partial(memory.count, user_id="u")] * 4)
    assert memory.count(user_id="u") == 1
    for name in CALLS:
        call(memory, name)


def lose_commits(memory: Memory, proxy: Proxy, fault: Fault) -> None:
    """Check that each call says what is the case, though the answer to its COMMIT is lost."""
    proxy.behave(fault)
    (item,) = (memory.add("I keep bees", user_id="u", infer=False))["results"]
    assert proxy.struck.is_set()
    assert item["event"] == "ADD"
    assert [entry["event"] for entry in memory.history(item["id"])] == ["ADD"]
    assert len(memory.sources(item["id"])) == 1
    if fault.action == "silence":
        return
    proxy.behave(fault)
    memory.update(item["id"], "I kept bees")
    assert proxy.struck.is_set()
    assert [entry["event"] for entry in memory.history(item["id"])] == ["ADD", "UPDATE"]
    proxy.behave(fault)
    assert memory.delete(item["id"])
    assert proxy.struck.is_set()
    assert [entry["event"] for entry in memory.history(item["id"])] == ["ADD", "UPDATE", "DELETE"]
    assert memory.count(user_id="u") == 0


@pytest.mark.parametrize("action", ["rst", "fin", "silence"])
def test_a_commit_whose_answer_is_lost(memory: Memory, proxy: Proxy, action: Any) -> None:
    lose_commits(memory, proxy, Fault(action, at=b"COMMIT", passes=True, times=1))


@pytest.mark.parametrize("action", ["rst", "fin"])
def test_a_commit_that_never_arrived(memory: Memory, proxy: Proxy, action: Any) -> None:
    lose_commits(memory, proxy, Fault(action, at=b"COMMIT", times=1))


def test_a_commit_that_nobody_can_ask_about(memory: Memory, proxy: Proxy) -> None:
    proxy.behave(Fault("silence", at=b"COMMIT", passes=True))
    with pytest.raises(StoreUnavailableError, match="may have carried out"):
        memory.add("I keep bees", user_id="u", infer=False)
    proxy.behave()
    # So it may be said again.
    memory.add("I keep bees", user_id="u", infer=False)
    assert memory.count(user_id="u") == 1


def test_a_connection_lost_within_a_transaction(memory: Memory, proxy: Proxy) -> None:
    memory.count(user_id="u")
    proxy.behave(Fault("rst", at=b"memories_turns", times=1))
    memory.add("I keep bees", user_id="u", infer=False)
    assert proxy.struck.is_set()
    assert memory.count(user_id="u") == 1


def test_a_server_that_goes_and_comes_back(memory: Memory, proxy: Proxy) -> None:
    memory.add("I keep bees", user_id="u", infer=False)
    proxy.refuse()
    proxy.cut()
    with pytest.raises(StoreUnavailableError):
        memory.search("bees", user_id="u")
    proxy.reopen()
    assert len((memory.search("bees", user_id="u"))["results"]) == 1
