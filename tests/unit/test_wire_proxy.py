"""Which proxy the environment names."""

from __future__ import annotations

import pytest

from powermem._core.wire.endpoint import proxy_for
from powermem.errors import ConfigError

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_variables_there_is_none():
    assert proxy_for("https", "api.example", 443) is None


@pytest.mark.parametrize(
    ("name", "value", "url", "auth"),
    [
        ("https_proxy", "http://proxy:3128", "http://proxy:3128", None),
        ("HTTPS_PROXY", "proxy:3128", "http://proxy:3128", None),
        ("HTTPS_PROXY", " localhost:3128 ", "http://localhost:3128", None),
        ("HTTPS_PROXY", "me:p%40ss@proxy:3128", "http://proxy:3128", ("me", "p@ss")),
        ("HTTPS_PROXY", "10.0.0.1:3128", "http://10.0.0.1:3128", None),
        ("all_proxy", "socks5://proxy", "socks5://proxy:1080", None),
        ("https_proxy", "http://me:p%40ss@proxy", "http://proxy:80", ("me", "p@ss")),
        ("https_proxy", "https://[::1]:8443", "https://[::1]:8443", None),
    ],
)
def test_a_proxy_is_found(monkeypatch, name, value, url, auth):
    monkeypatch.setenv(name, value)

    assert proxy_for("https", "api.example", 443) == (url, auth)


def test_another_schemes_proxy_is_not_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy")

    assert proxy_for("https", "api.example", 443) is None


@pytest.mark.parametrize(
    "value", ["*", "api.example", ".example", "other.example,api.example", "api.example:443"]
)
def test_no_proxy_is_honoured(monkeypatch, value):
    monkeypatch.setenv("https_proxy", "http://proxy")
    monkeypatch.setenv("no_proxy", value)

    assert proxy_for("https", "api.example", 443) is None


@pytest.mark.parametrize(
    "value",
    [
        "ftp://me:hunter2@proxy",
        "http://me:hunter2@",
        "http://me:hunter2@proxy:port",
        "http:/proxy:3128",
        "https:proxy",
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_showing_it(monkeypatch, value):
    monkeypatch.setenv("https_proxy", value)

    with pytest.raises(ConfigError, match="proxy set in the environment") as caught:
        proxy_for("https", "api.example", 443)

    assert "hunter2" not in str(caught.value)
