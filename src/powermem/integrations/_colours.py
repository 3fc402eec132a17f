"""The memory of an adapter in both colours, for frameworks whose classes have sync and async methods."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from powermem import AsyncMemory, Memory
from powermem.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

B = TypeVar("B")
A = TypeVar("A")


class Colours(Generic[B, A]):
    """Makes what an adapter needs of a memory, in the colour of the call.

    Of the given colour it is made of the given memory. For calls of the other one, a counterpart of the same
    configuration is opened when it is first needed: one for each event loop, or one for all threads. It need
    not be closed.

    Args:
        memory: of either colour.
        blocking: makes the sync part.
        awaited: makes the async part.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        blocking: Callable[[Memory], B],
        awaited: Callable[[AsyncMemory], A],
    ) -> None:
        if not isinstance(memory, (Memory, AsyncMemory)):
            raise InvalidInputError(
                f"memory: expected a Memory or an AsyncMemory, got {type(memory).__name__}"
            )
        self.given = memory
        self._make_blocking = blocking
        self._make_awaited = awaited
        self._lock = threading.Lock()
        self._blocking = blocking(memory) if isinstance(memory, Memory) else None
        self._awaited = awaited(memory) if isinstance(memory, AsyncMemory) else None
        self._of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, A] = WeakKeyDictionary()

    @property
    def blocking(self) -> B:
        """The part for a caller that blocks its thread.

        Raises:
            InvalidInputError: the database is in the memory of the ``AsyncMemory``.
        """
        with self._lock:
            if self._blocking is None:
                self._blocking = self._make_blocking(_counterpart(self.given, Memory))
            return self._blocking

    @property
    def awaited(self) -> A:
        """The part for a caller on an event loop.

        Raises:
            InvalidInputError: the database is in the memory of the ``Memory``.
        """
        if self._awaited is not None:
            return self._awaited
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._of_loop.get(loop)
            if found is None:
                found = self._of_loop[loop] = self._make_awaited(_counterpart(self.given, AsyncMemory))
            return found


def _counterpart(memory: Memory | AsyncMemory, other: type[Any]) -> Any:
    """Return a memory of the other colour with the same configuration."""
    design = memory._access._design
    given, called = type(memory).__name__, "sync" if other is Memory else "async"
    article = "a" if other is Memory else "an"
    if design.key is None:
        raise InvalidInputError(
            f"memory: this {given} keeps its database in its own memory (':memory:'), which no other can "
            f"open. Pass {article} {other.__name__} for {called} calls, or give the database a file"
        )
    made = other(
        design.given, conn=design.conn, agent_id=memory._agent_id,
        auto_process=memory._auto_process, batch_threshold=memory._batch_threshold,
        max_retries=design.max_retries,
    )  # fmt: skip
    # Its engine is closed with the event loop or the process, as those of registered clients are.
    made._access.attends = True
    return made
