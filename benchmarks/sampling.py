"""Note which part of the library each thread of a process is in, every millisecond.

Only the standard library is imported here, so that the start of a process can be sampled too.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from types import FrameType
from typing import Any

from .measure import run_as_child

_SECONDS = 0.001

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
# The file and the name of the functions in which a thread waits.
_WAITS = (
    ("selectors.py", "select"),
    ("_concurrency/threads.py", "_serve"),
    ("_concurrency/threads.py", "result"),
    ("concurrent/futures/thread.py", "_worker"),
    ("threading.py", "wait"),
)


@contextmanager
def sampled() -> Iterator[Counter[str]]:
    """Count, while the block runs, the samples of each part."""
    shares, ended = Counter[str](), threading.Event()
    interval = sys.getswitchinterval()

    def sample() -> None:
        own = threading.get_ident()
        while not ended.is_set():
            sleep(_SECONDS)
            for ident, frame in sys._current_frames().items():
                if ident != own and not _waits(frame):
                    shares[_part(frame)] += 1

    sampler = threading.Thread(target=sample, daemon=True)
    # Otherwise a thread would keep the interpreter for five milliseconds, and be seen mostly where it waits.
    sys.setswitchinterval(_SECONDS / 10)
    sampler.start()
    try:
        yield shares
    finally:
        ended.set()
        sampler.join()
        sys.setswitchinterval(interval)


def _waits(frame: FrameType) -> bool:
    code = frame.f_code
    return any(code.co_name == name and code.co_filename.endswith(file) for file, name in _WAITS)


def _part(innermost: FrameType) -> str:
    frame: FrameType | None = innermost
    while frame is not None:
        file = frame.f_code.co_filename
        for part, paths in PARTS:
            if any(path in file for path in paths):
                return part
        frame = frame.f_back
    return REST


def _first_result(config: dict[str, Any], query: str, user: str) -> Counter[str]:
    """Return the samples of a process from the import of the library to its first result."""
    with sampled() as shares:
        from powermem import AsyncMemory

        async def search() -> None:
            async with AsyncMemory(config) as memory:
                await memory.search(query, user_id=user)

        asyncio.run(search())
    return shares


if __name__ == "__main__":
    run_as_child(_first_result)
