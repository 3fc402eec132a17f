"""Addresses, headers, and what is kept out of errors."""

from __future__ import annotations

import pytest

from powermem._core.wire.endpoint import build_endpoint, join_url, scrub, shorten
from powermem.errors import ConfigError

KEY = "sk-proj-a1b2c3d4e5f6g7h8"


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://host/v1", "chat/completions", "https://host/v1/chat/completions"),
        ("https://host/v1/", "/embeddings", "https://host/v1/embeddings"),
        ("https://host/v1/embeddings", "embeddings", "https://host/v1/embeddings"),
        ("https://host", "messages", "https://host/messages"),
        ("https://host/v1?api-version=2", "embeddings", "https://host/v1/embeddings?api-version=2"),
    ],
)
def test_a_path_is_put_behind_a_base_url(base, path, url):
    assert join_url(base, path) == url


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "target", "sent"),
    [
        ("https://api.openai.com/v1", "https", "api.openai.com", 443, "/v1", "api.openai.com"),
        ("http://localhost:8000/a?b=c", "http", "localhost", 8000, "/a?b=c", "localhost:8000"),
        ("http://[::1]:8000", "http", "::1", 8000, "/", "[::1]:8000"),
        ("https://bücher.example/x", "https", "xn--bcher-kva.example", 443, "/x", "xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken_apart(url, scheme, host, port, target, sent):
    endpoint = build_endpoint("p", url)

    assert (endpoint.scheme, endpoint.host, endpoint.port, endpoint.target) == (scheme, host, port, target)
    assert dict(endpoint.headers)[b"host"] == sent.encode()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("api.openai.com/v1", "http:// or https://"),
        ("ftp://host/v1", "http:// or https://"),
        ("https:///v1", "name a host"),
        ("https://host:99999/v1", "not a valid address"),
        ("https://user:secretword@host/v1", "api_key or headers"),
        ("https://host/a b", "must escape"),
        ("https://a..b/v1", "not a valid address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_showing_it(url, complaint):
    with pytest.raises(ConfigError, match=complaint) as caught:
        build_endpoint("p", url)

    assert "secretword" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("value", [f"Bearer {KEY}\nx: y", f"Bearer {KEY}\r", f"{KEY}\u2026", f"a\x00{KEY}"])
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(value):
    if value.endswith("\r"):
        assert (
            dict(build_endpoint("p", "http://h", headers={"A": value}).headers)[b"a"]
            == value.strip().encode()
        )
        return
    with pytest.raises(ConfigError, match="check the API key") as caught:
        build_endpoint("p", "http://h", headers={"Authorization": value})

    assert KEY not in str(caught.value)


def test_a_header_name_that_cannot_be_sent_is_refused():
    with pytest.raises(ConfigError, match="not a valid header name"):
        build_endpoint("p", "http://h", headers={"a b": "c"})


def test_given_headers_win_whatever_their_case():
    endpoint = build_endpoint("p", "http://h", headers={"User-Agent": "mine"})

    assert [value for name, value in endpoint.headers if name == b"user-agent"] == [b"mine"]


def test_no_repr_shows_a_secret():
    endpoint = build_endpoint(
        "p", f"https://host/v1?key={KEY}", headers={"Authorization": f"Bearer {KEY}", "X-Token": "hunter2000"}
    )

    assert KEY not in repr(endpoint)
    assert "hunter2000" not in repr(endpoint)
    assert endpoint.address == "host:443"


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        f"Incorrect API key provided: {KEY[:12]}...",
        f'{{"header": "Bearer {KEY}"}}',
        "the token urlsecret1 was refused",
        "hunter2000 is wrong",
    ],
)
def test_secrets_are_scrubbed_in_full_and_cut_short(text):
    endpoint = build_endpoint(
        "p",
        "https://host/v1?access_token=urlsecret1&model=big",
        headers={"Authorization": f"Bearer {KEY}", "X-My-Token": "hunter2000"},
    )

    scrubbed = endpoint.scrub(text)

    assert "***" in scrubbed
    for secret in (KEY[:12], "urlsecret1", "hunter2000"):
        assert secret not in scrubbed


def test_what_is_no_secret_stays():
    headers = {"Authorization": f"Bearer {KEY}", "HTTP-Referer": "https://my.app"}
    endpoint = build_endpoint("p", "https://host/v1?model=big", headers=headers)
    text = "the big model, for the bearer of news; see https://docs.example/keys"

    assert endpoint.scrub(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "key sk-ab***********wxyz",
        "key AIzaSyA1234567890abcdefghij",
        "https://h/x?api_key=abc123",
        "Bearer abc.defghijkl",
    ],
)
def test_usual_forms_of_secrets_are_found_without_knowing_them(text):
    scrubbed = scrub(text)

    assert "***" in scrubbed
    assert not {"wxyz", "AIzaSyA1234567890abcdefghij", "abc123", "abc.defghijkl"} & set(
        scrubbed.replace("=", " ").split()
    )


def test_a_bearer_token_replaces_the_header_and_is_kept_secret():
    endpoint = build_endpoint(
        "p", "http://h", headers={"authorization": "Bearer old-token"}, token_provider=str
    )

    renewed = endpoint.with_token("fresh-token-123")

    assert [value for name, value in renewed.headers if name == b"authorization"] == [
        b"Bearer fresh-token-123"
    ]
    assert "fresh-token" not in renewed.scrub("fresh-token-123 is expired")
    assert renewed.token_provider is None


def test_a_long_text_is_put_on_one_short_line():
    assert shorten("a\n  b\tc") == "a b c"
    assert len(shorten("x" * 1000)) == 300
