"""Programs that were written for MemOS's cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from powermem._core import clock
from powermem.server import repeats
from tests.support.served import Served

BASE = "/api/openmem/v1"
TRIP = [
    {"role": "user", "content": "I've booked a trip to Guangzhou for the summer vacation."},
    {"role": "assistant", "content": "You can choose 7 Days Inn, All Seasons or Hilton."},
    {"role": "user", "content": "I'll choose 7 Days Inn."},
]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as server:
        server.admin = {"Authorization": server.key("write")["Authorization"].replace("Bearer", "Token")}
        yield server


def ask(served: Served, route: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    answer = served.client.post(f"{BASE}{route}", json=body, headers=headers or served.admin)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["code"], found["message"]) == (0, "ok")
    return found["data"]


def test_messages_are_stored_in_the_background_and_their_task_is_followed(served: Served) -> None:
    data = ask(served, "/add/message", {"user_id": "ana", "conversation_id": "0610", "messages": TRIP})
    assert data["success"] is True
    assert data["status"] == "running"
    # As their documentation does it, with a base URL and a key of its own.
    environment = {
        **os.environ,
        "MEMOS_API_KEY": served.admin["Authorization"].removeprefix("Token "),
        "MEMOS_BASE_URL": f"{served.url}{BASE}".replace("//api", "/api"),
    }
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Token {environment['MEMOS_API_KEY']}",
    }
    url = f"{environment['MEMOS_BASE_URL']}/get/status"
    with served.client.stream(
        "GET", f"/v1/tasks/{data['task_id']}/events", headers=served.admin
    ) as following:
        following.read()
    result = served.client.post(url, headers=headers, content=json.dumps({"task_id": data["task_id"]})).json()
    assert result["data"]["status"] == "completed"
    found = ask(served, "/search/memory", {"user_id": "ana", "query": "Where do I travel?"})
    (trip,) = (one for one in found["memory_detail_list"] if "Guangzhou" in one["memory_value"])
    assert trip["conversation_id"] == "0610"
    assert 0 < trip["relativity"] < 1
    assert isinstance(trip["id"], str)


def test_a_message_that_is_sent_again_is_stored_once(served: Served) -> None:
    body = {
        "user_id": ["ben"],
        "messages": [{"role": "user", "content": "I play the cello."}],
        "async_mode": False,
        "tags": ["music"],
        "info": {"place": "home"},
    }
    first, second = (ask(served, "/add/message", body) for _ in range(2))
    assert first["status"] == "completed"
    assert first["task_id"] == second["task_id"]
    page = ask(served, "/get/memory", {"user_id": "ben", "page": 1, "size": 1})
    assert (page["total"], page["size"], page["current"], page["pages"]) == (1, 1, 1, 1)
    (one,) = page["memory_detail_list"]
    assert one["tags"][0] == "music"
    assert ask(served, f"/get/memory/{one['id']}", {})["memory_value"] == one["memory_value"]
    filtered = {"and": [{"place": "home"}]}
    assert ask(served, "/get/memory", {"user_id": "ben", "filter": filtered})["total"] == 1


@pytest.mark.parametrize("async_mode", [False, True])
def test_what_is_said_again_after_it_was_deleted_is_stored_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, async_mode: bool
) -> None:
    user_id = f"cem {async_mode}"
    said = [{"role": "user", "content": "I sail."}]
    body = {"user_id": user_id, "messages": said, "async_mode": async_mode}
    ask(served, "/add/message", body)
    ask(served, "/delete/memory", {"user_id": user_id})
    if async_mode:
        # What is stored of it changes in the background, so only the time tells.
        later = clock.now() + 11 * 60 * 1_000_000
        monkeypatch.setattr(repeats, "clock", SimpleNamespace(now=lambda: later))
    ask(served, "/add/message", body)
    assert ask(served, "/get/memory", {"user_id": user_id})["total"] >= 1


def test_memories_are_corrected_and_deleted(served: Served) -> None:
    body = {"messages": [{"role": "user", "content": "I live in Porto."}], "async_mode": False}
    ask(served, "/add/message", {"agent_id": "guide", **body})
    (one,) = ask(served, "/get/memory", {"agent_id": "guide"})["memory_detail_list"]
    ask(served, "/update/memory", {"memory_id": one["id"], "content": "I live in Faro."})
    (changed,) = ask(served, "/get/memory", {"agent_id": "guide"})["memory_detail_list"]
    assert changed["memory_value"] == "I live in Faro."
    assert ask(served, "/delete/memory", {"memory_ids": [one["id"]]}) == {"success": True}
    assert ask(served, "/get/memory", {"agent_id": "guide"})["total"] == 0


@pytest.mark.parametrize(
    ("route", "body", "status", "told"),
    [
        ("/add/message", {"user_id": "ana"}, 400, "messages"),
        ("/add/message", {"messages": TRIP}, 400, "user_id or agent_id"),
        ("/get/status", {"task_id": "nobody"}, 404, "task"),
        ("/get/memory/12", {}, 404, "memory"),
        ("/delete/memory", {"user_id": "u", "memory_ids": ["1"]}, 400, "exactly one"),
        ("/nothing", {}, 404, "route"),
    ],
)
def test_errors_have_their_envelope(
    served: Served, route: str, body: dict[str, Any], status: int, told: str
) -> None:
    answer = served.client.post(f"{BASE}{route}", json=body, headers=served.admin)
    assert answer.status_code == status
    error = answer.json()
    assert error["code"] == status
    assert error["data"] is None
    assert told in error["message"]


def test_without_a_key_nothing_is_answered(served: Served) -> None:
    answer = served.client.post(f"{BASE}/get/memory", json={"user_id": "ana"})
    assert (answer.status_code, answer.json()["code"]) == (401, 401)
