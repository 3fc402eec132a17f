"""Tell which part of the library the threads of a process spend their processor time in.

Each call and return of a Python function is noted, with the time that its thread has used until then. What
noting takes is measured and left out. Only the standard library is imported here, so that the start of a
process can be profiled too.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import thread_time_ns
from types import CodeType
from typing import Any

from .measure import run_as_child

# The innermost function whose file has one of these in its path decides.
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("compiling expressions", ("/re/_", "/sre_")),
    ("loading modules", ("importlib",)),
    ("configuration", ("pydantic", "powermem/config/")),
    ("HTTP", ("/httpcore/", "/h11/", "/anyio/", "_drivers/_http.py", "/providers/", "_core/wire/", "ssl.py")),
    ("SQLite", ("powermem/_sqlite/",)),
    (
        "statements and rows",
        ("_core/sql/", "_core/changes/", "_core/values.py", "_core/ids.py", "_core/clock.py"),
    ),
    ("words and terms", ("_core/text/", "_core/messages/")),
    ("ranking", ("_core/ranking/",)),
    (
        "reading facts and checking them",
        ("_core/rules/", "_core/grounding/", "_core/parsing/", "_core/prompts/"),
    ),
    ("event loop and threads", ("asyncio/", "selectors.py", "_concurrency/", "queue.py", "threading.py")),
    ("calls, checks and results", ("powermem/",)),
)

REST = "the rest"
# What has called all that is noted: the event loop, or the loop of a thread.
_BELOW = "event loop and threads"
# Calls of a function that does nothing, by which the noting is measured.
_CALLS = 20_000


class _Thread(threading.local):
    """The functions that a thread is in, by their parts, and its processor time when that last changed."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.since = thread_time_ns()


@contextmanager
def profiled() -> Iterator[Counter[str]]:
    """Count, while the block runs, the nanoseconds of processor time of each part; needs Python 3.12."""
    if sys.version_info < (3, 12):
        raise SystemExit("profiles need Python 3.12")
    shares, noted = Counter[str](), Counter[str]()
    thread, monitoring = _Thread(), sys.monitoring
    events, tool = monitoring.events, monitoring.PROFILER_ID

    def enter(code: CodeType, *_: object) -> None:
        now, parts = thread_time_ns(), thread.parts
        below = parts[-1] if parts else _BELOW
        shares[below] += now - thread.since
        noted[below] += 1
        parts.append(_part(code.co_filename) or below)
        thread.since = thread_time_ns()

    def leave(code: CodeType, *_: object) -> None:
        now, parts = thread_time_ns(), thread.parts
        part = parts.pop() if parts else _BELOW
        shares[part] += now - thread.since
        noted[part] += 1
        thread.since = thread_time_ns()

    entering = (events.PY_START, events.PY_RESUME, events.PY_THROW)
    leaving = (events.PY_RETURN, events.PY_YIELD, events.PY_UNWIND)
    monitoring.use_tool_id(tool, __name__)
    for event in (*entering, *leaving):
        monitoring.register_callback(tool, event, enter if event in entering else leave)
    monitoring.set_events(tool, sum(entering) + sum(leaving))
    try:
        for _ in range(_CALLS):
            _nothing()
        each = shares.total() / noted.total()
        shares.clear()
        noted.clear()
        yield shares
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
    for part, number in noted.items():
        shares[part] = max(0, shares[part] - round(each * number))


def _nothing() -> None: ...


@cache
def _part(file: str) -> str | None:
    """Return the part of the library that a file belongs to."""
    return next((part for part, paths in PARTS if any(path in file for path in paths)), None)


def _first_result(config: dict[str, Any], query: str, user: str) -> Counter[str]:
    """Return the profile of a process from the import of the library to its first result."""
    with profiled() as shares:
        from powermem import AsyncMemory

        async def search() -> None:
            async with AsyncMemory(config) as memory:
                await memory.search(query, user_id=user)

        asyncio.run(search())
    return shares


if __name__ == "__main__":
    run_as_child(_first_result)
