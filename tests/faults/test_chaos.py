"""Processes that are killed and a model that cannot be relied on: nothing is lost, nothing done twice."""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem._core.messages.rough import ROUGH_TYPE
from tests.faults.database import check_database
from tests.faults.play import USERS, Play
from tests.faults.unreliable import Note, UnreliableModel, learned, note, numbered, spread
from tests.support.apiserver import ApiServer
from tests.support.scripted import openai_llm

_PATIENCE = 120.0

# What the model can be blamed for.
_REASONS = re.compile(
    "no luck today|broken down|too much to do|did not answer|could not be read|is incomplete|not valid JSON"
    "|disconnected"
)


@pytest.mark.stores("sqlite", "postgres")
def test_every_turn_is_processed_once(
    new_vector_store: dict[str, Any], tmp_path: Path, api: ApiServer, store: str
) -> None:
    seed = int(os.environ.get("POWERMEM_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"POWERMEM_CHAOS_SEED={seed}")
    model = UnreliableModel(api, seed, unlucky="unlucky")
    config = {
        "vector_store": new_vector_store,
        "embedder": {"provider": "mock"},
        "llm": openai_llm(api, timeout=0.5),
        "processing": {"lease_seconds": 1.0, "poll_interval": 0.1},
    }
    here = {**config, "processing": {**config["processing"], "resume": False}}
    with Memory(here) as memory, Play(config, tmp_path / "config.json", random.Random(seed)) as play:
        play.run(model)
        wait_until_quiet(memory)
        print(model.moods, play.kills, memory.processing.stats())
        check_honesty(memory, play)
        model.healthy = True
        retry_everything(memory)
        check_completeness(memory, play)
        play.stop()
    if store == "sqlite":
        check_database(Path(new_vector_store["config"]["database_path"]))


def wait_until_quiet(memory: Memory) -> None:
    """Wait until every task has come to an end."""
    deadline = time.monotonic() + _PATIENCE
    while (numbers := memory.processing.stats())["queue_depth"] or numbers["running"]:
        assert time.monotonic() < deadline, (numbers, memory.list_tasks(user_id="ana"))
        time.sleep(0.05)


def check_honesty(memory: Memory, play: Play) -> None:
    """Check that each turn was processed, or still waits, or belongs to a task that says why it failed."""
    done = processed(memory)
    assert set(done.values()) <= {1}
    failed = failed_turns(memory)
    assert all(user != "unlucky" for user, _ in done)
    assert any(user == "unlucky" for user, _ in failed)
    assert not done.keys() & failed
    said = play.exchanges | play.rough.keys()
    assert done.keys() | failed <= said | play.unknown
    # Too few to be worth a task.
    waiting = said - done.keys() - failed
    assert waiting <= play.exchanges
    assert len(waiting) * 2 <= memory.processing.stats()["buffered"] <= len(waiting | play.unknown) * 2
    for user in USERS:
        # A topic that fails does not hold up the others, but here all that waits is one topic.
        for kind in (play.exchanges, play.rough) if spread(user) == 1 else (play.rough,):
            in_order = [number for name, number in done if name == user and (name, number) in kind]
            assert in_order == sorted(in_order)
    for said_so, (task_id, ids) in play.rough.items():
        status = memory.get_status(task_id, user_id=said_so[0])
        assert status["status"] == ("completed" if said_so in done else "failed")
        # Either way the user finds what was said.
        check_resolvable(memory, ids, learned(*said_so) if said_so in done else note(*said_so))


def check_completeness(memory: Memory, play: Play) -> None:
    """Check that everything was processed, once."""
    numbers = memory.processing.stats()
    assert (numbers["buffered"], numbers["queue_depth"], numbers["running"]) == (0, 0, 0)
    assert [waiting_turns(memory, user) for user in USERS] == [set()] * len(USERS)
    done = processed(memory)
    assert set(done.values()) == {1}
    said = play.exchanges | play.rough.keys()
    assert said <= done.keys() <= said | play.unknown
    for said_so, (task_id, ids) in play.rough.items():
        assert memory.get_status(task_id)["status"] == "completed"
        check_resolvable(memory, ids, learned(*said_so))


def check_resolvable(memory: Memory, ids: list[int], text: str) -> None:
    """Check that rough memories can be read, as what has become of them."""
    for memory_id in ids:
        kept = memory.get(memory_id)
        assert kept is not None
        assert text in kept["memory"]


def processed(memory: Memory) -> Counter[Note]:
    """Count what was learned from each note, in the order in which it was learned."""
    found: Counter[Note] = Counter()
    for user in USERS:
        listed = memory.get_all(user_id=user, limit=10_000, sort_by="id", order="asc")["results"]
        for item in listed:
            if item["memory_type"] == ROUGH_TYPE:
                continue
            about = numbered(item["memory"])
            assert about[0] == user
            assert [turn["content"] for turn in memory.sources(item["id"])] == [note(*about)]
            found[about] += 1
    return found


def failed_turns(memory: Memory) -> set[Note]:
    """Return whose processing has failed, and check that each says why."""
    for user in USERS:
        for task in memory.list_tasks(user_id=user, status="failed", limit=1000):
            assert _REASONS.search(task["error"]), task["error"]
    return {waiting for user in USERS for waiting in waiting_turns(memory, user)}


def waiting_turns(memory: Memory, user: str) -> set[Note]:
    """Return a user's notes that belong to a task and are not done with."""
    assert memory._access.components is not None
    store = memory._access.components.store
    found = set()
    for task in memory.list_tasks(user_id=user, limit=1000):
        turns = store.task_turns(int(task["task_id"]))
        # Whoever has ended well has left nothing.
        assert (turns != []) == (task["status"] == "failed"), task
        found |= {numbered(waiting.turn.content) for waiting in turns if waiting.turn.role == "user"}
    return found


def retry_everything(memory: Memory) -> None:
    """Process what waits, and what failed before."""
    memory.flush()
    for user in USERS:
        for task in memory.list_tasks(user_id=user, status="failed", limit=1000):
            handle = memory.retry_task(task["task_id"])
            handle.wait(_PATIENCE)
            handle.raise_for_error()
