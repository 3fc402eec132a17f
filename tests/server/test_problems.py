"""Errors as replies."""

from __future__ import annotations

import pytest

from powermem import errors
from powermem.server.problems import problem_of
from tests.support.served import Served

PUBLIC = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_public_error_has_a_status_and_an_advice(kind: type[errors.PowerMemError]) -> None:
    problem = problem_of(kind("what was wrong"))
    assert (problem.name, problem.detail) == (kind.__name__, "what was wrong")
    assert 400 <= problem.status < 600
    assert problem.advice.endswith(".")


def test_an_internal_error_tells_nothing() -> None:
    problem = problem_of(RuntimeError("the password is tulip"))
    assert problem.status == 500
    assert "tulip" not in str(problem)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "name"),
    [
        ("POST", "/v1/search", {"query": "x", "limits": 3}, 400, "InvalidInputError"),
        ("POST", "/v1/search", {"query": 3}, 400, "InvalidInputError"),
        ("POST", "/v1/search", {"query": "x", "filters": {"a": {"near": 1}}}, 400, "FilterError"),
        ("POST", "/v1/memories", {"messages": []}, 200, None),
        ("GET", "/v1/memories?cursor=abc", None, 400, "InvalidInputError"),
        ("GET", "/v1/memories?filters=abc", None, 400, "InvalidInputError"),
        ("GET", "/v1/memories/9", None, 404, "NotFoundError"),
        ("GET", "/nowhere", None, 404, "NoSuchRouteError"),
        ("GET", "/v1/search", None, 405, "MethodNotAllowedError"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    served: Served, method: str, path: str, body: object, status: int, name: str | None
) -> None:
    answer = served.client.request(method, path, json=body)
    assert answer.status_code == status
    if name is None:
        return
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["error"], problem["status"]) == (name, status)
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_json_that_ends_early(served: Served) -> None:
    answer = served.client.post(
        "/v1/search", content=b'{"query": ', headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidInputError")
