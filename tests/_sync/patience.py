# Generated from tests/_async/patience.py by scripts/run_unasync.py; edit that file instead.
"""Waiting in tests for what is done elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from powermem import Memory
from powermem._concurrency import sleep

# Seconds after which a test that waits in vain fails.
PATIENCE = 120


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        sleep(0.002)


def comes(ask: Callable[[], object], wanted: object) -> None:
    """Wait until a question has this answer."""
    deadline = time.monotonic() + PATIENCE
    while (answer := ask()) != wanted:
        assert time.monotonic() < deadline, f"it stayed {answer!r}"
        sleep(0.002)


def known(memory: Memory, user_id: str | None = None) -> list[str]:
    """Return what a memory holds of a user, sorted."""
    return sorted(item["memory"] for item in (memory.get_all(user_id=user_id))["results"])
