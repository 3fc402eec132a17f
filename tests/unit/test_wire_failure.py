"""What a failed exchange is called."""

from __future__ import annotations

import json
import socket
import ssl

import httpcore
import pytest

from powermem._core.wire import failure
from powermem._core.wire.endpoint import Endpoint, build_endpoint
from powermem._core.wire.foreign import foreign_error
from powermem.errors import AuthenticationError, ProviderError, ProviderTimeoutError, RateLimitError

KEY = "sk-proj-a1b2c3d4e5f6g7h8"
ENDPOINT = build_endpoint("openai", "https://api.example/v1", headers={"Authorization": f"Bearer {KEY}"})


def refused(status: int, body: object = b"", headers: tuple = ()) -> failure.Failure:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure.refused(ENDPOINT, status, headers, data)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProviderError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, ProviderError),
        (408, ProviderTimeoutError),
        (429, RateLimitError),
        (500, ProviderError),
        (529, ProviderError),
    ],
)
def test_each_status_has_its_error(status, kind):
    error = refused(status, {"error": {"message": "because"}}).error()

    assert type(error) is kind
    assert (error.status, error.provider) == (status, "openai")
    assert str(status) in str(error) or status == 401
    assert "because" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "the reason", "type": "x"}},
        {"error": "the reason"},
        {"message": "the reason", "code": 7},
        {"detail": "the reason"},
        {"detail": [{"loc": ["body"], "msg": "the reason"}]},
        {"error": {"code": 1, "msg": "the reason"}},
        b"the reason",
        b"<html><body><h1>the   reason</h1></body></html>",
    ],
)
def test_the_servers_own_words_are_found(body):
    assert str(refused(400, body).error()) == "openai answered 400: the reason"


def test_long_words_are_cut():
    assert len(str(refused(500, {"message": "word " * 500}).error())) < 350


def test_bytes_that_are_no_text_do_no_harm():
    assert "answered 502" in str(refused(502, b"\xff\xfe\x00garbage").error())


def test_a_secret_in_the_reply_is_never_shown():
    outcome = refused(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})

    assert KEY[:8] not in str(outcome.error())
    assert KEY[:8] not in outcome.said
    assert KEY[:8] not in repr(outcome)


def test_a_secret_at_the_cut_is_never_shown_in_part():
    for padding in range(3950, 4010):
        said = refused(400, b"x" * padding + b" " + KEY.encode()).said
        assert "a1b2" not in said
        assert "sk-proj" not in said


@pytest.mark.parametrize(
    "body",
    [b"x" * 5_000_000, b"<" * 5_000_000, {"error": {"message": "key=" + "x-" * 2_000_000}}],
    ids=["text", "brackets", "message"],
)
def test_only_the_beginning_of_a_huge_reply_is_searched_for_secrets(monkeypatch, body):
    searched: list[int] = []
    scrub = Endpoint.scrub

    def count(endpoint, text):
        searched.append(len(text))
        return scrub(endpoint, text)

    monkeypatch.setattr(Endpoint, "scrub", count)

    refused(500, body)

    assert 0 < sum(searched) <= 32_000


def test_a_wrong_model_name_is_hinted_at():
    assert "check base_url, which often ends in /v1, and the model's name" in str(refused(404).error())
    absent = {"error": {"message": "The model `gtp-4o` does not exist", "code": "model_not_found"}}
    assert str(refused(404, absent).error()).endswith("(check the model's name)")
    ollama = build_endpoint("ollama", "http://localhost:11434/v1")
    said = failure.refused(ollama, 404, (), b'{"error": "model \'qwen9\' not found"}').summary
    assert "ollama pull MODEL" in said


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_is_named_with_its_host(status):
    assert f"openai at api.example:443 answered {status}" in str(refused(status, b"<h1>Bad</h1>").error())


def test_a_web_page_is_told_from_an_answer():
    page = b"<!doctype html><html><body>Welcome</body></html>"
    said = str(failure.garbled(ENDPOINT, 200, page, "expected value at line 1 column 1").error())
    assert "sent a web page and no answer; is base_url right? It often ends in /v1" in said
    assert "line 1" not in said


