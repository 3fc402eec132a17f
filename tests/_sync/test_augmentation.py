# Generated from tests/_async/test_augmentation.py by scripts/run_unasync.py; edit that file instead.
"""Learning from conversations in the background: waiting for it, and how much of it at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import Event, Worker, gather, sleep
from powermem.errors import StoreError
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import hold


@pytest.fixture
def model(config: dict, api: ApiServer) -> dict:
    """The configuration of a memory that asks a language model for facts."""
    llm = {"provider": "openai", "config": {"openai_base_url": api.url, "api_key": "k", "model": "m"}}
    api.on_chat = lambda messages, body: json.dumps({"facts": []})
    return {**config, "llm": llm}


@pytest.fixture
def taught(model: dict) -> Iterator[Memory]:
    """A memory that asks a language model for facts."""
    with Memory(model, max_retries=0) as memory:
        yield memory


def until(condition: Any) -> None:
    """Wait for something that is sure to happen."""
    while not condition():
        sleep(0.001)


def test_waiting_for_nothing_is_over_at_once(memory: Memory, config: dict) -> None:
    assert memory.augmentation.wait(0)
    unopened = Memory(config)
    assert unopened.augmentation.wait()
    unopened.close()


def test_another_instance_waits_for_what_was_said_to_this_one(
    taught: Memory, model: dict, api: ApiServer
) -> None:
    api.delays["chat"] = 0.2
    taught.attribution("u")
    taught.observe("I live in Rome", "Nice")
    other = Memory(model, max_retries=0)
    assert other.augmentation.wait(120)
    (task,) = other.list_tasks(user_id="u")
    assert task["status"] == "completed"
    other.close()


def test_nothing_that_was_said_is_left_out(memory: Memory) -> None:
    said = [f"I own {number} boats" for number in (*range(12), 299)]
    for text in said:
        memory.attribution("u").observe(text, f"You said: {text}")
    assert memory.augmentation.wait(120)
    kept = (memory.get_all(user_id="u"))["results"]
    assert {each["memory"] for each in kept} == set(said)


def test_waiting_tells_when_the_time_was_too_short(taught: Memory, api: ApiServer) -> None:
    hold(api)
    taught.attribution("u")
    taught.observe("I live in Rome", "Nice")
    assert not taught.augmentation.wait(0)
    api.release()
    assert taught.augmentation.wait(120)
    assert len(api.of("chat")) == 1


def test_a_failure_is_no_reason_to_wait_for_ever(taught: Memory, api: ApiServer) -> None:
    api.rule = lambda request: failure(401, "no such key")
    taught.attribution("u")
    taught.observe("I live in Rome", "Nice")
    assert taught.augmentation.wait(120)
    (task,) = taught.list_tasks(user_id="u")
    assert task["status"] == "failed"


def test_so_many_users_are_worked_on_at_once(taught: Memory, api: ApiServer) -> None:
    taught.augmentation.max_workers = 2
    assert taught.augmentation.max_workers == 2
    hold(api)
    for number in range(6):
        taught.attribution(f"u{number}").observe("I live in Rome", "Nice")
    until(lambda: api.in_flight == 2)
    api.release()
    assert taught.augmentation.wait(120)
    assert api.most_in_flight == 2

    taught.augmentation.max_workers = 6
    hold(api)
    for number in range(6):
        taught.attribution(f"u{number}").observe("I live in Oslo", "Nice")
    until(lambda: api.in_flight == 6)
    api.release()
    assert taught.augmentation.wait(120)
    assert api.most_in_flight == 6


def test_the_width_can_be_set_before_the_memory_is_open(config: dict) -> None:
    memory = Memory(config)
    memory.augmentation.max_workers = 3
    with memory:
        assert memory._access.components.processor._width == 3


def test_auto_process_waits_for_its_threshold(model: dict) -> None:
    with Memory(model, auto_process=True, batch_threshold=4) as memory:
        memory.attribution("u")
        memory.observe("I live in Rome", "Nice")
        assert memory.list_tasks(user_id="u") == []
        memory.observe("I like tea", "Me too")
        assert len(memory.list_tasks(user_id="u")) == 1
        memory.observe("I own a boat", "Well")
        # Whoever waits wants all of it.
        assert memory.augmentation.wait(120)
        assert len(memory.list_tasks(user_id="u")) == 2


def test_so_many_exchanges_are_written_at_once(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    keeper = memory._access.engine().keeper
    apply = keeper._apply
    free = Event()

    def count(changes: Sequence[Any]) -> None:
        written.append(len(changes))
        assert free.wait(120)
        apply(changes)

    monkeypatch.setattr(keeper, "_apply", count)
    # Nobody waits for what is held here.
    keeper.prompt = False
    memory.augmentation.db_writer_batch_size = 3
    assert memory.augmentation.db_writer_batch_size == 3
    memory.attribution("u")
    say = memory.wrap(lambda messages: f"You said: {messages}")
    memory.llm.recall_budget = 0
    say("I live in Rome")
    until(lambda: written)
    for number in range(6):
        say(f"I own {number} boats")
    free.set()
    assert memory.augmentation.wait(120)
    # Of the first exchange, what was said alone or both.
    assert sum(written) == 14
    assert max(written) == 3
    written.clear()
    keeper.prompt = False
    memory.augmentation.db_writer_batch_size = 1
    free.clear()
    for number in range(3):
        say(f"I own {number} cars")
    free.set()
    assert memory.augmentation.wait(120)
    assert written == [1] * 6


def test_what_cannot_be_written_is_not_the_loss_of_the_rest(
    memory: Memory, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = memory._access.engine().keeper
    apply = keeper._apply
    free = Event()

    def refuse(changes: Sequence[Any]) -> None:
        assert free.wait(120)
        if any("refused" in change.turn.content for change in changes):
            raise StoreError("this is refused")
        apply(changes)

    monkeypatch.setattr(keeper, "_apply", refuse)
    keeper.prompt = False
    memory.llm.recall_budget = 0
    memory.attribution("u")
    say = memory.wrap(lambda messages: "Well")
    for text in ("My sister lives in Rome", "This is refused", "My brother lives in Oslo"):
        say(text)
    free.set()
    assert memory.augmentation.wait(120)
    assert "could not be stored" in caplog.text
    known = {fact.content for fact in memory.recall("lives in")}
    assert known == {"My sister lives in Rome", "My brother lives in Oslo"}


def test_many_can_wait(memory: Memory) -> None:
    memory.attribution("u")
    memory.observe("I live in Rome", "Nice")
    waits = [partial(memory.augmentation.wait, 60) for _ in range(5)]
    assert gather(waits) == [True] * 5


def test_waiting_on_another_worker_sees_what_was_said(memory: Memory) -> None:
    def converse(stopping: Event) -> None:
        memory.attribution("u")
        memory.wrap(lambda messages: "Nice")("I live in Rome")

    worker = Worker("conversation", converse)
    worker.start()
    assert worker.join(120)
    assert worker.error is None
    assert memory.augmentation.wait(120)
    assert [fact.content for fact in memory.attribution("u").recall("Rome")] == ["I live in Rome"]
