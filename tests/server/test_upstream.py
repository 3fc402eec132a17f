"""Programs that were written for powermem 1.1's server."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from powermem.server.upstream.left_out import LEFT_OUT
from tests.support.served import Served

PREFIX = "/api/v1"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as server:
        server.admin = {"X-API-Key": secret(server.key("admin"))}
        server.client.headers["X-API-Key"] = secret(server.key("write"))
        yield server


def secret(header: dict[str, str]) -> str:
    return header["Authorization"].removeprefix("Bearer ")


def ask(served: Served, method: str, path: str, **request: Any) -> Any:
    answer = served.client.request(method, f"{PREFIX}{path}", **request)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {"success", "data", "message", "timestamp"}
    assert body["success"] is True
    assert body["timestamp"].endswith("Z")
    return body["data"]


def add(served: Served, text: str, **body: Any) -> Any:
    (created,) = ask(served, "POST", "/memories", json={"content": text, "infer": False, **body})
    return created


def test_a_memory_is_created_read_changed_and_deleted(served: Served) -> None:
    created = add(served, "I play the cello.", user_id="ana", metadata={"place": "home"})
    assert created["memory_id"] == created["id"]
    assert isinstance(created["id"], str)
    assert (created["content"], created["user_id"]) == ("I play the cello.", "ana")
    assert created["metadata"] == {"place": "home"}
    assert created["created_at"].endswith("Z")
    path = f"/memories/{created['id']}"
    assert ask(served, "GET", path, params={"user_id": "ana"}) == created
    changed = ask(served, "PUT", path, json={"content": "I play the viola.", "metadata": {"since": 1999}})
    assert changed["content"] == "I play the viola."
    assert changed["metadata"] == {"place": "home", "since": 1999}
    assert ask(served, "DELETE", path) == {"memory_id": created["id"]}
    assert served.client.get(f"{PREFIX}{path}").status_code == 404


def test_facts_of_what_is_said_are_stored(served: Served) -> None:
    created = ask(served, "POST", "/memories", json={"content": "I live in Rome.", "user_id": "rob"})
    assert [each["content"] for each in created] == ["I live in Rome."]
    assert ask(served, "POST", "/memories", json={"content": "Hello!", "user_id": "rob"}) == []


def test_memories_are_listed_page_by_page_and_counted(served: Served) -> None:
    for number in range(3):
        add(served, f"I own boat {number}.", user_id="lou", scope="boats" if number else None)
    query = {"user_id": "lou", "sort_by": "id", "order": "asc", "time_range": "7d"}
    page = ask(served, "GET", "/memories", params={**query, "limit": 2, "offset": 1})
    assert [each["content"] for each in page["memories"]] == ["I own boat 1.", "I own boat 2."]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert ask(served, "GET", "/memories", params={**query, "scope": "boats"})["total"] == 2
    assert ask(served, "GET", "/memories/count", params={"user_id": "lou"}) == {"count": 3}
    assert ask(served, "GET", "/memories/stats", params={"user_id": "lou"})["total_memories"] == 3
    assert "lou" in ask(served, "GET", "/memories/users")


def test_several_are_created_changed_and_deleted(served: Served) -> None:
    items = [{"content": "I ski."}, {"content": " "}, {"content": "I row."}]
    body: dict[str, Any] = {"user_id": "kim", "infer": False, "memories": items}
    created = ask(served, "POST", "/memories/batch", json=body)
    assert [each["content"] for each in created["memories"]] == ["I ski.", "I row."]
    assert (created["total"], created["created_count"], created["failed_count"]) == (3, 2, 1)
    assert created["failed"][0]["index"] == 1
    ids = [each["id"] for each in created["memories"]]
    changes = [{"memory_id": ids[0], "content": "I skate."}, {"memory_id": 12, "content": "I fly."}]
    changed = ask(served, "PUT", "/memories/batch", json={"user_id": "kim", "updates": changes})
    assert [each["content"] for each in changed["memories"]] == ["I skate."]
    assert (changed["updated_count"], changed["failed"][0]["memory_id"]) == (1, "12")
    deleted = ask(served, "DELETE", "/memories/batch", json={"memory_ids": [*ids, 12]})
    assert (deleted["deleted"], deleted["deleted_count"], deleted["failed_count"]) == (ids, 2, 1)
    assert deleted["failed"][0]["memory_id"] == "12"


def test_its_client_deletes_everything_of_a_user(served: Served) -> None:
    """As ``_HTTPMemoryClient.delete_all`` of powermem 1.1.7 does it, which the library falls back to."""
    items = [{"content": f"I own kite {number}."} for number in range(60)]
    for _ in range(2):
        body = {"user_id": "ole", "infer": False, "memories": items}
        ask(served, "POST", "/memories/batch", json=body)
        items = [{"content": f"{item['content']} Really."} for item in items]
    params = {"user_id": "ole", "limit": 1000, "offset": 0, "order": "desc"}
    ids = [each["memory_id"] for each in ask(served, "GET", "/memories", params=params)["memories"]]
    gone = {"memory_ids": ids, "user_id": "ole", "agent_id": None}
    assert ask(served, "DELETE", "/memories/batch", json=gone)["deleted_count"] == len(ids) == 120


def test_memories_are_exported_as_json_and_csv(served: Served) -> None:
    created = add(served, 'I say "hello", often.', user_id="eve", metadata={"n": 1})
    params = {"user_id": "eve"}
    (record,) = served.client.get(f"{PREFIX}/memories/export", params=params).json()
    assert (record["id"], record["memory"]) == (created["id"], created["content"])
    table = served.client.get(f"{PREFIX}/memories/export", params={**params, "format": "csv"})
    (row,) = csv.DictReader(io.StringIO(table.text))
    assert (row["id"], row["content"], row["metadata"]) == (created["id"], created["content"], '{"n": 1}')


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_answers_a_query_is_found(served: Served, method: str) -> None:
    user = f"ben-{method}"
    for text in ("I live in Porto.", "I lived in Porto as a child."):
        add(served, text, user_id=user)
    body = {"query": "Porto", "user_id": user, "limit": 2}
    request: dict[str, Any] = {"json": body} if method == "POST" else {"params": body}
    found = ask(served, method, "/memories/search", **request)
    assert (found["total"], found["query"]) == (2, "Porto")
    assert found["results"][0]["score"] >= found["results"][1]["score"] > 0


def test_a_search_is_narrowed_and_sorted(served: Served) -> None:
    for number in range(3):
        add(served, f"I keep bee hive {number}.", user_id="ivy", metadata={"n": number})
    body = {
        "query": "bee hives",
        "user_id": "ivy",
        "filters": {"n": {"gte": 1}},
        "time_range": "7d",
        "sort_by": "created_at",
        "order": "asc",
    }
    results = ask(served, "POST", "/memories/search", json=body)["results"]
    assert [hit["metadata"]["n"] for hit in results] == [1, 2]


def test_the_timeline_has_messages_and_changes(served: Served) -> None:
    ids = {"user_id": "uma", "run_id": "monday"}
    created = add(served, "I row on Mondays.", **ids)
    ask(served, "PUT", f"/memories/{created['id']}", json={"content": "I row on Tuesdays."})
    add(served, "I sail.", user_id="uma", run_id="tuesday")
    whole = ask(served, "GET", "/memories/timeline", params={**ids, "order": "asc", "include_source": True})
    changes = [each for each in whole["events"] if each["memory_id"]]
    assert [each["event_type"] for each in changes] == ["ADD", "UPDATE"]
    assert changes[1]["metadata"]["old_memory"] == "I row on Mondays."
    assert changes[1]["source_content"] == "I row on Tuesdays."
    assert whole["capabilities"]["event_log"] is True

    seen, cursor = [], None
    while True:
        params = {**ids, "limit": 1, **({"cursor": cursor} if cursor else {})}
        page = ask(served, "GET", "/memories/timeline", params=params)
        assert page["total"] == whole["total"]
        seen += [each["event_id"] for each in page["events"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [each["event_id"] for each in reversed(whole["events"])]
    found = ask(served, "GET", "/memories/timeline", params={**ids, "q": "tuesday", "event_type": "UPDATE"})
    assert found["total"] == 1


def test_sessions_are_the_runs(served: Served) -> None:
    add(served, "I bake.", user_id="sue", run_id="one")
    add(served, "I brew.", user_id="sue", run_id="two")
    page = ask(served, "GET", "/memories/sessions", params={"user_id": "sue", "sort_by": "run_id"})
    assert [each["run_id"] for each in page["sessions"]] == ["two", "one"]
    assert [each["memory_count"] for each in page["sessions"]] == [1, 1]
    assert page["sessions"][0]["latest_preview"] == "I brew."
    stats = ask(served, "GET", "/memories/session-stats", params={"user_id": "sue"})
    assert (stats["total_sessions"], stats["changed_memories"]) == (2, 2)
    assert stats["event_types"]["ADD"] == 2
    assert stats["total_events"] == sum(each["event_count"] for each in page["sessions"])


def test_observations_are_stored_once_with_their_fields(served: Served) -> None:
    body = {"content": "The build passed.", "user_id": "bot", "observation_id": "o1", "tool_name": "make"}
    first, again = (ask(served, "POST", "/observations", json={**body, "dedupe": True}) for _ in range(2))
    assert (first["saved_raw"], first["deduped"], again["deduped"]) == (True, False, True)
    assert again["raw_memory"] == first["raw_memory"]
    metadata = first["raw_memory"]["metadata"]
    assert (metadata["tool_name"], metadata["observation"]["content"]) == ("make", "The build passed.")
    wrong = {**body, "save_raw": False}
    several = ask(
        served, "POST", "/observations/batch", json={"observations": [wrong, {**body, "infer": True}]}
    )
    assert [item["success"] for item in several["items"]] == [False, True]
    assert several["items"][1]["result"]["inferred"] is True
    assert (several["success_count"], several["failed_count"]) == (1, 1)


def test_users_have_memories_and_a_profile(served: Served) -> None:
    assert served.client.get(f"{PREFIX}/users/zoe/profile").json()["error"]["code"] == "USER_NOT_FOUND"
    body = {"content": "I prefer window seats.", "user_id": "zoe"}
    created = ask(served, "POST", "/memories", json=body)
    page = ask(served, "GET", "/users/zoe/memories")
    assert page["memories"] == created
    profile = ask(served, "GET", "/users/zoe/profile")
    assert "window seats" in profile["profile_content"]
    path = f"/users/zoe/memories/{created[0]['id']}"
    assert ask(served, "PUT", path, json={"content": "I like the aisle."})["content"] == "I like the aisle."
    elsewhere = served.client.put(
        f"{PREFIX}{path.replace('zoe', 'tim')}", json={"content": "I like the aisle."}
    )
    assert elsewhere.json()["error"]["code"] == "MEMORY_NOT_FOUND"
    deleted = ask(served, "DELETE", "/users/zoe/memories")
    assert deleted["user_id"] == "zoe"
    assert deleted["deleted_count"] == deleted["total"] > 0
    assert ask(served, "GET", "/users/zoe/memories")["total"] == 0


def test_messages_make_a_profile_and_profiles_are_listed(served: Served) -> None:
    body = {"messages": [{"role": "user", "content": "I prefer aisle seats."}], "profile_type": "content"}
    told = ask(served, "POST", "/users/yara/profile", json=body)
    assert told["profile_extracted"] is True
    assert "aisle seats" in told["profile_content"]
    ask(served, "POST", "/users/yannick/profile", json={"messages": "I prefer trains."})
    for params, users in (
        ({"user_id": "yara"}, ["yara"]),
        ({"user_id": "YA", "fuzzy": True}, ["yannick", "yara"]),
        ({"user_id": "nobody"}, []),
    ):
        page = ask(served, "GET", "/users/profiles", params=params)
        assert [each["user_id"] for each in page["profiles"]] == users
        assert (page["total"], page["limit"], page["offset"]) == (len(users), 20, 0)
    params = {"user_id": "ya", "fuzzy": True, "limit": 1, "offset": 1}
    assert [each["user_id"] for each in ask(served, "GET", "/users/profiles", params=params)["profiles"]] == [
        "yara"
    ]


def test_memories_that_say_little_are_counted(served: Served) -> None:
    none = ask(served, "GET", "/memories/quality", params={"user_id": "vic"})
    assert (none["total_memories"], none["low_quality_ratio"]) == (0, 0.0)
    add(served, "I keep bees.", user_id="vic", metadata={"n": 1})
    add(served, "I ski.", user_id="vic")
    add(served, "Hm.", user_id="vic")
    found = ask(served, "GET", "/memories/quality", params={"user_id": "vic", "time_range": "7d"})
    assert found == {
        "total_memories": 3,
        "low_quality_count": 2,
        "low_quality_ratio": 0.6667,
        "quality_criteria": {"missing_metadata": 2, "empty_content": 1, "low_importance": 0},
    }


def test_agents_have_memories(served: Served) -> None:
    created = ask(served, "POST", "/agents/guide/memories", json={"content": "Ask first.", "user_id": "max"})
    assert (created["content"], created["agent_id"], created["user_id"]) == ("Ask first.", "guide", "max")
    assert ask(served, "GET", "/agents/guide/memories")["memories"] == [created]
    ids = {"agent_id": "guide"}
    assert ask(served, "DELETE", "/system/delete-all-memories", params=ids)["filters"] == ids
    assert ask(served, "GET", "/agents/guide/memories")["total"] == 0


def test_the_state_of_the_server_is_told(served: Served) -> None:
    assert ask(served, "GET", "/system/health", headers={"X-API-Key": ""})["status"] == "healthy"
    status = ask(served, "GET", "/system/status")
    assert (status["status"], status["storage_type"]) == ("operational", "sqlite")
    assert status["dependencies"]["database"]["status"] == "healthy"
    assert status["uptime_seconds"] >= 0
    assert status["started_at"] <= status["timestamp"]
    metrics = served.client.get(f"{PREFIX}/system/metrics", headers=served.admin)
    assert "powermem_http_requests_total" in metrics.text


def test_a_key_may_be_in_the_query(served: Served) -> None:
    key = served.client.headers["X-API-Key"]
    found = served.client.get(f"{PREFIX}/memories/users", params={"api_key": key}, headers={"X-API-Key": ""})
    assert found.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/memories", {"user_id": "ana"}, 400, "INVALID_REQUEST"),
        ("POST", "/memories/batch", {"memories": []}, 400, "INVALID_REQUEST"),
        ("GET", "/memories?limit=1001", None, 400, "INVALID_REQUEST"),
        ("GET", "/memories/12", None, 404, "MEMORY_NOT_FOUND"),
        ("PUT", "/memories/12", {"content": "Hi"}, 404, "MEMORY_NOT_FOUND"),
        ("PUT", "/memories/12", {}, 400, "INVALID_REQUEST"),
        ("DELETE", "/memories/12", None, 404, "MEMORY_NOT_FOUND"),
        ("GET", "/memories/timeline?cursor=1.x", None, 400, "INVALID_REQUEST"),
        ("GET", "/nothing", None, 404, "NOT_FOUND"),
        ("PATCH", "/memories/12", None, 405, "INVALID_REQUEST"),
        ("GET", "/system/metrics", None, 403, "FORBIDDEN"),
        ("DELETE", "/system/delete-all-memories", None, 400, "INVALID_REQUEST"),
    ],
)
def test_errors_have_a_code(
    served: Served, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = served.client.request(method, f"{PREFIX}{path}", json=body)
    assert answer.status_code == status
    told = answer.json()
    assert told.keys() == {"success", "error", "timestamp"}
    assert told["success"] is False
    assert told["error"].keys() == {"code", "message", "details"}
    assert told["error"]["code"] == code


def test_an_unknown_key_is_refused(served: Served) -> None:
    answer = served.client.get(f"{PREFIX}/memories", headers={"X-API-Key": "wrong"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("method", "path"), sorted(LEFT_OUT))
def test_what_is_not_offered_says_so(served: Served, method: str, path: str) -> None:
    answer = served.client.request(method, f"{PREFIX}{path}".format(user_id="ana", agent_id="guide"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NOT_IMPLEMENTED")
    assert answer.json()["error"]["message"] == LEFT_OUT[method, path]


def test_other_apis_keep_their_errors(served: Served) -> None:
    assert served.client.get("/api/openmem/v1/nothing").json()["code"] == 404
    assert served.client.get("/v1/nothing").json()["status"] == 404
