# Generated from tests/_async/test_providers_http.py by scripts/run_unasync.py; edit that file instead.
"""The HTTP client against a real server: retries, limits, connections and errors."""

from __future__ import annotations

import socket
import time
import traceback
from functools import partial
from pathlib import Path

import pytest

from powermem._concurrency import gather, sleep
from powermem._core.wire.endpoint import build_endpoint
from powermem._core.wire.failure import Backoff
from powermem._sync.providers.http import HTTPClient, Limiter
from powermem.errors import (
    AuthenticationError,
    ClosedError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
)
from tests.support.apiserver import DROP, GARBAGE, HANG, Behaviour, failure

from .patience import until

KEY = "sk-proj-a1b2c3d4e5f6g7h8"
BODY = {"model": "m", "input": ["tea"]}
OPEN_FILES = Path("/proc/self/fd")
QUICK = Backoff(base=0.001, cap=0.002)


@pytest.fixture
def http():
    client = HTTPClient(backoff=QUICK)
    yield client
    client.close()


@pytest.fixture
def endpoint(api):
    return build_endpoint("openai", f"{api.url}/embeddings", headers={"Authorization": f"Bearer {KEY}"})


@pytest.fixture
def limiter():
    return Limiter(64)


def test_a_reply_is_parsed(api, http, endpoint, limiter):
    reply = http.post(endpoint, BODY, limiter=limiter)

    assert len(reply["data"]) == 1
    (request,) = api.requests
    assert request.path == "/v1/embeddings"
    assert request.body == BODY
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["host"] == f"127.0.0.1:{api.port}"


def test_calls_in_sequence_share_one_connection(api, http, endpoint, limiter):
    for _ in range(20):
        http.post(endpoint, BODY, limiter=limiter)

    assert len(api.requests) == 20
    assert api.connections == 1


def test_calls_at_once_use_their_connections_again(api, http, endpoint, limiter):
    api.delays["embed"] = 0.01
    calls = [partial(http.post, endpoint, BODY, limiter=limiter)] * 8

    for _ in range(3):
        gather(calls)

    assert len(api.requests) == 24
    assert api.connections <= 8


def test_connections_are_limited_for_all_providers_together(api, endpoint):
    client = HTTPClient(max_connections=2)
    calls = [partial(client.post, endpoint, BODY, limiter=Limiter(64)) for _ in range(8)]

    gather([*calls, partial(_answer_together, api, 2)])
    client.close()

    assert api.connections == 2
    assert api.most_in_flight == 2


def test_calls_to_one_provider_are_limited(api, http, endpoint):
    limiter = Limiter(3)
    calls = [partial(http.post, endpoint, BODY, limiter=limiter)] * 12

    gather([*calls, partial(_answer_together, api, 3)])

    assert len(api.requests) == 12
    assert api.most_in_flight == 3


PASSING = [
    failure(408),
    failure(409),
    failure(429),
    failure(500),
    failure(503),
    failure(529),
    DROP,
    GARBAGE,
    Behaviour(body=b""),
    Behaviour(cut=20),
    Behaviour(body={"error": {"message": "upstream", "code": 502}}),
]


@pytest.mark.parametrize("behaviour", PASSING)
def test_what_may_pass_is_tried_again(api, http, endpoint, limiter, behaviour):
    api.script.extend([behaviour, behaviour])

    reply = http.post(endpoint, BODY, limiter=limiter)

    assert len(reply["data"]) == 1
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "kind", "status"),
    [
        (failure(429, "slow down"), RateLimitError, 429),
        (failure(500, "it broke"), ProviderError, 500),
        (failure(529, "overloaded"), ProviderError, 529),
        (failure(408, "too slow"), ProviderTimeoutError, 408),
        (GARBAGE, ProviderError, 200),
        (Behaviour(cut=20), ProviderError, None),
        (DROP, ProviderError, None),
    ],
)
def test_retries_come_to_an_end(api, http, endpoint, limiter, behaviour, kind, status):
    api.rule = lambda request: behaviour

    with pytest.raises(ProviderError) as caught:
        http.post(endpoint, BODY, limiter=limiter, max_retries=2)

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.provider) == (status, "openai")
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (failure(400, "bad"), ProviderError),
        (failure(401, "who are you"), AuthenticationError),
        (failure(403, "not you"), AuthenticationError),
        (failure(404, "no such model"), ProviderError),
        (failure(422, "unusable"), ProviderError),
        (failure(429, "pay first", code="insufficient_quota"), ProviderError),
        (Behaviour(status=307, body=b"", headers={"location": "https://elsewhere"}), ProviderError),
    ],
)
def test_what_does_not_pass_is_tried_once(api, http, endpoint, limiter, behaviour, kind):
    api.rule = lambda request: behaviour

    with pytest.raises(kind) as caught:
        http.post(endpoint, BODY, limiter=limiter)

    assert caught.value.status == behaviour.status
    assert len(api.requests) == 1


