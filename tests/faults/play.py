"""Producers that speak round by round, workers that do what comes of it, and somebody who kills both."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.faults.processes import Process
from tests.faults.unreliable import Note, UnreliableModel

_PRODUCERS = [["ana", "ben", "cat"], ["dan", "eve", "unlucky"]]
_WORKERS = 3
_ROUNDS = 8

USERS = [user for users in _PRODUCERS for user in users]


class Play:
    """All these processes; use it in a ``with`` block.

    Args:
        config: of the memory.
        file: where the workers read it.
        chance: decides who is killed when.

    Attributes:
        exchanges: what was acknowledged as kept.
        rough: what was acknowledged as a rough memory, with their ids and the id of the task.
        unknown: what was under way when somebody was killed.
        kills: how often whom, and how often a worker was held.
    """

    def __init__(self, config: dict[str, Any], file: Path, chance: random.Random) -> None:
        file.write_text(json.dumps(config))
        self._config = config
        self._file = file
        self._chance = chance
        self._stack = ExitStack()
        self._starting: set[int] = set()
        self.exchanges: set[Note] = set()
        self.rough: dict[Note, tuple[str, list[int]]] = {}
        self.unknown: set[Note] = set()
        self.kills: Counter[str] = Counter()

    def __enter__(self) -> Play:
        self._workers = [self._worker() for _ in range(_WORKERS)]
        self._producers = [self._producer(users) for users in _PRODUCERS]
        for process in (*self._workers, *self._producers):
            process.hears()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def run(self, model: UnreliableModel) -> None:
        """Play all rounds; after them nobody says any more."""
        for number in range(_ROUNDS):
            doomed = self._chance.randrange(len(_PRODUCERS)) if self._chance.random() < 0.3 else None
            for producer in self._producers:
                producer.send(f"{number}")
            for place, producer in enumerate(self._producers):
                if place == doomed:
                    self._kill_producer(place, number)
                else:
                    while (told := producer.hears()) != "said":
                        self._note(told)
            # In the middle of the work that comes of it.
            model.wait(self._chance.randrange(1, 6), timeout=0.5)
            if self._chance.random() < 0.2:
                self._hold_worker(self._chance.randrange(_WORKERS), model)
            for place in self._chance.sample(range(_WORKERS), self._chance.choice([0, 0, 1, 1, 2])):
                self._kill_worker(place)
        for producer in self._producers:
            producer.finish(quiet=False)

    def stop(self) -> None:
        """Have the workers come to their ends by themselves."""
        for place, worker in enumerate(self._workers):
            if place in self._starting:
                # Before it is there, it cannot end as it should.
                worker.hears()
            worker.stop()

    def _kill_producer(self, place: int, number: int) -> None:
        producer = self._producers[place]
        told = [producer.hears() for _ in range(self._chance.randrange(len(_PRODUCERS[place])))]
        producer.kill()
        for one in (*told, *producer.rest()):
            self._note(one)
        self.unknown.update((user, number) for user in _PRODUCERS[place])
        self.unknown -= self.exchanges | self.rough.keys()
        self._producers[place] = self._producer(_PRODUCERS[place])
        assert self._producers[place].hears() == "ready"
        self.kills["producer"] += 1

    def _kill_worker(self, place: int) -> None:
        self._workers[place].kill()
        self._workers[place] = self._worker()
        self._starting.add(place)
        self.kills["worker"] += 1

    def _hold_worker(self, place: int, model: UnreliableModel) -> None:
        # For longer than its leases: others take over what it has in hand, and it knows nothing of that.
        self._workers[place].pause()
        model.wait(1_000_000, timeout=1.5 * float(self._config["processing"]["lease_seconds"]))
        self._workers[place].resume()
        self.kills["held"] += 1

    def _note(self, told: Any) -> None:
        match told:
            case ["exchange", user, number]:
                self.exchanges.add((user, number))
            case ["rough", user, number, task_id, ids]:
                self.rough[user, number] = (task_id, ids)

    def _worker(self) -> Process:
        return self._stack.enter_context(Process("work", path=str(self._file)))

    def _producer(self, users: list[str]) -> Process:
        return self._stack.enter_context(Process("converse", config=self._config, users=users))
