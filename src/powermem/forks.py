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


def watch_forks(item: Forkable) -> None:
    """Tell an object of every fork from now on, until it is collected; the latest first."""
    with _lock:
        # Append and drop by assigning a new list: a reader that holds the old one is not disturbed.
        _known[:] = [*(known for known in _known if known() is not None), weakref.ref(item)]


def free_in_child(lock: threading.Lock | threading.RLock) -> None:
    """Let a lock of a module be free in every forked child, where the thread that held it does not exist."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lock._at_fork_reinit)  # type: ignore[union-attr]


def _before() -> None:
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
        _prepared.pop().after_fork_in_parent()


def _after_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    _prepared.clear()
    for known in list(_known):
        item = known()
        if item is not None:
            item.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
