"""Our types as the annotations of a web application's handlers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from powermem import Memory
from powermem.rest import MemoriesData, Reply, json_safe, reply
from powermem.types import AddResult, FullRecord, HistoryRecord, SearchResult, TaskRecord


@pytest.fixture
def app() -> Iterator[FastAPI]:
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    app = FastAPI()
    with Memory(config) as memory:

        @app.post("/memories")
        def add(text: str) -> AddResult[str]:
            return json_safe(memory.add(text, user_id="u"))

        @app.get("/memories")
        def search(query: str) -> SearchResult[str]:
            return json_safe(memory.search(query, user_id="u"))

        @app.get("/memories/{memory_id}")
        def get(memory_id: str) -> FullRecord[str] | None:
            return json_safe(memory.get(memory_id, user_id="u"))

        @app.get("/memories/{memory_id}/history")
        def history(memory_id: str) -> list[HistoryRecord]:
            return memory.history(memory_id)

        @app.get("/tasks")
        def tasks() -> list[TaskRecord]:
            return memory.list_tasks()

        @app.get("/details")
        def details(query: str) -> Reply[MemoriesData]:
            return reply(memory.search(query, user_id="u"))

        yield app


def test_the_schema_of_an_application_names_our_fields(app: FastAPI) -> None:
    schema = app.openapi()

    def fields(path: str, method: str = "get") -> dict[str, Any]:
        answer = schema["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        return _properties(schema, answer)

    found = fields("/memories")
    assert set(found) == {"results", "warnings"}
    hit = _properties(schema, found["results"]["items"])
    assert set(hit) == {*FullRecord.__annotations__, "score", "score_details", "around"} - {"content"}
    assert (hit["id"]["type"], hit["access_count"]["type"]) == ("string", "integer")
    beside = _properties(schema, hit["around"]["items"])
    assert (beside["turn_id"]["type"], beside["distance"]["type"]) == ("string", "integer")
    added = fields("/memories", "post")
    assert set(added) == set(AddResult.__annotations__)
    (component,) = [
        each for name, each in schema["components"]["schemas"].items() if name == "AddResult_str_"
    ]
    assert set(component["required"]) == {"results", "status", "task_id", "usage"}
    assert added["status"]["enum"] == ["completed", "running"]
    assert fields("/memories/{memory_id}/history")["memory_id"]["type"] == "integer"
    assert set(fields("/tasks")) == set(TaskRecord.__annotations__)
    assert "memory_detail_list" in _properties(schema, fields("/details")["data"])


def test_an_application_sends_what_its_handlers_return(app: FastAPI) -> None:
    client = TestClient(app)
    added = client.post("/memories", params={"text": "I live in Rome"}).json()
    (item,) = added["results"]
    assert isinstance(item["id"], str)
    (hit,) = client.get("/memories", params={"query": "Rome"}).json()["results"]
    assert (hit["id"], hit["memory"], "score_details" in hit) == (item["id"], item["memory"], False)
    assert client.get(f"/memories/{item['id']}").json()["content"] == item["memory"]
    (entry,) = client.get(f"/memories/{item['id']}/history").json()
    assert str(entry["memory_id"]) == item["id"]
    (detail,) = client.get("/details", params={"query": "Rome"}).json()["data"]["memory_detail_list"]
    assert detail["id"] == item["id"]


def _properties(schema: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Follow references, lists and options to the object that they lead to."""
    while "properties" not in answer:
        if "$ref" in answer:
            answer = schema["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
        else:
            answer = answer["items"] if "items" in answer else answer["anyOf"][0]
    properties: dict[str, Any] = answer["properties"]
    return properties