def connect_error(cause):
    error = httpcore.ConnectError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("provider", "url", "cause", "proxy", "expected"),
    [
        ("ollama", "http://localhost:11434/v1", ConnectionRefusedError(111, "Connection refused"), "",
         "ollama at localhost:11434: the connection was refused: nothing listens there; is Ollama running?"),
        ("ollama", "http://127.0.0.1:11434/v1",
         OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] ..."),
         "", "is Ollama running? start it with `ollama serve`"),
        ("lmstudio", "http://localhost:1234/v1", ConnectionRefusedError(111, "Connection refused"), "",
         "is LM Studio running?"),
        ("vllm", "http://[::1]:8000/v1", ConnectionRefusedError(111, "Connection refused"), "", "vllm serve"),
        ("openai", "http://localhost:9/v1", ConnectionRefusedError(111, "Connection refused"), "",
         "is the server running, and is the port of base_url right?"),
        ("openai", "http://models.example:9/v1", ConnectionRefusedError(111, "Connection refused"), "",
         "is the server running, and are host and port of base_url right?"),
        ("openai", "https://api.exmaple/v1", socket.gaierror(-2, "Name or service not known"), "",
         "the host name 'api.exmaple' was not found; check base_url"),
        ("openai", "https://api.example/v1", OSError(101, "Network is unreachable"), "", "check the network"),
        ("openai", "https://api.example/v1", ConnectionRefusedError(111, "Connection refused"), "http://proxy:3128",
         "the proxy http://proxy:3128, named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"),
        ("openai", "https://api.example/v1", socket.gaierror(-2, "Name or service not known"), "http://prxy:3128",
         "the proxy http://prxy:3128"),
        ("openai", "https://api.example/v1", ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] ..."),
         "http://proxy:3128", "does not speak TLS at this port; is it http:// in base_url?"),
    ],
)  # fmt: skip
def test_a_connection_that_fails_says_what_to_do(provider, url, cause, proxy, expected):
    found = failure.unreachable(build_endpoint(provider, url), connect_error(cause), proxy)

    assert expected in found.summary
    assert found.passing


def test_a_redirect_is_explained():
    assert "base_url" in str(refused(308).error())


def test_an_empty_account_is_not_worth_waiting_for():
    assert refused(429, {"error": {"message": "slow down"}}).passing
    assert not refused(429, {"error": {"message": "pay", "code": "insufficient_quota"}}).passing


def test_the_wait_asked_for_is_kept():
    assert refused(503, b"", ((b"retry-after", b"3"),)).wait == 3.0


def test_an_error_inside_a_success_is_found():
    body = {"error": {"message": "upstream is down", "code": 503}}

    found = failure.hidden_failure(ENDPOINT, body, json.dumps(body).encode())

    assert found is not None
    assert (found.status, found.passing) == (503, True)
    assert "upstream is down" in found.summary


@pytest.mark.parametrize("reply", [{"data": []}, {"error": None, "choices": []}, [], "text", None])
def test_other_replies_hold_no_error(reply):
    assert failure.hidden_failure(ENDPOINT, reply, b"") is None


def test_timeouts_say_what_was_waited_for():
    connecting = failure.timed_out(ENDPOINT, 5.0, connecting=True).error()
    answering = failure.timed_out(ENDPOINT, 60.0, connecting=False).error()

    assert str(connecting) == (
        "openai at api.example:443 did not accept a connection within 5 s; "
        "the setting is http.connect_timeout"
    )
    assert str(answering) == (
        "openai at api.example:443 did not answer within 60 s; "
        "the setting is timeout in its config, or http.read_timeout"
    )
    assert isinstance(answering, ProviderTimeoutError)


def test_a_broken_connection_names_the_address():
    error = failure.unreachable(ENDPOINT, OSError("the other side is gone")).error()

    assert str(error) == "openai at api.example:443: the other side is gone"
    assert error.status is None


class Throttled(Exception):
    status_code = 429


def test_an_exception_of_a_foreign_object_is_named():
    error = foreign_error("langchain", Throttled("wait a bit, Bearer abc123defghi"))

    assert type(error) is RateLimitError
    assert str(error) == "langchain failed: Throttled: wait a bit, Bearer ***"


def test_an_exception_without_words_is_named():
    assert str(foreign_error("mine", KeyError())) == "mine failed: KeyError"
