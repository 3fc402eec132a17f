"""What must happen around a fork, for every object that holds something a child cannot use.

A child gets a copy of its parent's memory, but of its threads only the one that forked. Locks that other
threads held stay locked for ever in the child, and what a C library knows of the parent's files is wrong
there.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

_logger = logging.getLogger("powermem")


class Forkable(Protocol):
    """An object that is told of forks; keep it alive elsewhere, it is only known by a weak reference."""

    def before_fork(self) -> None:
        """Let no thread be in the middle of something; wait for a bounded time only."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Become usable, or refuse every call with an error. No other thread runs; wait for nothing."""


_lock = threading.Lock()
_known: list[weakref.ref[Forkable]] = []
_prepared: list[Forkable] = []

# Seconds that a fork waits for what `undivided` protects.
_PATIENCE = 5.0

# Held while something begins that must not be divided, and from the end of all that until the fork is over.
_gate = threading.RLock()
_forking: set[int] = set()
_under_way: dict[Future[None], int] = {}


@contextmanager
def undivided() -> Iterator[None]:
    """Let forks by other threads wait, for some seconds, until the block is left.

    For work that takes locks of others, such as those of modules that are imported or of a C library.
    """
    end: Future[None] = Future()
    try:
        with _gate:
            _under_way[end] = threading.get_ident()
        yield
    finally:
        _under_way.pop(end, None)
        end.set_result(None)


def watch_forks(item: Forkable) -> None:
    """Tell an object of every fork from now on, until it is collected; the latest first."""
    with _lock:
        # Append and drop by assigning a new list: a reader that holds the old one is not disturbed.
        # An object that is here already, because it was opened before, is told once.
        others = [known for known in _known if known() is not None and known() is not item]
        _known[:] = [*others, weakref.ref(item)]


def free_in_child(lock: threading.Lock | threading.RLock) -> None:
    """Let a lock of a module be free in every forked child, where the thread that held it does not exist."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lock._at_fork_reinit)  # type: ignore[union-attr]


def _await_undivided() -> None:
    """Close the gate when nothing is under way, or when it took too long."""
    own = threading.get_ident()
    deadline = monotonic() + _PATIENCE
    while True:
        left = max(0.0, deadline - monotonic())
        wait([end for end, thread in list(_under_way.items()) if thread != own], left)
        if not _gate.acquire(timeout=left):
            return
        if left and any(thread != own for thread in list(_under_way.values())):
            # Another one began meanwhile.
            _gate.release()
            continue
        _forking.add(own)
        return


def _before() -> None:
    _await_undivided()
    for known in reversed(list(_known)):
        item = known()
        if item is None:
            continue
        # Noted first: after an interrupt in the middle, this one is released as well.
        _prepared.append(item)
        try:
            item.before_fork()
        except Exception:
            # The child is told by `after_fork_in_child`; a fork itself cannot be refused.
            _logger.exception("an open memory could not be prepared for a fork")


def _after_in_parent() -> None:
    while _prepared:
        try:
            _prepared.pop().after_fork_in_parent()
        except Exception:
            # The others still have to go on, and so do other threads.
            _logger.exception("an open memory could not go on after a fork")
    own = threading.get_ident()
    if own in _forking:
        _forking.remove(own)
        _gate.release()


def _after_in_child() -> None:
    global _lock, _gate
    _lock, _gate = threading.Lock(), threading.RLock()
    _forking.clear()
    _under_way.clear()
    _prepared.clear()
    for known in list(_known):
        item = known()
        if item is not None:
            item.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
