"""Limits of body, time and rate; clients that go away."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from powermem.server.limits import Attendance, Rates
from powermem.server.problems import RequestTimeoutError, TooLargeError, TooManyRequestsError
from tests.support.served import Served


def request(*headers: tuple[bytes, bytes], method: str = "POST") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": "/", "headers": list(headers), "http_version": "1.1"}


async def never() -> Any:
    await asyncio.Event().wait()


async def test_a_client_that_goes_away_cancels_its_call() -> None:
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await never()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    await Attendance(app, max_body=10, timeout=60)(request(method="GET"), receive, never)
    assert ended == ["cancelled"]
    # The task itself goes on, as that of a connection does.
    await asyncio.sleep(0)


async def test_what_follows_the_whole_response_is_not_cancelled() -> None:
    sent, ended = asyncio.Event(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        waiting = asyncio.create_task(receive())
        await send({"type": "http.response.start"})
        await send({"type": "http.response.body"})
        await waiting
        await asyncio.sleep(0)
        ended.append("cleaned up")

    async def receive() -> Any:
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.set()

    # With its first call, the empty body is read.
    async def read(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await app(scope, receive, send)

    await Attendance(read, max_body=10, timeout=60)(request(method="GET"), receive, send)
    assert ended == ["cleaned up"]


async def test_a_call_that_is_cancelled_from_outside_stays_cancelled() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await never()

    task = asyncio.create_task(Attendance(app, max_body=10, timeout=60)(request(), never, never))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_response_must_begin_in_time() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await never()

    with pytest.raises(RequestTimeoutError, match=r"0\.01 seconds"):
        await Attendance(app, max_body=10, timeout=0.01)(request(), never, never)


async def test_a_response_that_has_begun_may_take_longer() -> None:
    sent = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start"})
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await Attendance(app, max_body=10, timeout=0.01)(request(), never, send)
    assert sent == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("headers", [[(b"content-length", b"11")], [(b"transfer-encoding", b"chunked")]])
async def test_a_body_is_counted_whatever_it_says(headers: list[tuple[bytes, bytes]]) -> None:
    pieces = iter([b"123456", b"78901"])

    async def receive() -> Any:
        piece = next(pieces, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    with pytest.raises(TooLargeError, match="at most 10 bytes"):
        await Attendance(app, max_body=10, timeout=60)(request(*headers), receive, never)


async def test_a_request_without_a_body_has_an_empty_one() -> None:
    read = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        read.append(await receive())

    await Attendance(app, max_body=10, timeout=60)(request(), never, never)
    assert read == [{"type": "http.request", "body": b"", "more_body": False}]


def test_each_caller_has_a_rate() -> None:
    now = 0.0
    rates = Rates(60, lambda: now)
    for _ in range(60):
        rates.take("ana")
    with pytest.raises(TooManyRequestsError) as refused:
        rates.take("ana")
    assert refused.value.headers == {"Retry-After": "1"}
    rates.take("ben")
    now = 1.0
    rates.take("ana")
    with pytest.raises(TooManyRequestsError):
        rates.take("ana")


def test_too_many_requests_are_told_when_to_come_back() -> None:
    with Served({"server": {"rate_limit_per_minute": 2}}) as served:
        answers = [served.client.get("/v1/key") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) > 0
        # Whoever asks whether the process lives is never refused.
        assert served.client.get("/health/live").status_code == 200


def test_pages_of_listed_origins_may_call() -> None:
    with Served({"server": {"cors_origins": "https://app.example"}}) as served:
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        allowed = served.client.options("/v1/search", headers=asked)
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        refused = served.client.options("/v1/search", headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refused.headers


def test_without_listed_origins_no_page_may_call(served: Served) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in served.client.options("/v1/search", headers=asked).headers


def test_a_client_that_goes_away_in_the_middle_is_logged_as_gone(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, gone = asyncio.Event(), asyncio.Event()
    loop: list[asyncio.AbstractEventLoop] = []

    async def search(**arguments: Any) -> Any:
        loop.append(asyncio.get_running_loop())
        began.set()
        try:
            await never()
        finally:
            gone.set()

    monkeypatch.setattr(served.service.memory, "search", search)
    body = b'{"query": "x"}'
    head = (
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    url = served.client.base_url
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(head + body)
        served.run(began.wait)
    served.run(gone.wait)
    assert served.client.get("/health/live").status_code == 200
