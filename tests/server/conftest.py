"""Two servers that all tests of a process share: one without keys, and one that needs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.served import Served


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with Served() as server:
        yield server


@pytest.fixture(scope="session")
def locked() -> Iterator[Served]:
    with Served() as server:
        server.admin = server.key("admin")
        yield server
