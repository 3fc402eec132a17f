"""Programs that were written for mem0's self-hosted server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.served import Served


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as server:
        key = server.key("write")["Authorization"].removeprefix("Bearer ")
        server.client.headers["X-API-Key"] = key
        yield server


def ask(served: Served, method: str, path: str, **request: Any) -> Any:
    answer = served.client.request(method, path, **request)
    assert answer.status_code == 200, answer.text
    return answer.json()


def add(served: Served, text: str, **body: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return ask(served, "POST", "/memories", json={"messages": messages, "infer": False, **body})["results"]


def test_a_memory_is_added_found_changed_and_deleted(served: Served) -> None:
    body = {"user_id": "ana", "metadata": {"place": "home"}, "expiration_date": "2999-12-31"}
    (added,) = add(served, "I play the cello.", **body)
    assert (added["memory"], added["event"]) == ("I play the cello.", "ADD")
    path = f"/memories/{added['id']}"
    one = ask(served, "GET", path)
    assert one["id"] == added["id"]
    assert one["expiration_date"] == "2999-12-31"
    assert (
        ask(served, "GET", "/memories", params={"user_id": "ana", "top_k": 5})["results"][0]["id"]
        == one["id"]
    )
    ask(served, "PUT", path, json={"metadata": {"since": 1999}})
    changed = ask(served, "GET", path)
    assert changed["metadata"] == {"place": "home", "since": 1999}
    assert (changed["memory"], changed["expiration_date"]) == (one["memory"], one["expiration_date"])
    ask(served, "PUT", path, json={"text": "I play the viola.", "expiration_date": None})
    changed = ask(served, "GET", path)
    assert (changed["memory"], changed["expiration_date"]) == ("I play the viola.", None)
    history = ask(served, "GET", f"{path}/history")
    assert history[0]["event"] == "ADD"
    assert history[-1]["new_memory"] == "I play the viola."
    assert len({each["id"] for each in history}) == len(history)
    assert ask(served, "DELETE", path) == {"message": "Memory deleted successfully"}
    assert served.client.get(path).status_code == 404


def test_a_message_that_is_sent_again_is_stored_once(served: Served) -> None:
    first, second = (add(served, "I sail.", agent_id="guide") for _ in range(2))
    assert first == second
    assert len(ask(served, "GET", "/memories", params={"agent_id": "guide"})["results"]) == 1
    assert "message" in ask(served, "DELETE", "/memories", params={"agent_id": "guide"})
    assert ask(served, "GET", "/memories", params={"agent_id": "guide"}) == {"results": []}


def test_messages_without_a_fact_are_kept_once(served: Served) -> None:
    assert add(served, "Hello, how are you?", user_id="max", infer=True) == []
    lines = served.client.get("/v1/export", params={"user_id": "max"}).text.splitlines()
    assert sum("how are you" in line for line in lines) == 1


@pytest.mark.parametrize("infer", [False, True])
def test_what_is_said_again_after_it_was_deleted_or_changed_is_stored(served: Served, infer: bool) -> None:
    body = {"run_id": f"again-{infer}", "infer": infer}
    (first,) = add(served, "I live in Rome.", **body)
    for _ in range(2):
        ask(served, "DELETE", f"/memories/{first['id']}")
        (first,) = add(served, "I live in Rome.", **body)
    ask(served, "PUT", f"/memories/{first['id']}", json={"text": "I live in Oslo."})
    add(served, "I live in Rome.", **body)
    page = ask(served, "GET", "/memories", params={"run_id": body["run_id"]})
    assert "I live in Rome." in [each["memory"] for each in page["results"]]


@pytest.mark.parametrize(
    "body",
    [{"filters": {"user_id": "ben"}}, {"user_id": "ben"}, {"filters": {"user_id": "eva"}, "user_id": "ben"}],
)
def test_a_search_takes_its_ids_from_the_filter_or_beside_it(served: Served, body: dict[str, Any]) -> None:
    for user in ("ben", "eva"):
        add(served, "I live in Porto.", user_id=user)
    found = ask(served, "POST", "/search", json={"query": "Porto", "top_k": 3, "explain": True, **body})[
        "results"
    ]
    assert [hit["user_id"] for hit in found] == ["ben"]
    assert 0 < found[0]["score"] <= 1
    assert "score_details" in found[0]


def test_a_tied_key_is_not_left_by_a_filter(served: Served) -> None:
    add(served, "I live in Faro.", user_id="lea")
    add(served, "I live in Faro.", user_id="tim")
    headers = {"X-API-Key": served.key("read", user_id="tim")["Authorization"].removeprefix("Bearer ")}
    body: dict[str, Any] = {"query": "Faro", "filters": {"user_id": "lea"}}
    assert served.client.post("/search", json=body, headers=headers).status_code == 403
    for filters in (None, {"OR": [{"user_id": "lea"}, {"user_id": "tim"}]}):
        found = ask(served, "POST", "/search", json={**body, "filters": filters}, headers=headers)["results"]
        assert [hit["user_id"] for hit in found] == ["tim"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("POST", "/memories", {"user_id": "ana"}, 400, "messages"),
        (
            "POST",
            "/memories",
            {"messages": [{"role": "user", "content": "Hi"}]},
            400,
            "At least one identifier",
        ),
        ("POST", "/search", {"query": "Hi"}, 400, "At least one identifier"),
        ("DELETE", "/memories", None, 400, "At least one identifier"),
        ("GET", "/memories", None, 403, "permission"),
        ("GET", "/memories?user_id=ana&top_k=1001", None, 400, "top_k"),
        ("GET", "/memories?user_id=ana&show_expired=true", None, 400, "show_expired"),
        ("GET", "/memories/12", None, 404, "not found"),
        ("GET", "/memories/12/history", None, 404, "not found"),
        ("PUT", "/memories/12", {"text": "Hi"}, 404, "not found"),
        ("PUT", "/memories/12", {"expiration_date": "soon"}, 400, "expiration_date"),
        ("DELETE", "/memories/12", None, 404, "not found"),
    ],
)
def test_errors_have_a_detail(
    served: Served, method: str, path: str, body: Any, status: int, told: str
) -> None:
    answer = served.client.request(method, path, json=body)
    assert answer.status_code == status
    assert told in answer.json()["detail"]