def test_a_server_that_hangs_is_given_up(api, http, endpoint, limiter):
    api.rule = lambda request: HANG
    started = time.monotonic()

    with pytest.raises(ProviderTimeoutError, match=r"did not answer within 0\.05 s"):
        http.post(endpoint, BODY, limiter=limiter, timeout=0.05, max_retries=1)

    assert time.monotonic() - started >= 0.1
    # The server may read a request after its client has given up.
    until(lambda: len(api.requests) == 2)


def test_a_reply_that_does_not_end_is_given_up(api, http, endpoint, limiter):
    api.script.append(Behaviour(blanks=100))

    with pytest.raises(ProviderTimeoutError):
        http.post(endpoint, BODY, limiter=limiter, timeout=0.05, max_retries=0)


def test_blanks_before_a_reply_do_no_harm(api, http, endpoint, limiter):
    api.script.append(Behaviour(blanks=3))

    reply = http.post(endpoint, BODY, limiter=limiter, timeout=5.0)

    assert len(reply["data"]) == 1


def test_a_server_that_does_not_accept_is_given_up(limiter):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        # The queue of those who wait to be accepted is full now, so the next one is not even answered.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        client = HTTPClient(connect_timeout=0.05, read_timeout=0.05, max_retries=0)

        with pytest.raises(ProviderTimeoutError, match=r"within 0\.05 s"):
            client.post(build_endpoint("p", f"http://127.0.0.1:{port}"), BODY, limiter=limiter)

        client.close()
        for one in waiting:
            one.close()


def test_a_server_that_is_not_there_is_named(limiter):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = HTTPClient(max_retries=1, backoff=QUICK)

    with pytest.raises(ProviderError, match=f"p at 127.0.0.1:{port}: ") as caught:
        client.post(build_endpoint("p", f"http://127.0.0.1:{port}"), BODY, limiter=limiter)

    assert caught.value.status is None
    client.close()


def test_a_wait_asked_for_is_kept(api, http, endpoint, limiter):
    api.script.append(failure(429, headers={"Retry-After": "0.1"}))

    http.post(endpoint, BODY, limiter=limiter)

    first, second = api.requests
    assert second.moment - first.moment >= 0.1


def test_an_absurd_wait_is_cut(api, endpoint, limiter):
    client = HTTPClient(backoff=Backoff(base=0.001, longest=0.02))
    api.script.append(failure(429, headers={"Retry-After": "86400"}))
    started = time.monotonic()

    client.post(endpoint, BODY, limiter=limiter)
    client.close()

    # A day of waiting would end at the test's own limit.
    assert time.monotonic() - started >= 0.02


def test_a_request_for_quiet_holds_back_all_calls_of_the_provider(api, http, endpoint, limiter):
    api.script.append(failure(429, headers={"Retry-After": "0.15"}))

    def later() -> None:
        sleep(0.03)
        http.post(endpoint, {"model": "later", "input": ["tea"]}, limiter=limiter)

    def elsewhere() -> None:
        sleep(0.03)
        http.post(endpoint, {"model": "elsewhere", "input": ["tea"]}, limiter=Limiter(64))

    gather([partial(http.post, endpoint, BODY, limiter=limiter), later, elsewhere])

    first = api.requests[0].moment
    moments = {request.body["model"]: request.moment - first for request in api.requests}
    assert moments["elsewhere"] < 0.14
    assert moments["later"] >= 0.15
    assert moments["m"] >= 0.15


def test_a_connection_that_the_server_closed_is_no_failure(api, http, endpoint, limiter):
    http.post(endpoint, BODY, limiter=limiter)
    api.close_idle()

    http.post(endpoint, BODY, limiter=limiter, max_retries=0)

    assert api.connections == 2


