"""The requests of MemOS's own client: ``MemOSClient`` of MemoryOS 2.0.33, as it sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from powermem.server.memos.left_out import LEFT_OUT
from tests.support.served import Served

BASE = "/api/openmem/v1"
SAID = [
    {"role": "user", "content": "I've booked a trip to Guangzhou for the summer vacation."},
    {"role": "assistant", "content": "You can consider 7 Days Inn, All Seasons, Hilton."},
    {"role": "user", "content": "I'll choose 7 Days Inn"},
]
# What the client sends for each argument that is left out.
ADD = {
    "messages": SAID,
    "user_id": None,
    "conversation_id": None,
    "info": None,
    "source": None,
    "app_id": None,
    "agent_id": None,
    "allow_public": False,
    "allow_knowledgebase_ids": None,
    "allow_memory_view": None,
    "tags": None,
    "async_mode": True,
}
SEARCH = {
    "query": "Where does the dog sleep?",
    "user_id": None,
    "conversation_id": None,
    "agent_id": None,
    "memory_limit_number": 6,
    "include_preference": True,
    "knowledgebase_ids": None,
    "filter": None,
    "preference_limit_number": 6,
    "tool_memory_limit_number": 6,
    "relativity": None,
    "include_skill": False,
    "skill_limit_number": 6,
    "include_memory_view": None,
    "context_format": "memory",
    "source": None,
    "include_tool_memory": False,
}
GET = {
    "include_preference": True,
    "user_id": None,
    "agent_id": None,
    "include_tool_memory": True,
    "include_memory_view": None,
    "filter": None,
    "page": 1,
    "size": 10,
}
MESSAGES = {
    "user_id": None,
    "conversation_id": None,
    "conversation_limit_number": None,
    "message_limit_number": None,
    "source": None,
}
FEEDBACK = {
    "feedback_content": "My dog is called Max, not Rex.",
    "user_id": None,
    "conversation_id": None,
    "agent_id": None,
    "app_id": None,
    "feedback_time": None,
    "allow_public": False,
    "allow_knowledgebase_ids": None,
}
UPDATE = {"memory_id": None, "content": None, "title": None, "status": None}

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as server:
        yield server


@pytest.fixture(scope="module")
def sent(served: Served) -> Ask:
    key = served.key("write")["Authorization"].removeprefix("Bearer ")
    headers = {
        "User-Agent": "python-requests/2.34.2",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
        "Connection": "keep-alive",
        "Content-Type": "application/json",
        "Authorization": f"Token {key}",
    }

    def send(route: str, body: Any, **changed: Any) -> Any:
        content = json.dumps({**body, **changed})
        return served.client.post(f"{BASE}/{route}", content=content, headers=headers)

    return send


@pytest.fixture(scope="module")
def ask(sent: Ask) -> Ask:
    def ask(route: str, body: Any, **changed: Any) -> Any:
        answer = sent(route, body, **changed)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["code"], found["message"]) == (0, "ok")
        return found["data"]

    return ask


def test_messages_of_a_conversation_are_read_back_at_once(ask: Ask) -> None:
    added = ask("add/message", ADD, user_id="ana", conversation_id="0610")
    assert added.keys() == {"success", "task_id", "status"}
    assert ask("get/status", {"task_id": added["task_id"]})["task_id"] == added["task_id"]
    ask("add/message", ADD, user_id="ana", conversation_id="0611", messages=SAID[:1])
    whose = {"user_id": "ana", "conversation_id": "0610"}
    found = ask("get/message", MESSAGES, **whose)["message_detail_list"]
    assert [{"role": each["role"], "content": each["content"]} for each in found] == SAID
    assert all(len(each["create_time"]) == len("2026-05-01 12:00:00") for each in found)
    latest = ask("get/message", MESSAGES, **whose, message_limit_number=2)["message_detail_list"]
    assert latest == found[1:]
    assert ask("get/message", MESSAGES, user_id="ben", conversation_id="0610")["message_detail_list"] == []


def test_every_argument_of_theirs_is_taken(ask: Ask) -> None:
    ask(
        "add/message",
        ADD,
        messages=[{"role": "user", "content": "My dog is called Rex.", "chat_time": "2025-09-12 08:00:00"}],
        user_id=["eve"],
        conversation_id="1",
        info={"scene": "home", "biz_id": "b1"},
        source="web",
        app_id="pets",
        agent_id="vet",
        allow_public=True,
        allow_knowledgebase_ids=["k"],
        allow_memory_view=["v"],
        tags=["animals"],
        async_mode=False,
    )
    chosen = {"knowledgebase_ids": ["k"], "include_memory_view": ["v"], "include_skill": True}
    (found,) = ask("search/memory", SEARCH, user_id="eve", **chosen)["memory_detail_list"]
    assert (found["memory_value"], found["conversation_id"]) == ("My dog is called Rex.", "1")
    filters: list[tuple[dict[str, Any], int]] = [
        ({"and": [{"tags": {"contains": "animals"}}, {"app_id": "pets"}, {"agent_id": "vet"}]}, 1),
        ({"scene": "home"}, 1),
        ({"info.scene": "home"}, 1),
        ({"info.scene": "away"}, 0),
        ({"and": [{"create_time": {"gte": "2026-01-01"}}, {"update_time": {"lt": "2026-01-01"}}]}, 0),
        ({"or": [{"create_time": {"gte": "2025-09-01 10:00:00"}}, {"scene": "away"}]}, 1),
        ({"user": {"and": [{"scene": "home"}]}, "knowledgebase": {"and": [{"scene": "away"}]}}, 1),
    ]
    for one, total in filters:
        assert ask("get/memory", GET, user_id="eve", filter=one)["total"] == total, one
    assert ask("search/memory", SEARCH, user_id="eve", memory_limit_number=0)["memory_detail_list"] == []


def test_a_limit_of_zero_preferences_is_none(ask: Ask) -> None:
    said = [{"role": "user", "content": "I prefer window seats."}]
    ask("add/message", ADD, user_id="pia", messages=said, async_mode=False)
    for limit, number in ((6, 1), (0, 0)):
        found = ask("search/memory", SEARCH, user_id="pia", preference_limit_number=limit)
        assert len(found["preference_detail_list"]) == number


def test_a_memory_gets_another_text_title_or_status(ask: Ask, sent: Ask) -> None:
    said = [{"role": "user", "content": "I live in Porto."}]
    ask("add/message", ADD, user_id="tom", messages=said, async_mode=False)
    (one,) = ask("get/memory", GET, user_id="tom")["memory_detail_list"]
    for change, shown in (
        ({"content": "I live in Faro."}, {"memory_value": "I live in Faro."}),
        ({"title": "Home"}, {"memory_key": "Home", "memory_value": "I live in Faro."}),
        ({"status": "archived"}, {"status": "archived"}),
        ({"status": "activated"}, {"status": "activated", "memory_key": "Home"}),
    ):
        assert ask("update/memory", UPDATE, memory_id=one["id"], **change) == {"success": True}
        found = ask(f"get/memory/{one['id']}", {})
        assert {name: found[name] for name in shown} == shown
    assert sent("update/memory", UPDATE, memory_id=one["id"]).status_code == 400
    ask("update/memory", UPDATE, memory_id=one["id"], status="deleted")
    assert sent(f"get/memory/{one['id']}", {}).status_code == 404


def test_feedback_is_remembered_as_what_was_said(ask: Ask) -> None:
    whose = {"user_id": "kim", "conversation_id": "9"}
    added = ask("add/feedback", FEEDBACK, **whose, app_id="pets", feedback_time="2026-01-01 10:00:00")
    assert added.keys() == {"success", "task_id", "status"}
    (found,) = ask("get/message", MESSAGES, **whose)["message_detail_list"]
    assert (found["content"], found["create_time"]) == (FEEDBACK["feedback_content"], "2026-01-01 10:00:00")


def test_what_a_filter_names_is_deleted(ask: Ask, sent: Ask) -> None:
    for city in ("Oslo", "Bergen"):
        said = [{"role": "user", "content": f"I work in {city}."}]
        ask("add/message", ADD, user_id="ulf", messages=said, async_mode=False, info={"city": city})
    refused = sent("delete/memory", {"filter": {"city": "Oslo"}})
    assert refused.status_code == 400
    both = [{"user_id": "ulf"}, {"city": "Oslo"}]
    assert ask("delete/memory", {"filter": {"and": both}}) == {"success": True}
    (left,) = ask("get/memory", GET, user_id="ulf")["memory_detail_list"]
    assert left["memory_value"] == "I work in Bergen."
    ask("delete/memory", {"user_id": "ulf", "memory_type": "LongTermMemory"})
    assert ask("get/memory", GET, user_id="ulf")["total"] == 0


def test_memories_of_several_users_at_once_are_refused(sent: Ask) -> None:
    answer = sent("add/message", ADD, user_id=["ana", "ben"])
    assert (answer.status_code, answer.json()["message"].partition(":")[0]) == (400, "user_id")


@pytest.mark.parametrize("route", sorted(LEFT_OUT))
def test_what_is_not_offered_says_what_to_use(sent: Ask, route: str) -> None:
    answer = sent(route, {})
    assert (answer.status_code, answer.json()["code"]) == (501, 501)
    assert answer.json()["message"].startswith(LEFT_OUT[route])
