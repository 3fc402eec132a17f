"""The requests of mem0's own client: ``MemoryClient`` of mem0ai 2.2.1, as it sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from powermem.server.mem0.platform import LEFT_OUT
from tests.support.served import Served

Send = Callable[..., Any]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as server:
        yield server


def sender(served: Served, key: str) -> Send:
    headers = {
        "Authorization": f"Token {key}",
        "Mem0-User-ID": "5f4dcc3b5aa765d61d8327deb882cf99",
        "X-Mem0-Client": "mem0-python/2.2.1",
        "User-Agent": "python-httpx/0.28.1",
        "Accept": "*/*",
    }

    def send(method: str, path: str, body: Any = None, **params: Any) -> Any:
        # As httpx writes it.
        content = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        kind = {} if body is None else {"Content-Type": "application/json"}
        return served.client.request(
            method, path, content=content, params=params, headers={**headers, **kind}
        )

    return send


@pytest.fixture(scope="module")
def send(served: Served) -> Send:
    return sender(served, served.key("write")["Authorization"].removeprefix("Bearer "))


@pytest.fixture(scope="module")
def ask(send: Send) -> Send:
    def ask(method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = send(method, path, body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def add(ask: Send, text: str, **body: Any) -> str:
    (found,) = ask("POST", "/v3/memories/add/", {"messages": said(text), "infer": False, **body})["results"]
    memory_id: str = found["id"]
    return memory_id


def test_the_client_starts_with_a_key_only(served: Served, ask: Send) -> None:
    # It raises without both of these.
    assert {"org_id", "project_id"} <= {name for name, value in ask("GET", "/v1/ping/").items() if value}
    refused = sender(served, "wrong")("GET", "/v1/ping/")
    assert refused.status_code == 401
    assert "key" in refused.json()["detail"]


def test_ids_are_beside_the_filter_or_in_it(ask: Send) -> None:
    body = {
        "messages": said("I live in Rome."),
        "user_id": "ana",
        "run_id": "r1",
        "app_id": "travel",
        "metadata": {"source": "chat"},
    }
    added = ask("POST", "/v3/memories/add/", body)
    assert (added["status"], added["results"][0]["memory"]) == ("SUCCEEDED", "I live in Rome.")
    options = {
        "filters": {"user_id": "ana", "app_id": "travel"},
        "metadata": None,
        "timestamp": 1700000000,
        "expiration_date": "2999-01-01",
        "custom_instructions": "Be brief.",
    }
    add(ask, "I drink tea.", **options)
    for filters, number in (
        ({"user_id": "ana"}, 2),
        ({"AND": [{"user_id": "ana"}, {"app_id": "travel"}]}, 2),
        ({"AND": [{"user_id": "ana"}, {"run_id": "r1"}]}, 1),
        ({"AND": [{"user_id": "ana"}, {"created_at": {"gte": "2990-01-01"}}]}, 0),
        ({"user_id": "ana", "run_id": "*"}, 1),
    ):
        found = ask("POST", "/v3/memories/search/", {"query": "home and drinks", "filters": filters})
        assert len(found["results"]) == number, filters
        assert ask("POST", "/v3/memories/", {"filters": filters})["count"] == number, filters


def test_a_list_has_pages_and_dates(ask: Send) -> None:
    for number in range(3):
        add(ask, f"I own boat {number}.", user_id="lou")
    body = {"filters": {"user_id": "lou"}}
    first = ask("POST", "/v3/memories/", body, page=1, page_size=2)
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    last = ask("POST", "/v3/memories/", body, page=2, page_size=2)
    assert (len(last["results"]), last["next"]) == (1, None)
    seen = [each["memory"] for each in first["results"] + last["results"]]
    assert seen == [f"I own boat {number}." for number in (2, 1, 0)]
    dated = {**body, "start_date": "2020-01-01", "end_date": "2020-12-31"}
    assert ask("POST", "/v3/memories/", dated)["count"] == 0


def test_a_memory_is_read_changed_and_deleted(ask: Send, send: Send) -> None:
    memory_id = add(ask, "I like tea.", user_id="kim", expiration_date="2999-01-01")
    path = f"/v1/memories/{memory_id}/"
    assert ask("GET", path)["expiration_date"] == "2999-01-01"
    changed = ask("PUT", path, {"text": "I love tea.", "metadata": {"k": 2}})
    assert (changed["memory"], changed["expiration_date"]) == ("I love tea.", "2999-01-01")
    assert ask("PUT", path, {"expiration_date": None})["expiration_date"] is None
    assert [each["event"] for each in ask("GET", f"{path}history/")][:1] == ["ADD"]
    ask("PUT", "/v1/batch/", {"memories": [{"memory_id": memory_id, "text": "I adore tea."}]})
    assert ask("GET", path)["memory"] == "I adore tea."
    other = add(ask, "I like cake.", user_id="kim")
    ask("DELETE", "/v1/batch/", {"memories": [{"memory_id": other}]})
    assert send("GET", f"/v1/memories/{other}/").status_code == 404
    ask("DELETE", path)
    assert send("DELETE", path).status_code == 404


def test_what_a_memory_took_the_place_of_goes_with_it(served: Served, ask: Send) -> None:
    for city in ("Rome", "Paris", "Oslo"):
        body = {"messages": said(f"I live in {city}."), "user_id": "uwe"}
        (current,) = ask("POST", "/v3/memories/add/", body)["results"]
    key = served.key("read")
    assert len(stored(served, key)) == 3
    ask("DELETE", f"/v1/memories/{current['id']}/", delete_linked="true")
    assert stored(served, key) == []


def stored(served: Served, key: dict[str, str]) -> list[str]:
    """Return what is stored of a user, also what something else took the place of."""
    lines = served.client.get("/v1/export", params={"user_id": "uwe"}, headers=key).text.splitlines()
    return [found["memory"] for found in map(json.loads, lines) if "memory" in found]


def test_entities_are_users_and_are_deleted(ask: Send, send: Send) -> None:
    add(ask, "I sail.", user_id="bob", agent_id="guide")
    assert {"id": "bob", "name": "bob", "type": "user"} in ask("GET", "/v1/entities/")["results"]
    ask("DELETE", "/v2/entities/user/bob/")
    assert send("DELETE", "/v2/entities/user/bob/").status_code == 404
    add(ask, "I ask first.", agent_id="guide")
    ask("DELETE", "/v1/memories/", agent_id="guide")
    assert ask("POST", "/v3/memories/", {"filters": {"agent_id": "guide"}})["count"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v3/memories/search/", {"query": "tea"}),
        ("POST", "/v3/memories/", {"filters": {"OR": [{"user_id": "ana"}, {"user_id": "bob"}]}}),
        ("POST", "/v3/memories/add/", {"messages": said("I sail.")}),
        ("DELETE", "/v1/memories/", None),
    ],
)
def test_whose_memories_has_to_be_said(send: Send, method: str, path: str, body: Any) -> None:
    answer = send(method, path, body)
    assert answer.status_code == 400
    assert "user_id" in answer.json()["detail"]


@pytest.mark.parametrize("path", sorted(LEFT_OUT))
def test_what_is_not_offered_says_what_to_use(send: Send, path: str) -> None:
    answer = send("POST", path, {})
    assert (answer.status_code, answer.json()["detail"].partition(" (")[0]) == (501, LEFT_OUT[path])
