"""An interrupt at any point of a call harms no other call and no later one.

The points are those at which the interpreter looks for signals: where a function begins, where a loop goes
back, and after a call of a function written in C. `sys.monitoring` says when one is reached, so nothing here
depends on timing.
"""

from __future__ import annotations

import _thread
import dis
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import Semaphore
from powermem._concurrency.threads import ThreadPool, _serve
from powermem._core.wire.endpoint import build_endpoint
from powermem._sync.providers.http import HTTPClient, Limiter
from tests.support.apiserver import ApiServer

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="needs sys.monitoring")

PATIENCE = 60.0
PACKAGE = str(Path(sys.modules["powermem"].__file__ or "").parent)


def points(code: CodeType, known: dict[CodeType, frozenset[int]]) -> frozenset[int]:
    """Return the offsets at which a signal's handler can run."""
    if code not in known:
        found, before = set(), ""
        for instruction in dis.get_instructions(code):
            called = before.startswith("CALL") and "INTRINSIC" not in before
            if called or instruction.opname.startswith(("RESUME", "JUMP_BACKWARD")):
                found.add(instruction.offset)
            before = instruction.opname
        known[code] = frozenset(found)
    return known[code]


class Interrupts:
    """Raises ``KeyboardInterrupt`` at a chosen point of a call, in the thread that made it."""

    def __init__(self) -> None:
        self._known: dict[CodeType, frozenset[int]] = {}
        self._thread = 0
        self._left = 0

    def strike(self, call: Callable[[], object], at: int) -> bool:
        """Make a call and interrupt it at its n-th point; return whether it has so many."""
        tool, events = sys.monitoring.DEBUGGER_ID, sys.monitoring.events
        self._thread, self._left = threading.get_ident(), at
        sys.monitoring.use_tool_id(tool, "interrupts")
        sys.monitoring.register_callback(tool, events.INSTRUCTION, self._reached)
        sys.monitoring.set_events(tool, events.INSTRUCTION)
        # What other tests left is not collected within the call, where an interrupt of its end would be lost.
        gc.disable()
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            gc.enable()
            sys.monitoring.set_events(tool, 0)
            sys.monitoring.register_callback(tool, events.INSTRUCTION, None)
            sys.monitoring.free_tool_id(tool)
            sys.monitoring.restart_events()
        return False

    def _reached(self, code: CodeType, offset: int) -> object:
        if not code.co_filename.startswith(PACKAGE) or offset not in points(code, self._known):
            return sys.monitoring.DISABLE
        if threading.get_ident() == self._thread:
            self._left -= 1
            if not self._left:
                raise KeyboardInterrupt
        return None


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    config: dict[str, Any] = {
        "vector_store": {"config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }
    with Memory(config) as opened:
        opened.add([f"Note {number} about tea" for number in range(20)], user_id="u", infer=False)
        yield opened


OPERATIONS: dict[str, Callable[[Memory, int], object]] = {
    "add": lambda memory, number: memory.add(f"Late note {number} about tea", user_id="u", infer=False),
    "add a fact": lambda memory, number: memory.add(f"I like tea number {number}.", user_id="u"),
    "search": lambda memory, number: memory.search("tea", user_id="u", limit=3),
    "search all": lambda memory, number: memory.search("tea", limit=3),
    "get_all": lambda memory, number: memory.get_all(user_id="u"),
    "delete": lambda memory, number: memory.delete_all(user_id=f"nobody {number}"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_interrupt_anywhere_leaves_everything_whole(memory: Memory, name: str) -> None:
    interrupts = Interrupts()
    struck = 0
    # Whatever a lock left behind would stop, stops here with an error, and not the run of the tests.
    with ThreadPoolExecutor(1) as others:
        for at in range(1, 10_000, 17):
            if not interrupts.strike(partial(OPERATIONS[name], memory, at), at):
                break
            struck += 1
            # The partition is brought up to date by what comes next.
            text = f"Note beside {at} about tea"
            others.submit(memory.add, text, user_id="u", infer=False).result(PATIENCE)
            hits = others.submit(memory.search, "tea", user_id="u", limit=10_000).result(PATIENCE)["results"]
            kept = others.submit(memory.get_all, user_id="u", limit=10_000).result(PATIENCE)["results"]
            texts = [item["memory"] for item in hits]
            assert sorted(texts) == sorted({item["memory"] for item in kept})
            assert text in texts
    assert struck > 2


@pytest.mark.parametrize("timeout", [None, PATIENCE])
def test_an_interrupt_anywhere_loses_no_place_of_a_semaphore(timeout: float | None) -> None:
    semaphore, interrupts = Semaphore(2), Interrupts()

    def visit() -> None:
        with semaphore.place(timeout) as held:
            assert held

    struck = 0
    while interrupts.strike(visit, struck + 1):
        struck += 1
        # Both places are there, and no third one.
        with semaphore.place(0) as first, semaphore.place(0) as second, semaphore.place(0) as third:
            assert (first, second, third) == (True, True, False)
    assert struck > 2


# A socket that no variable knew yet is closed when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_anywhere_in_a_request_harms_no_later_one(api: ApiServer) -> None:
    endpoint, interrupts = build_endpoint("p", f"{api.url}/embeddings"), Interrupts()
    # One call at a time, on one connection: what is lost once is missing for good.
    client, limiter = HTTPClient(max_retries=0, max_connections=1), Limiter(1)
    ask = partial(client.post, endpoint, {"model": "m", "input": ["tea"]}, limiter=limiter)
    expected, struck = ask(), 0
    with ThreadPoolExecutor(1) as others:
        for at in range(1, 10_000, 5):
            if not interrupts.strike(ask, at):
                break
            struck += 1
            assert others.submit(ask).result(PATIENCE) == expected
    client.close()
    assert struck > 2


def test_a_thread_too_many_keeps_no_pool_from_closing() -> None:
    pool, called = ThreadPool(1), threading.Event()
    # What an interrupt leaves that strikes when a thread was started and is not counted yet.
    _thread.start_new_thread(_serve, (pool._calls, pool._threads))
    assert pool.submit(called.set)
    assert called.wait(PATIENCE)
    pool.close()
    assert pool._threads.ended.wait(PATIENCE)
    assert not pool._threads.alive
