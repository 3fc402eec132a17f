"""What a memory does when its server falls silent, hangs up or is lost at the worst moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, StoreUnavailableError
from powermem._concurrency import async_gather
from tests.support.databases import place
from tests.support.relays import Fault, Proxy

pytestmark = [pytest.mark.stores("postgres", "oceanbase", "mysql"), pytest.mark.timeout(60)]


CALLS = ("add", "search", "get_all", "count", "delete_all", "process")


@pytest.fixture
def proxy(vector_store: dict[str, Any]) -> Generator[Proxy, None, None]:
    with Proxy(place(vector_store)) as opened:
        yield opened


@pytest.fixture
async def memory(config: dict[str, Any], proxy: Proxy) -> AsyncIterator[AsyncMemory]:
    """A memory whose server is behind the proxy."""
    where = dict(config["vector_store"]["config"])
    where.pop("unix_socket", None)
    where |= {"host": "127.0.0.1", "port": proxy.port, "sslmode": "disable"}
    where |= {"connect_timeout": 2, "statement_timeout": 0.5, "pool_size": len(CALLS)}
    section = {**config["vector_store"], "config": where}
    async with AsyncMemory({**config, "vector_store": section}) as opened:
        yield opened
        proxy.behave()


async def call(memory: AsyncMemory, name: str) -> None:
    if name == "add":
        await memory.add("I keep bees", user_id="u", infer=False)
    elif name == "search":
        await memory.search("bees", user_id="u")
    else:
        await getattr(memory, name)(user_id="u")


async def test_every_call_ends_when_the_server_falls_silent(memory: AsyncMemory, proxy: Proxy) -> None:
    await memory.add("I have a dog", user_id="u", infer=False)
    proxy.behave(Fault("silence"))

    async def check(name: str) -> None:
        with pytest.raises(StoreUnavailableError) as caught:
            await call(memory, name)
        assert f"127.0.0.1:{proxy.port}" in str(caught.value)
        assert "timeout" in str(caught.value)

    await async_gather([partial(check, name) for name in CALLS])
    proxy.behave()
    # No connection that was given up comes back, and all places are free.
    await async_gather([partial(memory.count, user_id="u")] * 4)
    assert await memory.count(user_id="u") == 1
    for name in CALLS:
        await call(memory, name)


async def lose_commits(memory: AsyncMemory, proxy: Proxy, fault: Fault) -> None:
    """Check that each call says what is the case, though the answer to its COMMIT is lost."""
    proxy.behave(fault)
    (item,) = (await memory.add("I keep bees", user_id="u", infer=False))["results"]
    assert proxy.struck.is_set()
    assert item["event"] == "ADD"
    assert [entry["event"] for entry in await memory.history(item["id"])] == ["ADD"]
    assert len(await memory.sources(item["id"])) == 1
    if fault.action == "silence":
        return
    proxy.behave(fault)
    await memory.update(item["id"], "I kept bees")
    assert proxy.struck.is_set()
    assert [entry["event"] for entry in await memory.history(item["id"])] == ["ADD", "UPDATE"]
    proxy.behave(fault)
    assert await memory.delete(item["id"])
    assert proxy.struck.is_set()
    assert [entry["event"] for entry in await memory.history(item["id"])] == ["ADD", "UPDATE", "DELETE"]
    assert await memory.count(user_id="u") == 0


@pytest.mark.parametrize("action", ["rst", "fin", "silence"])
async def test_a_commit_whose_answer_is_lost(memory: AsyncMemory, proxy: Proxy, action: Any) -> None:
    await lose_commits(memory, proxy, Fault(action, at=b"COMMIT", passes=True, times=1))


@pytest.mark.parametrize("action", ["rst", "fin"])
async def test_a_commit_that_never_arrived(memory: AsyncMemory, proxy: Proxy, action: Any) -> None:
    await lose_commits(memory, proxy, Fault(action, at=b"COMMIT", times=1))


async def test_a_commit_that_nobody_can_ask_about(memory: AsyncMemory, proxy: Proxy) -> None:
    proxy.behave(Fault("silence", at=b"COMMIT", passes=True))
    with pytest.raises(StoreUnavailableError, match="may have carried out"):
        await memory.add("I keep bees", user_id="u", infer=False)
    proxy.behave()
    # So it may be said again.
    await memory.add("I keep bees", user_id="u", infer=False)
    assert await memory.count(user_id="u") == 1


async def test_a_connection_lost_within_a_transaction(memory: AsyncMemory, proxy: Proxy) -> None:
    await memory.count(user_id="u")
    proxy.behave(Fault("rst", at=b"memories_turns", times=1))
    await memory.add("I keep bees", user_id="u", infer=False)
    assert proxy.struck.is_set()
    assert await memory.count(user_id="u") == 1


async def test_a_server_that_goes_and_comes_back(memory: AsyncMemory, proxy: Proxy) -> None:
    await memory.add("I keep bees", user_id="u", infer=False)
    proxy.refuse()
    proxy.cut()
    with pytest.raises(StoreUnavailableError):
        await memory.search("bees", user_id="u")
    proxy.reopen()
    assert len((await memory.search("bees", user_id="u"))["results"]) == 1
