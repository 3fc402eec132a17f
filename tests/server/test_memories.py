"""The routes of memories and of searches."""

from __future__ import annotations

import pytest

from tests.support.served import Served


def add(served: Served, user: str, text: str, **more: object) -> str:
    body = {"messages": text, "user_id": user, "infer": False, **more}
    answer = served.client.post("/v1/memories", json=body)
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["results"]
    return str(item["id"])


def test_a_memory_is_added_found_changed_and_deleted(served: Served) -> None:
    client = served.client
    memory = add(served, "ana", "Ana lives in Rome", metadata={"id": 7})
    found = client.post("/v1/search", json={"query": "Rome", "user_id": "ana"}).json()
    assert [hit["id"] for hit in found["results"]] == [memory]
    # The ids of a caller's own metadata are not ours to change.
    assert found["results"][0]["metadata"] == {"id": 7}
    assert client.get(f"/v1/memories/{memory}").json()["content"] == "Ana lives in Rome"
    changed = client.patch(f"/v1/memories/{memory}", json={"content": "Ana lives in Oslo"})
    assert changed.json()["memory"] == "Ana lives in Oslo"
    history = client.get(f"/v1/memories/{memory}/history").json()["results"]
    assert [entry["event"] for entry in history] == ["ADD", "UPDATE"]
    sources = client.get(f"/v1/memories/{memory}/sources").json()["results"]
    assert [turn["content"] for turn in sources] == ["Ana lives in Rome"]
    assert client.delete(f"/v1/memories/{memory}").json()["deleted"] == 1
    assert client.get(f"/v1/memories/{memory}").status_code == 404


def test_expiry_changes_only_when_it_is_sent(served: Served) -> None:
    memory = add(served, "eva", "Eva has a ticket", expires_at="2099-01-01T00:00:00Z")
    path = f"/v1/memories/{memory}"
    assert served.client.patch(path, json={"metadata": {"a": 1}}).json()["expires_at"] is not None
    assert served.client.patch(path, json={"expires_at": None}).json()["expires_at"] is None


def test_the_same_key_is_the_same_addition(served: Served) -> None:
    body = {"messages": "Ben sails", "user_id": "ben", "infer": False}
    first, second = (
        served.client.post("/v1/memories", json=body, headers={"Idempotency-Key": "one"}).json()
        for _ in range(2)
    )
    assert first["results"] == second["results"]
    other = served.client.post(
        "/v1/memories", json={**body, "idempotency_key": "two"}, headers={"Idempotency-Key": "one"}
    )
    assert other.json()["error"] == "InvalidInputError"


def test_a_batch_says_of_each_item_what_came_of_it(served: Served) -> None:
    items = [
        {"messages": "Cid climbs", "user_id": "cid", "infer": False},
        {"messages": " ", "user_id": "cid"},
    ]
    answer = served.client.post("/v1/memories/batch", json={"items": items}).json()
    assert (answer["added"], answer["failed"]) == (1, 1)
    assert answer["items"][0]["results"][0]["memory"] == "Cid climbs"
    assert answer["items"][1]["problem"]["error"] == "InvalidInputError"


@pytest.mark.parametrize("sort_by", ["created_at", "updated_at", "valid_from", "id"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_hold_each_memory_once_though_others_come_and_go(
    served: Served, sort_by: str, order: str
) -> None:
    user = f"pages-{sort_by}-{order}"
    known = [add(served, user, f"Memory {number}") for number in range(7)]
    ask = {"user_id": user, "limit": 3, "sort_by": sort_by, "order": order}
    page = served.client.get("/v1/memories", params=ask).json()
    seen = [record["id"] for record in page["results"]]
    assert page["total"] == 7
    # An offset would now pass over one memory, or show one twice.
    served.client.delete(f"/v1/memories/{seen[0]}")
    while page["next_cursor"]:
        ask = {"user_id": user, "limit": 3, "cursor": page["next_cursor"]}
        page = served.client.get("/v1/memories", params=ask).json()
        seen += [record["id"] for record in page["results"]]
    assert seen == (known if order == "asc" else known[::-1])


def test_all_memories_of_a_filter_are_deleted(served: Served) -> None:
    add(served, "dan", "Dan paints", metadata={"kind": "art"})
    add(served, "dan", "Dan swims")
    ask = {"user_id": "dan", "filters": '{"kind": "art"}'}
    assert served.client.delete("/v1/memories", params=ask).json()["deleted"] == 1
    assert served.client.get("/v1/memories", params={"user_id": "dan"}).json()["total"] == 1
    assert served.client.delete("/v1/memories").json()["error"] == "InvalidInputError"


def test_several_queries_and_a_text_for_a_prompt(served: Served) -> None:
    add(served, "fay", "Fay bakes bread")
    asked = {"queries": ["bread", "bakes"], "user_id": "fay"}
    answers = served.client.post("/v1/search_many", json=asked).json()["answers"]
    assert [len(answer["results"]) for answer in answers] == [1, 1]
    said = served.client.post("/v1/context", json={"query": "bread", "user_id": "fay"}).json()
    assert "Fay bakes bread" in said["context"]
    assert said["tokens"] > 0


def test_around_and_explain(served: Served) -> None:
    turns = [{"role": "user", "content": text} for text in ("Gil is here", "Gil eats a plum", "Gil left")]
    served.client.post("/v1/memories", json={"messages": turns, "user_id": "gil", "infer": False})
    asked = {"query": "plum", "user_id": "gil", "limit": 1, "around": 1, "explain": True}
    (hit,) = served.client.post("/v1/search", json=asked).json()["results"]
    assert [type(turn["turn_id"]) for turn in hit["around"]] == [str, str]
    assert hit["score_details"]


def test_every_body_says_what_it_cost(served: Served) -> None:
    asked = {"query": "a question nobody has asked", "user_id": "hal"}
    usage = served.client.post("/v1/search", json=asked).json()["usage"]
    assert usage["embedded_texts"] == 1
    assert served.client.get("/v1/memories", params={"user_id": "hal"}).json()["usage"]["embedded_texts"] == 0