def test_a_connection_closed_while_it_is_used_again_is_no_failure(api, http, endpoint, limiter):
    http.post(endpoint, BODY, limiter=limiter)
    api.script.append(DROP)

    http.post(endpoint, BODY, limiter=limiter, max_retries=0)

    assert api.connections == 2


def test_after_a_rush_no_connection_is_left_behind(api, http, endpoint, limiter):
    api.delays["embed"] = 0.01
    gather([partial(http.post, endpoint, BODY, limiter=limiter)] * 6)
    api.close_idle()

    http.post(endpoint, BODY, limiter=limiter)
    http.close()

    until(lambda: not api.open)


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="open files can be counted on Linux only")
def test_connections_that_the_server_closed_are_given_up(api, http, endpoint, limiter):
    api.delays["embed"] = 0.02
    before = len(list(OPEN_FILES.iterdir()))
    gather([partial(http.post, endpoint, BODY, limiter=limiter)] * 6)

    def close() -> None:
        until(lambda: api.in_flight == 1)
        api.close_idle()
        api.release()

    # One connection is in use while the server closes the others, and only that one is used afterwards.
    api.script.append(HANG)
    gather([partial(http.post, endpoint, BODY, limiter=limiter), close])
    http.post(endpoint, BODY, limiter=limiter)

    assert api.connections <= 6
    # That one, at its two ends.
    assert len(list(OPEN_FILES.iterdir())) <= before + 2


def test_closing_closes_the_connections(api, http, endpoint, limiter):
    api.delays["embed"] = 0.01
    gather([partial(http.post, endpoint, BODY, limiter=limiter)] * 3)

    http.close()
    http.close()

    until(lambda: not api.open)
    with pytest.raises(ClosedError, match="closed"):
        http.post(endpoint, BODY, limiter=limiter)


def test_a_failed_call_gives_its_slot_back(api, http, endpoint):
    limiter = Limiter(1)
    api.script.extend([failure(400), HANG, DROP])

    for _ in range(3):
        with pytest.raises(ProviderError):
            http.post(endpoint, BODY, limiter=limiter, timeout=0.05, max_retries=0)

    http.post(endpoint, BODY, limiter=limiter)


@pytest.mark.parametrize(
    "behaviour",
    [
        failure(401, f"Incorrect API key provided: {KEY}."),
        failure(403, f"key {KEY[:14]}... may not do this"),
        failure(400, f"header Authorization: Bearer {KEY}"),
        failure(500, f"cannot serve {KEY}"),
        Behaviour(body=f"not JSON {KEY}"),
        Behaviour(body={"error": {"message": f"upstream refused {KEY}", "code": 401}}),
        DROP,
        HANG,
    ],
)
def test_no_error_shows_a_secret(api, http, endpoint, limiter, behaviour):
    api.rule = lambda request: behaviour

    with pytest.raises(ProviderError) as caught:
        http.post(endpoint, BODY, limiter=limiter, timeout=0.05, max_retries=0)

    error: BaseException | None = caught.value
    seen = 0
    while error is not None:
        seen += 1
        assert KEY[:10] not in str(error)
        assert KEY[:10] not in repr(error)
        error = error.__cause__ or error.__context__
    assert seen == 1
    assert KEY[:10] not in "".join(traceback.format_exception(caught.value))


def test_a_token_is_fetched_for_each_attempt(api, http, limiter):
    tokens = iter(["token-number-1", "token-number-2"])
    endpoint = build_endpoint("azure", f"{api.url}/embeddings", token_provider=lambda: next(tokens))
    api.script.append(failure(503))

    http.post(endpoint, BODY, limiter=limiter)

    assert [request.headers["authorization"] for request in api.requests] == [
        "Bearer token-number-1",
        "Bearer token-number-2",
    ]


def test_a_token_that_cannot_be_fetched_is_an_error(http, api, limiter):
    def fail() -> str:
        raise OSError("the vault is closed")

    endpoint = build_endpoint("azure", f"{api.url}/embeddings", token_provider=fail)

    with pytest.raises(ProviderError, match="azure failed: OSError: the vault is closed"):
        http.post(endpoint, BODY, limiter=limiter)

    assert api.requests == []


def _answer_together(api, number) -> None:
    """Answer no request before so many are there."""
    api.rule = lambda request: HANG
    until(lambda: api.in_flight == number)
    api.release()
