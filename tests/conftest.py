"""Fixtures for all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.apiserver import ApiServer
from tests.support.chatserver import ChatServer
from tests.support.databases import (
    add_option,
    choose,
    new_vector_store,
    server,
    shared,
    spread,
    store,
    vector_store,
)
from tests.support.servers import (
    mariadb_server,
    mysql_config,
    oceanbase_config,
    poolers,
    postgres_config,
    postgres_server,
    seekdb_server,
)

# Under `nohup`, or as a background job of a shell, SIGINT is ignored from the start and Python installs no
# handler: tests that interrupt a call, and the processes that they start, would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
settings.register_profile("powermem", deadline=None)
settings.load_profile("powermem")

__all__ = [
    "api",
    "chats",
    "mariadb_server",
    "mysql_config",
    "new_vector_store",
    "oceanbase_config",
    "poolers",
    "postgres_config",
    "postgres_server",
    "seekdb_server",
    "server",
    "shared",
    "store",
    "vector_store",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options to the command line."""
    add_option(parser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run marked tests on every database."""
    spread(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out databases that are not wanted, before marks are looked at."""
    choose(config, items)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A server that behaves like the APIs of the model providers."""
    # Whatever proxy this machine is behind, it cannot reach our loopback.
    monkeypatch.setenv("no_proxy", "*")
    with ApiServer() as server:
        yield server


@pytest.fixture
def chats(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A server that chats in the forms of the providers."""
    monkeypatch.setenv("no_proxy", "*")
    with ChatServer() as server:
        yield server
