"""The log of a server."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from powermem.server import logs
from powermem.server.requests import REQUEST_ID
from tests.support.served import Served

SECRET = "sk-pm-0123456789abcdefghijABCDEFGHIJ0123456789abc"


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    loggers = [logging.getLogger(name) for name in ("powermem", "uvicorn.error")]
    former = [(each.handlers, each.level, each.propagate) for each in loggers]
    logs.configure("info", request.param, stream)
    yield stream
    for logger, (handlers, level, propagate) in zip(loggers, former, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_a_request_is_one_line_with_its_id_and_no_secret(served: Served, written: io.StringIO) -> None:
    path = f"/v1/memories/{SECRET}?api_key={SECRET}"
    answer = served.client.get(path, headers={"X-Request-Id": "abc-123", "Authorization": f"Bearer {SECRET}"})
    assert answer.headers["x-request-id"] == "abc-123"
    served.client.get("/health/live")
    lines = written.getvalue().splitlines()
    assert len([line for line in lines if "abc-123" in line]) == 1
    assert SECRET not in written.getvalue()
    assert "api_key" not in written.getvalue()


@pytest.mark.parametrize("given", ["x" * 200, "a b", "ä", "a\tb"])
def test_a_strange_request_id_is_not_taken_over(served: Served, given: str) -> None:
    answer = served.client.get("/health/live", headers={"X-Request-Id": given.encode()})
    assert answer.headers["x-request-id"] != given


def test_a_line_break_makes_no_second_line(written: io.StringIO) -> None:
    token = REQUEST_ID.set("r1")
    try:
        logging.getLogger("powermem.server").warning("first\nsecond %s", SECRET)
    finally:
        REQUEST_ID.reset(token)
    (line,) = written.getvalue().splitlines()
    assert "r1" in line
    assert SECRET not in line


def test_an_error_is_logged_with_its_traceback(
    served: Served, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def users() -> list[str]:
        raise RuntimeError(f"the key is {SECRET}")

    monkeypatch.setattr(served.service.memory, "users", users)
    answer = served.client.get("/v1/users")
    assert (answer.status_code, answer.json()["error"]) == (500, "InternalError")
    assert SECRET not in answer.text + written.getvalue()
    assert "Traceback" in written.getvalue()
    if written.getvalue().startswith("{"):
        # Requests of tests before may still be ending.
        lines = map(json.loads, written.getvalue().splitlines())
        (failed,) = (line for line in lines if line["level"] == "error")
        assert failed["request_id"] == answer.json()["request_id"]
