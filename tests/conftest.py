"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apiserver import ApiServer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A server that behaves like the APIs of the model providers."""
    # Whatever proxy this machine is behind, it cannot reach our loopback.
    monkeypatch.setenv("no_proxy", "*")
    with ApiServer() as server:
        yield server
