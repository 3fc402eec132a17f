"""The task ids of calls of ``add`` that are over when they return."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError, NotFoundError
from powermem._concurrency import async_sleep
from powermem._core import clock
from powermem._core.values import Scope
from tests.support.apiserver import ApiServer
from tests.support.databases import execute

CALLS: list[dict[str, Any]] = [
    {"messages": "I like tea", "infer": False},
    {"messages": [{"role": "user", "content": "I like tea"}, {"role": "assistant", "content": "Noted."}]},
    {"messages": "I live in Rome and I like tea."},
    {"messages": "Hello!"},
    {"messages": []},
    {"messages": [], "infer": False},
    {"messages": "I like tea", "infer": False, "idempotency_key": "k"},
    {"messages": "I live in Rome.", "idempotency_key": "k"},
]


@pytest.mark.stores
@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
async def test_the_id_of_an_add_resolves(config: dict[str, Any], call: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        result = await memory.add(**call, user_id="ana", agent_id="bot")
        told = await memory.get_status(result["task_id"], user_id="ana")
        assert (told["task_id"], told["status"], told["stage"]) == (result["task_id"], "completed", "done")
        assert told["results"] == result["results"]
        assert told["error"] is None
        if "idempotency_key" in call:
            again = await memory.add(**call, user_id="ana", agent_id="bot")
            assert again["task_id"] == result["task_id"]
        # It is no work to be done, and none that is listed.
        assert await memory.list_tasks() == []
        for other in ({"user_id": "bo"}, {"agent_id": "other"}):
            with pytest.raises(NotFoundError):
                await memory.get_status(result["task_id"], **other)
        assert not await memory.cancel_task(result["task_id"])
        with pytest.raises(InvalidInputError, match="completed"):
            await memory.retry_task(result["task_id"])
    async with AsyncMemory(config) as memory:
        assert await memory.get_status(int(result["task_id"])) == told


async def test_what_is_deleted_is_gone_from_the_results_too(memory: AsyncMemory) -> None:
    result = await memory.add("I like tea", user_id="ana", infer=False)
    await memory.delete(result["results"][0]["id"])
    told = await memory.get_status(result["task_id"])
    assert told["results"] == [{"id": result["results"][0]["id"], "memory": None, "event": "ADD"}]


@pytest.mark.stores
@pytest.mark.parametrize(
    ("whose", "left"),
    [
        ({"user_id": "ana"}, {"bo", "bo and bot"}),
        ({"user_id": "ana", "agent_id": "bot"}, {"ana", "bo", "bo and bot"}),
        ({"agent_id": "bot"}, {"ana", "bo"}),
    ],
)
async def test_what_is_kept_of_calls_is_deleted_with_a_scope(
    config: dict[str, Any], whose: dict[str, Any], left: set[str]
) -> None:
    scopes = {
        "ana": Scope("ana"),
        "ana and bot": Scope("ana", "bot"),
        "bo": Scope("bo"),
        "bo and bot": Scope("bo", "bot"),
    }
    async with AsyncMemory(config) as memory:
        tasks = {
            name: (
                await memory.add(
                    "I like tea",
                    user_id=scope.user_id,
                    agent_id=scope.agent_id,
                    infer=False,
                    idempotency_key="k",
                )
            )["task_id"]
            for name, scope in scopes.items()
        }
        await memory.delete_all(**whose)
        store = (await memory._access.open()).store
        for name, task_id in tasks.items():
            kept = [
                await store.recall_request(scopes[name], "k"),
                await store.completion(int(task_id)),
            ]
            assert [each is not None for each in kept] == [name in left] * 2, name
            if name in left:
                assert (await memory.get_status(task_id))["status"] == "completed"
            else:
                with pytest.raises(NotFoundError):
                    await memory.get_status(task_id)


@pytest.mark.stores
async def test_notes_of_calls_are_forgotten_in_time(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        result = await memory.add(["I like tea", "I like cake"], user_id="ana", infer=False)
        store = (await memory._access.open()).store
        assert await store.forget_tasks(clock.now() - 60_000_000) == 0
        assert (await memory.get_status(result["task_id"]))["status"] == "completed"
        assert await store.forget_tasks(clock.now() + 60_000_000) == 0
        with pytest.raises(NotFoundError):
            await memory.get_status(result["task_id"])
        assert (await memory.get_all(user_id="ana"))["results"]


async def test_a_process_that_only_adds_forgets_notes_as_well(config: dict[str, Any]) -> None:
    async with AsyncMemory({**config, "processing": {"keep_days": 0}}) as memory:
        old = await memory.add("I like tea", user_id="ana")
        assert (await memory.get_status(old["task_id"]))["status"] == "completed"
        (await memory._access.open()).adding._calls = 999
        # Ids tell milliseconds.
        await async_sleep(0.005)
        await memory.add("I like coffee", user_id="ana", infer=False)
        with pytest.raises(NotFoundError):
            await memory.get_status(old["task_id"])


async def test_updates_are_told_as_such(config: dict[str, Any], api: ApiServer) -> None:
    llm = {"provider": "openai", "config": {"openai_base_url": api.url, "api_key": "k", "model": "m"}}
    async with AsyncMemory({**config, "llm": llm}) as memory:
        await memory.add("I live in Rome", user_id="ana", infer=False)
        answers = [
            {"facts": ["I live in Rome, near the river"]},
            {
                "decisions": [
                    {"fact": 1, "action": "UPDATE", "id": "M1", "text": "I live in Rome, near the river"}
                ]
            },
        ]
        api.on_chat = lambda messages, body: json.dumps(answers.pop(0))
        result = await memory.add("I live in Rome, near the river", user_id="ana")
        told = await memory.get_status(result["task_id"])
        assert [(item["id"], item["event"], item["memory"]) for item in told["results"]] == [
            (item["id"], item["event"], item["memory"]) for item in result["results"]
        ]


@pytest.mark.stores
async def test_a_message_that_was_added_word_for_word_leaves_no_note(
    new_vector_store: dict[str, Any],
) -> None:
    config = {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
    async with AsyncMemory(config) as memory:
        lone = await memory.add("I like tea", user_id="ana", run_id="r", infer=False)
        assert execute(new_vector_store, "SELECT count(*) FROM memories_requests") == [(0,)]
        again = await memory.add("I like tea", user_id="ana", run_id="r", infer=False)
        several = await memory.add(["I like cake", "I like milk"], user_id="ana", infer=False)
        await memory.add_many(["I like figs", "I like jam"], user_id="ana", infer=False)
        assert execute(new_vector_store, "SELECT count(*) FROM memories_requests") == [(2,)]
        for result in (lone, again, several):
            told = await memory.get_status(result["task_id"], user_id="ana")
            assert told["results"] == result["results"]
        assert again["results"][0]["event"] == "NONE"
        store = (await memory._access.open()).store
        await store.forget_tasks(clock.now() + 60_000_000)
        # As long as the message is there; a note tells what nothing else does, and is gone.
        assert (await memory.get_status(lone["task_id"]))["results"] == lone["results"]
        ids = [record["id"] for record in (await memory.get_all(user_id="ana"))["results"]]
        turns = [turn["id"] for memory_id in ids for turn in await memory.sources(memory_id)]
        # No other id is taken for that of a call.
        for other in (again["task_id"], several["task_id"], *ids, *turns):
            with pytest.raises(NotFoundError):
                await memory.get_status(other)
        await memory.delete(lone["results"][0]["id"])
        told = await memory.get_status(lone["task_id"], run_id="r")
        assert told["results"] == [{"id": lone["results"][0]["id"], "memory": None, "event": "ADD"}]
        with pytest.raises(NotFoundError):
            await memory.get_status(lone["task_id"], run_id="other")
        await memory.delete_all(user_id="ana")
        with pytest.raises(NotFoundError):
            await memory.get_status(lone["task_id"])
