"""What was said is learned, or waits, or belongs to a task that says why it failed: whatever models do."""

from __future__ import annotations

import os
import random
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem.errors import PowerMemError
from powermem.types import AddResult
from tests.faults.rude import FORGET, Note, RudeModel, note
from tests.support.apiserver import ApiServer
from tests.support.scripted import openai_embedder, openai_llm

_SEEDS = [int(seed) for seed in os.environ.get("POWERMEM_CHAOS_SEED", "").split()] or [
    *range(4),
    # The same one in all workers of a run.
    random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID")).randrange(10**6),
]
_USERS = ("ana", "ben")
_STEPS = 12
_NUMBER = re.compile(r"(\w+) wrote note (\d+)|note (\d+) of (\w+)")


class Room:
    """A memory in the company of a rude model, and what was acknowledged in it.

    Attributes:
        said: the notes of calls that returned.
        tasks: the ids that were handed out, and whose they are.
        memories: the ids of memories that were handed out.
        unwanted: the notes that somebody asked to forget.
    """

    def __init__(self, config: dict[str, Any], chance: random.Random) -> None:
        self.said: set[Note] = set()
        self.tasks: dict[str, str] = {}
        self.memories: set[int] = set()
        self.unwanted: set[Note] = set()
        self._config = config
        self._path = Path(config["vector_store"]["config"]["database_path"])
        self._chance = chance
        self._next = 0
        self.memory = Memory(config, max_retries=0)

    def step(self) -> str:
        """Do one thing that a program does, and return its name."""
        name = self._chance.choice(
            [
                "add",
                "add",
                "talk",
                "buffer",
                "buffer",
                "rough",
                "picture",
                "unsay",
                "crowd",
                "process",
                "flush",
                "retry",
                "search",
                "reopen",
            ]
        )
        user = self._chance.choice(_USERS)
        try:
            getattr(self, f"_{name}")(user)
        except PowerMemError as error:
            name = f"{name}: {type(error).__name__}: {error}"
        return name

    def reopen(self) -> None:
        """Close the memory and open another one on the same file."""
        self.memory.close(timeout=60)
        self.memory = Memory(self._config, max_retries=0)

    def settle(self) -> None:
        """Wait until no task is under way."""
        self.memory.wait_for_processing(timeout=60)

    def check(self) -> None:
        """Check that every note is accounted for and every id resolves."""
        self.settle()
        known, waiting = self._known(), self._waiting()
        states = {task: self.memory.get_status(task, user_id=user) for task, user in self.tasks.items()}
        for status in states.values():
            assert status["status"] in ("completed", "failed", "running", "pending", "cancelled"), status
            assert (status["status"] == "failed") <= bool(status["error"]), status
        for number in self.said - known:
            assert number in waiting, f"{number} is neither learned nor waiting"
            task = waiting[number]
            if task:
                status = self.memory.get_status(str(task))
                assert status["status"] != "completed", (number, status)
        assert self._deleted() <= {user for user, _ in self.unwanted}, "nobody asked to forget anything"
        for memory_id in self.memories:
            assert self.memory.get(memory_id) is not None or self.memory.history(memory_id)

    def check_complete(self) -> None:
        """Check that everything was learned."""
        assert self.said <= self._known()
        assert not self._waiting().keys() & self.said

    def finish(self) -> None:
        """Process all that waits or failed."""
        self.memory.flush()
        for user in _USERS:
            for task in self.memory.list_tasks(user_id=user, status="failed", limit=1000):
                handle = self.memory.retry_task(task["task_id"])
                handle.wait(60)
                handle.raise_for_error()
        self.memory.flush()

    def _known(self) -> set[Note]:
        """Return the notes that a memory tells, or told before it was changed."""
        with closing(sqlite3.connect(self._path)) as connection:
            texts = [row[0] for row in connection.execute("SELECT memory FROM memories_records")]
            for row in connection.execute("SELECT old_memory, new_memory FROM memories_history"):
                texts += [text for text in row if text]
        return {
            (found[1], int(found[2]))
            for text in texts
            for found in _NUMBER.finditer(text)
            if found[1] is not None
        }

    def _deleted(self) -> set[str]:
        """Return the users of whom a memory was deleted."""
        query = "SELECT old_memory FROM memories_history WHERE event = 'DELETE'"
        with closing(sqlite3.connect(self._path)) as connection:
            texts = [row[0] for row in connection.execute(query)]
        return {found[1] for text in texts for found in _NUMBER.finditer(text) if found[1]}

    def _waiting(self) -> dict[Note, int]:
        """Return the notes that wait, each with the task that has taken it on, or 0."""
        query = (
            "SELECT turns.content, buffer.task_id FROM memories_buffer AS buffer"
            " JOIN memories_turns AS turns ON turns.id = buffer.turn_id"
        )
        with closing(sqlite3.connect(self._path)) as connection:
            rows = connection.execute(query).fetchall()
        return {
            (found[4], int(found[3])): task
            for content, task in rows
            for found in _NUMBER.finditer(content)
            if found[3] is not None
        }

    def _new(self, user: str, count: int = 1) -> list[Note]:
        self._next += count
        return [(user, self._next - place) for place in range(count)]

    def _keep(self, notes: list[Note], result: dict[str, Any]) -> None:
        self.said.update(notes)
        self.tasks[result["task_id"]] = notes[0][0]
        self.memories.update(item["id"] for item in result["results"])

    def _add(self, user: str) -> None:
        notes = self._new(user)
        self._keep(notes, self.memory.add(note(*notes[0]), user_id=user))

    def _talk(self, user: str) -> None:
        notes = self._new(user, self._chance.randrange(2, 9))
        messages = []
        for one in notes:
            messages += [{"role": "user", "content": note(*one)}, {"role": "assistant", "content": "Noted."}]
        self._keep(notes, self.memory.add(messages, user_id=user))

    def _rough(self, user: str) -> None:
        notes = self._new(user)
        self._keep(notes, self.memory.add(note(*notes[0]), user_id=user, async_mode=True))

    def _picture(self, user: str) -> None:
        notes = self._new(user)
        text = {"type": "text", "text": note(*notes[0])}
        image = {"type": "image_url", "image_url": {"url": "https://example.com/note.png"}}
        result = self.memory.add({"role": "user", "content": [text, image]}, user_id=user, async_mode=True)
        self._keep(notes, result)

    def _unsay(self, user: str) -> None:
        for known in sorted(one for one in self.said if one[0] == user)[:1]:
            self.unwanted.add(known)
            result = self.memory.add(FORGET + note(*known), user_id=user)
            self.tasks[result["task_id"]] = user

    def _crowd(self, user: str) -> None:
        users = [*_USERS, user]
        # Drawn and numbered here, so that a seed makes a run repeat as far as threads let it.
        notes = [self._new(whose) for whose in users]

        def add(one: list[Note]) -> AddResult:
            return self.memory.add(note(*one[0]), user_id=one[0][0])

        with ThreadPoolExecutor(len(users)) as pool:
            calls = [pool.submit(add, one) for one in notes]
        for one, call in zip(notes, calls, strict=True):
            if isinstance(call.exception(), PowerMemError):
                continue
            self._keep(one, call.result())

    def _buffer(self, user: str) -> None:
        for one in self._new(user, self._chance.randrange(1, 4)):
            self.memory.add_exchange(user, note(*one), "Noted.")
            self.said.add(one)

    def _process(self, user: str) -> None:
        self.memory.process(user)

    def _flush(self, user: str) -> None:
        self.memory.flush()

    def _retry(self, user: str) -> None:
        for task in self.memory.list_tasks(user_id=user, status="failed", limit=1):
            self.tasks[task["task_id"]] = user
            self.memory.retry_task(task["task_id"]).wait(60)

    def _search(self, user: str) -> None:
        for found in self.memory.search("who wrote which note?", user_id=user, limit=5)["results"]:
            self.memories.add(found["id"])

    def _reopen(self, user: str) -> None:
        self.reopen()


@pytest.mark.parametrize("seed", _SEEDS)
def test_whatever_models_do_nothing_is_lost(seed: int, tmp_path: Path, api: ApiServer) -> None:
    print(f"POWERMEM_CHAOS_SEED={seed}")
    model = RudeModel(api, seed)
    llm = openai_llm(api, timeout=60, enable_vision=True)
    if seed % 3 == 0:
        llm["provider"] = "anthropic"
    config = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "llm": llm,
        "embedder": openai_embedder(api, timeout=60),
        "processing": {"poll_interval": 0.05},
    }
    room = Room(config, random.Random(seed))
    try:
        for _ in range(_STEPS):
            print(room.step())
            room.check()
        print(dict(model.moods))
        model.healthy = True
        room.finish()
        room.check()
        room.check_complete()
    finally:
        room.memory.close(timeout=60)
