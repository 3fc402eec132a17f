"""A key that is tied to a user, an agent or a run reaches nothing else, on any route of the application.

The requests are made from the description of the routes, so that no route is forgotten: one with a parameter
that is not known here fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from powermem.server import create_app
from tests.support.served import CONFIG, Served

SECRET = "tulip"
FOREIGN = {"user_id": "foreign", "agent_id": "foreign-agent", "run_id": "foreign-run"}
OWN = {"user_id": "own", "agent_id": "own-agent", "run_id": "own-run"}
OPEN = {"/health/live", "/health/ready", "/version"}

# A value for each property and parameter, as somebody would send it who looks for what is not theirs.
WIDE = {"OR": [{"user_id": "foreign"}, {"id": {"gt": 1}}]}
VALUES: dict[str, Any] = {
    "messages": f"The {SECRET}s are here now",
    "query": SECRET,
    "queries": [SECRET],
    "user_message": "hello",
    "assistant_message": "hello",
    "role": "user",
    "content": "changed",
    "feedback_content": f"The {SECRET}s are here now",
    "text": "changed",
    "metadata": {"user_id": "foreign"},
    "filters": WIDE,
    "format": "auto",
    "filter": {"or": [{"user_id": "foreign"}, {"id": {"gt": 1}}]},
    # Filled with those of somebody else.
    "memory_id": "{memory_id}",
    "memory_ids": ["{memory_id}"],
    "task_id": "{task_id}",
}
# The same id in another API.
ALIASES = {"conversation_id": "run_id"}


# Routes that show what is stored.
SHOWING = {
    "GET /api/openmem/v1/get/memory/{memory_id}",
    "GET /api/v1/agents/{agent_id}/memories",
    "GET /api/v1/memories",
    "GET /api/v1/memories/export",
    "GET /api/v1/memories/search",
    "GET /api/v1/memories/timeline",
    "GET /api/v1/memories/{memory_id}",
    "GET /api/v1/users/{user_id}/memories",
    "POST /api/v1/memories/search",
    "GET /v1/export",
    "GET /v1/memories",
    "GET /v1/memories/{memory_id}",
    "GET /v1/memories/{memory_id}/history",
    "GET /v1/memories/{memory_id}/sources",
    "POST /api/openmem/v1/get/memory",
    "POST /api/openmem/v1/get/memory/{memory_id}",
    "POST /api/openmem/v1/search/memory",
    "GET /v1/memories/{memory_id}/",
    "GET /v1/memories/{memory_id}/history/",
    "POST /api/openmem/v1/get/message",
    "POST /v3/memories/",
    "POST /v3/memories/search/",
    "GET /memories",
    "GET /memories/{memory_id}",
    "GET /memories/{memory_id}/history",
    "POST /search",
    "POST /v1/context",
    "POST /v1/search",
    "POST /v1/search_many",
}


class Place(NamedTuple):
    """What is stored of somebody else."""

    served: Served
    memory: str
    task: str


class Key(NamedTuple):
    """A key that may write, as a header, and the id that it is tied to."""

    headers: dict[str, str]
    tied: str


class Route(NamedTuple):
    """A route as the description has it."""

    method: str
    path: str
    operation: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


DESCRIPTION = create_app(CONFIG).openapi()
ROUTES = [
    Route(method.upper(), path, operation)
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
    if path not in OPEN
]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with Served() as served:
        served.admin = served.key("admin")
        body = {"messages": f"I keep the {SECRET}s in the cellar", **FOREIGN}
        added = served.client.post("/v1/memories", json=body, headers=served.admin).json()
        (item,) = added["results"]
        served.client.post(
            "/v1/exchanges",
            json={"user_message": f"I like {SECRET}s", "assistant_message": "Good", **FOREIGN},
            headers=served.admin,
        )
        yield Place(served, item["id"], added["task_id"])


@pytest.fixture(scope="module", params=["user_id", "agent_id", "run_id"])
def key(request: pytest.FixtureRequest, place: Place) -> Key:
    return Key(place.served.key("write", **{request.param: OWN[request.param]}), request.param)


@pytest.mark.parametrize("named", ["foreign", "own", "nobody"])
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_no_route_leaves_what_a_key_is_tied_to(place: Place, key: Key, route: Route, named: str) -> None:
    ids = {"foreign": FOREIGN, "own": OWN, "nobody": {}}[named]
    before = snapshot(place)
    path = _path(place, route, ids)
    answer = place.served.client.request(
        route.method, path, params=_query(route, ids), headers=key.headers, **_body(place, route, ids)
    )
    assert answer.status_code < 500, answer.text
    # What the request itself says may come back in the results of what it stored.
    assert f"{SECRET}s in the cellar" not in answer.text
    assert f"I like {SECRET}s" not in answer.text
    if "{memory_id}" in route.path or "{task_id}" in route.path:
        assert answer.status_code in (403, 404)
    if named == "foreign" and _names(route, key.tied):
        assert answer.status_code in (403, 404), answer.text
    assert snapshot(place) == before


@pytest.mark.parametrize(
    "route", sorted((route for route in ROUTES if str(route) in SHOWING), key=str), ids=sorted(SHOWING)
)
def test_the_same_requests_find_it_with_a_key_that_may(place: Place, route: Route) -> None:
    path = _path(place, route, FOREIGN)
    answer = place.served.client.request(
        route.method,
        path,
        params=_query(route, FOREIGN),
        headers=place.served.admin,
        **_body(place, route, FOREIGN),
    )
    assert f"{SECRET}s in the cellar" in answer.text


def test_a_key_reaches_what_it_is_tied_to(place: Place, key: Key) -> None:
    client, headers, tied = place.served.client, *key
    added = client.post("/v1/memories", json={"messages": "I sail", **OWN}, headers=headers)
    assert added.status_code == 200
    found = client.post("/v1/search", json={"query": "sail"}, headers=headers).json()["results"]
    # Others of this test are there, too.
    assert {hit[tied] for hit in found} == {OWN[tied]}
    (memory,) = (hit["id"] for hit in found if hit["memory"] == "I sail" and hit["user_id"] == "own")
    assert client.get(f"/v1/memories/{memory}/sources", headers=headers).status_code == 200
    assert client.get(f"/v1/tasks/{added.json()['task_id']}", headers=headers).status_code == 200
    assert client.delete(f"/v1/memories/{memory}", headers=headers).json()["deleted"] == 1


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_key_that_may_read_changes_nothing(place: Place, route: Route) -> None:
    before = snapshot(place)
    path = _path(place, route, FOREIGN)
    headers = place.served.key("read")
    answer = place.served.client.request(
        route.method, path, params=_query(route, FOREIGN), headers=headers, **_body(place, route, FOREIGN)
    )
    reading = ("/search", "/context", "/get/", "/v3/memories/?")
    reads = route.method == "GET" or any(word in f"{path}?" for word in reading)
    assert reads or answer.status_code == 403
    assert snapshot(place) == before


def snapshot(place: Place) -> tuple[Any, ...]:
    """Return all that is stored of somebody else."""
    client, headers = place.served.client, place.served.admin
    memories = client.get("/v1/memories", params=FOREIGN, headers=headers).json()
    # Finding them is counted, by the admin's own requests too.
    found = [{**record, "access_count": 0} for record in memories["results"]]
    history = client.get(f"/v1/memories/{place.memory}/history", headers=headers).json()["results"]
    tasks = client.get("/v1/tasks", params=FOREIGN, headers=headers).json()["results"]
    return found, history, tasks


def _names(route: Route, tied: str) -> bool:
    named = {each["name"] for each in route.operation.get("parameters", ())}
    properties = _properties(_schema(route))
    if "filters" in properties and "user_id" not in properties:
        return True
    named |= properties.keys()
    return tied in {ALIASES.get(name, name) for name in named}


def _path(place: Place, route: Route, ids: dict[str, str]) -> str:
    whose = {**FOREIGN, **ids}
    found = route.path.format(
        **whose, memory_id=place.memory, task_id=place.task, kind="user", name=whose["user_id"]
    )
    assert "{" not in found
    return found


def _query(route: Route, ids: dict[str, str]) -> dict[str, str]:
    given = {}
    for parameter in route.operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] != "query":
            continue
        if name in ids:
            given[name] = ids[name]
        elif name == "filters":
            given[name] = json.dumps(WIDE)
        elif parameter.get("required"):
            given[name] = VALUES[name]
    return given


def _schema(route: Route) -> dict[str, Any]:
    content = route.operation.get("requestBody", {}).get("content", {})
    return _resolved(content.get("application/json", {}).get("schema", {}))


def _body(place: Place, route: Route, ids: dict[str, str]) -> dict[str, Any]:
    if "requestBody" not in route.operation:
        return {}
    schema = _schema(route)
    if not schema:
        return {"content": b'{"id": 1}\n'}
    filled = json.dumps(_filled(schema, ids))
    filled = filled.replace("{memory_id}", place.memory).replace("{task_id}", place.task)
    return {"json": json.loads(filled)}


def _filled(schema: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, each in _properties(schema).items():
        if ALIASES.get(name, name) in ids:
            given[name] = ids[ALIASES.get(name, name)]
        elif name == "filters" and "user_id" not in _properties(schema) and ids:
            # The only place for ids, besides one that widens.
            given[name] = {"AND": [WIDE, ids]}
        elif name == "messages" and each.get("type") == "array":
            given[name] = [{"role": "user", "content": VALUES[name]}]
        elif _resolved(each.get("items", {})).get("properties"):
            given[name] = [_filled(_resolved(each["items"]), ids)]
        elif name in VALUES:
            given[name] = VALUES[name]
        elif name in schema.get("required", ()) and ALIASES.get(name, name) not in FOREIGN:
            raise AssertionError(f"the test has no value for {name}")
    return given


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("properties", {})
    return found


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
