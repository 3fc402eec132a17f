"""Hooks around a fork, for objects with state that a child process cannot use.

A child inherits its parent's memory, but of the threads only the one that forked. Locks held by other threads
stay locked forever in the child, and what C libraries know about the parent's open files is wrong there.
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
    """An object with hooks around a fork. Only a weak reference to it is kept."""

    def before_fork(self) -> None:
        """Stop activity in other threads; wait only for a bounded time."""

    def after_fork_in_parent(self) -> None:
        """Resume activity."""

    def after_fork_in_child(self) -> None:
        """Become usable again, or make every call raise an error. No other thread runs, so do not wait."""


_lock = threading.Lock()
_known: list[weakref.ref[Forkable]] = []
_prepared: list[Forkable] = []

# Seconds that a fork waits for blocks of `undivided`.
_PATIENCE = 5.0

# Held while such a block is entered, and from the end of all of them to the end of the fork.
_gate = threading.RLock()
_forking: set[int] = set()
_under_way: dict[Future[None], int] = {}


@contextmanager
def undivided() -> Iterator[None]:
    """Make forks by other threads wait, for at most a few seconds, until the block ends.

    For work that takes locks outside of powermem's control, such as import locks or those of a C library.
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
    """Call the hooks of an object at every fork until it is garbage-collected; latest objects first."""
    with _lock:
        # Replaces the contents at once, so that a concurrent iteration is not disturbed. An object that is
        # registered already, because it was opened before, moves to the end.
        others = [known for known in _known if known() is not None and known() is not item]
        _known[:] = [*others, weakref.ref(item)]


def free_in_child(lock: threading.Lock | threading.RLock) -> None:
    """Release a module's lock in every forked child, where the thread that held it does not exist."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lock._at_fork_reinit)  # type: ignore[union-attr]


def _await_undivided() -> None:
    """Take the gate once no block of `undivided` is running, or give up after `_PATIENCE` seconds."""
    own = threading.get_ident()
    deadline = monotonic() + _PATIENCE
    while True:
        left = max(0.0, deadline - monotonic())
        wait([end for end, thread in list(_under_way.items()) if thread != own], left)
        if not _gate.acquire(timeout=left):
            return
        if left and any(thread != own for thread in list(_under_way.values())):
            # Another block was entered before the gate was taken.
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
        # Recorded first, so that it is resumed even if an interrupt strikes in its hook.
        _prepared.append(item)
        try:
            item.before_fork()
        except Exception:
            # A fork cannot be refused; `after_fork_in_child` still makes the child safe.
            _logger.exception("an open memory could not be prepared for a fork")


def _after_in_parent() -> None:
    while _prepared:
        try:
            _prepared.pop().after_fork_in_parent()
        except Exception:
            # The other objects and threads must be resumed all the same.
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
