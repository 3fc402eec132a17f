"""Who may use an object: the event loop and the process that used it first."""

from __future__ import annotations

import asyncio
import os

from ..errors import ClosedError


def async_residence() -> object | None:
    """Return where the caller's work is done: its event loop, or ``None`` outside of any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def residence() -> object | None:
    """Return where the caller's work is done: on the threads of the process, wherever that is."""
    return _PROCESS


def async_has_ended(place: object) -> bool:
    """Tell whether nothing can be done any more at a place that ``async_residence`` returned."""
    return isinstance(place, asyncio.AbstractEventLoop) and place.is_closed()


def has_ended(place: object) -> bool:
    """Tell whether nothing can be done any more at a place that ``residence`` returned: never."""
    return False


_PROCESS = object()


class AsyncOwner:
    """Keep an object to one event loop of one process."""

    __slots__ = ("_loop", "_process")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    def check(self) -> None:
        """Remember the caller's event loop and process, or compare them with those remembered.

        Raises:
            ClosedError: the object belongs to another event loop, or was carried over a fork.
        """
        loop = asyncio.get_running_loop()
        process = os.getpid()
        if self._loop is loop and self._process == process:
            return
        if self._loop is None:
            self._loop, self._process = loop, process
            return
        if self._process != process:
            raise ClosedError(_forked("AsyncMemory", self._process))
        state = "closed" if self._loop.is_closed() else "still open"
        raise ClosedError(
            f"this AsyncMemory belongs to another event loop, which is {state}; "
            "make one AsyncMemory per event loop"
        )

    @property
    def forked(self) -> bool:
        """Whether the object was used before the caller's process was forked."""
        return self._process not in (0, os.getpid())

    def release(self) -> None:
        """Forget the owner; the next call of ``check`` names a new one."""
        self._loop, self._process = None, 0


class Owner:
    """Keep an object to one process; every thread of it may use the object."""

    __slots__ = ("_process",)

    def __init__(self) -> None:
        self._process = 0

    def check(self) -> None:
        """Remember the caller's process, or compare it with the one remembered.

        Raises:
            ClosedError: the object was carried over a fork.
        """
        process = os.getpid()
        if self._process == process:
            return
        if self._process:
            raise ClosedError(_forked("Memory", self._process))
        self._process = process

    @property
    def forked(self) -> bool:
        """Whether the object was used before the caller's process was forked."""
        return self._process not in (0, os.getpid())

    def release(self) -> None:
        """Forget the owner; the next call of ``check`` names a new one."""
        self._process = 0


def _forked(name: str, process: int) -> str:
    return f"this {name} belongs to process {process}, which was forked; make one {name} in each process"
