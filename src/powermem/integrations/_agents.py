"""The owners whose memory an adapter reads and writes, in both colours."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from powermem._async.integrations.agent import AsyncAgentMemory
from powermem._sync.integrations.agent import AgentMemory
from powermem.integrations._colours import Colours

if TYPE_CHECKING:
    from collections.abc import Callable

    from powermem import AsyncMemory, Memory

T = TypeVar("T")
Ids = dict[str, "str | None"]

_MOST_OWNERS = 1000


class Agents:
    """What is remembered for each owner, for an adapter that serves several.

    Args:
        memory: of either colour; see ``Colours``.
        options: of ``AgentMemory``: ``max_tokens``, ``limit``, ``threshold``, ``timeout``.
    """

    def __init__(self, memory: Memory | AsyncMemory, **options: Any) -> None:
        def blocking(one: Memory, ids: Ids) -> AgentMemory:
            agent = AgentMemory(one, **{**options, **ids})
            return agent if one is memory else agent.learn_in(memory)

        def awaited(one: AsyncMemory, ids: Ids) -> AsyncAgentMemory:
            agent = AsyncAgentMemory(one, **{**options, **ids})
            return agent if one is memory else agent.learn_in(memory)

        self._owners: Colours[_Owners[AgentMemory], _Owners[AsyncAgentMemory]] = Colours(
            memory,
            lambda one: _Owners(partial(blocking, one)),
            lambda one: _Owners(partial(awaited, one)),
        )

    def blocking(self, **ids: str | None) -> AgentMemory:
        """Return the memory of an owner (``user_id``, ``agent_id``, ``run_id``), for a sync caller."""
        return self._owners.blocking.of(ids)

    def awaited(self, **ids: str | None) -> AsyncAgentMemory:
        """Return the memory of an owner, for an async caller."""
        return self._owners.awaited.of(ids)


class _Owners(Generic[T]):
    """The owners that were asked for last: each knows what of its sessions is stored."""

    def __init__(self, make: Callable[[dict[str, str | None]], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[tuple[str, str | None], ...], T] = OrderedDict()

    def of(self, ids: dict[str, str | None]) -> T:
        key = tuple(sorted(ids.items()))
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(ids)
            self._made.move_to_end(key)
            if len(self._made) > _MOST_OWNERS:
                self._made.popitem(last=False)
            return self._made[key]
