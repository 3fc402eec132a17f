# Generated from tests/_async/test_cycles.py by scripts/run_unasync.py; edit that file instead.
"""No call leaves objects that only the garbage collector frees: it visits all others to find them."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import gather
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, eager

_CALLS = 40

Call = Callable[[Memory, str], object]


def _buffer_and_process(memory: Memory, name: str) -> object:
    memory.add_exchange("ana", f"Ana likes {name}", "Noted.")
    return memory.flush()


def _search_at_once(memory: Memory, name: str) -> object:
    return gather([partial(memory.search, name, user_id="ana"), partial(memory.search, name)])


CALLS: dict[str, Call] = {
    "add": lambda memory, name: memory.add(f"I like {name}", user_id="ana", infer=False),
    "infer": lambda memory, name: memory.add(f"Ana likes {name}", user_id="ana"),
    "add_many": lambda memory, name: memory.add_many([f"{name} {n}" for n in range(9)], infer=False),
    "flush": _buffer_and_process,
    "search": lambda memory, name: memory.search(f"Who likes {name}?", user_id="ana"),
    "searches": _search_at_once,
    "get_all": lambda memory, name: memory.get_all(user_id="ana"),
}


@pytest.fixture
def collected() -> Iterator[list[object]]:
    """What the garbage collector finds while it is told to keep it."""
    gc.collect()
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()


@pytest.mark.parametrize("name", CALLS)
def test_no_call_leaves_a_cycle(
    config: dict[str, Any], api: ApiServer, collected: list[object], name: str
) -> None:
    ScriptedModel(api).repeats()
    with Memory(eager(config, api)) as memory:
        # The first calls load modules and open connections.
        for number in range(3):
            CALLS[name](memory, f"first {number}")
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        for number in range(_CALLS):
            CALLS[name](memory, f"tea {number}")
        gc.collect()
        gc.set_debug(0)
        # A connection that is opened anew leaves some of asyncio's own, but not once for each call.
        often = {kind for kind, times in Counter(map(type, collected)).items() if times >= _CALLS}
        assert often == set()
