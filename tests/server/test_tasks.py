"""Work in the background, and streams that follow it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from powermem.server.progress import Progress
from tests._async.patience import async_until
from tests.support.served import Served


def exchange(served: Served, user: str) -> None:
    body = {"user_id": user, "user_message": "I live in Lisbon", "assistant_message": "Nice"}
    answer = served.client.post("/v1/exchanges", json=body)
    assert answer.status_code == 202
    assert [turn["role"] for turn in answer.json()["results"]] == ["user", "assistant"]


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Yield the events of a stream."""
    name = ""
    for line in lines:
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif kind == "data":
            yield name, json.loads(value)


def test_messages_are_kept_and_processed(served: Served) -> None:
    exchange(served, "ida")
    started = served.client.post("/v1/tasks", json={"user_id": "ida"})
    assert started.status_code == 202
    task = started.json()["task_id"]
    with served.client.stream("GET", f"/v1/tasks/{task}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        seen = list(events(stream.iter_lines()))
    assert seen[-1][0] == "status"
    assert seen[-1][1]["status"] == "completed"
    assert served.client.get(f"/v1/tasks/{task}").json()["results"]
    listed = served.client.get("/v1/tasks", params={"user_id": "ida"}).json()["results"]
    assert [each["task_id"] for each in listed] == [task]
    again = served.client.post(f"/v1/tasks/{task}/retry")
    assert again.json()["error"] == "InvalidInputError"


def test_one_message(served: Served) -> None:
    body = {"user_id": "jon", "role": "user", "content": "I row"}
    (turn,) = served.client.post("/v1/messages", json=body).json()["results"]
    assert turn["content"] == "I row"


def test_a_task_of_another_process_is_followed_cancelled_and_retried(served: Served) -> None:
    memory = served.service.memory
    # As where another process has all the work.
    served.run(lambda: memory.processing.stop(60))
    try:
        exchange(served, "kim")
        task = served.client.post("/v1/tasks", json={"user_id": "kim"}).json()["task_id"]
        with served.client.stream("GET", f"/v1/tasks/{task}/events") as stream:
            told = events(stream.iter_lines())
            assert next(told)[1]["status"] == "running"
            cancelled = served.client.post(f"/v1/tasks/{task}/cancel").json()
            assert (cancelled["cancelled"], cancelled["status"]) == (True, "cancelled")
            assert [status["status"] for _, status in told][-1] == "cancelled"
        assert served.client.post(f"/v1/tasks/{task}/retry").status_code == 202
    finally:
        served.run(memory.processing.start)
    with served.client.stream("GET", f"/v1/tasks/{task}/events") as stream:
        assert list(events(stream.iter_lines()))[-1][1]["status"] == "completed"


def test_streams_leave_nothing_behind_when_their_clients_go(served: Served) -> None:
    memory, progress = served.service.memory, served.service.progress
    served.run(lambda: memory.processing.stop(60))
    try:
        exchange(served, "lea")
        task = served.client.post("/v1/tasks", json={"user_id": "lea"}).json()["task_id"]

        async def follow() -> None:
            async with (
                httpx.AsyncClient(base_url=served.url, timeout=60) as client,
                client.stream("GET", f"/v1/tasks/{task}/events") as stream,
            ):
                await anext(stream.aiter_lines())

        async def follow_all() -> None:
            await asyncio.gather(*(follow() for _ in range(20)))

        asyncio.run(follow_all())
        assert served.run(lambda: nobody_follows(progress)) == 0
    finally:
        served.run(memory.processing.start)


async def nobody_follows(progress: Progress) -> int:
    await async_until(lambda: progress.followers == 0)
    return progress.followers


def test_streams_end_when_the_process_is_told_to_stop() -> None:
    with Served() as served:
        served.run(lambda: served.service.memory.processing.stop(60))
        exchange(served, "mia")
        task = served.client.post("/v1/tasks", json={"user_id": "mia"}).json()["task_id"]
        with served.client.stream("GET", f"/v1/tasks/{task}/events") as stream:
            told = events(stream.iter_lines())
            assert next(told)[1]["status"] == "running"

            async def stop() -> None:
                served.service.closing.set()

            served.run(stop)
            # Without an end, this would wait for ever.
            assert "completed" not in [status["status"] for _, status in told]


@pytest.mark.parametrize("path", ["/v1/tasks/12", "/v1/tasks/12/events", "/v1/tasks/none"])
def test_there_is_no_such_task(served: Served, path: str) -> None:
    answer = served.client.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "NotFoundError")


def test_an_add_in_the_background_answers_with_a_task(served: Served) -> None:
    body = {"messages": "I live in Faro", "user_id": "nia", "async_mode": True}
    answer = served.client.post("/v1/memories", json=body)
    assert answer.status_code == 202
    task = answer.json()["task_id"]
    with served.client.stream("GET", f"/v1/tasks/{task}/events") as stream:
        assert list(events(stream.iter_lines()))[-1][1]["status"] == "completed"
