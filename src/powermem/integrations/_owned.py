"""One owner's memory for frameworks that call from coroutines, and what their adapters share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from powermem import AsyncMemory, Memory
from powermem._core.hints.extras import pip_install
from powermem.errors import ClosedError
from powermem.integrations._agents import Agents

if TYPE_CHECKING:
    from powermem.types import MemoryRecord

AnyMemory: TypeAlias = "Memory | AsyncMemory"


NOTHING = "Nothing is remembered about that."
"""The answer of a tool that recalls, when nothing is found."""


class OwnedMemory:
    """What an agent remembers and recalls for one owner; see ``AgentMemory``, whose methods it awaits.

    A ``Memory`` is called on threads, so callers may come from any event loop, such as those that
    frameworks make for each run of an agent that is not awaited. An ``AsyncMemory`` is called on its own
    event loop; elsewhere, a ``Memory`` of the same configuration takes its place.

    Args:
        memory: of either colour. It must stay open.
        agents: made of it.
        ids: ``user_id``, ``agent_id``, ``run_id``.
    """

    def __init__(self, memory: AnyMemory, agents: Agents, **ids: str | None) -> None:
        self._memory = memory
        self._agents = agents
        self._ids = ids

    async def recall(self, messages: str | Iterable[Any]) -> str:
        """Return a block of what is remembered."""
        found: str = await self._call("recall", messages)
        return found

    async def recall_records(
        self, messages: str | Iterable[Any], *, limit: int | None = None
    ) -> list[MemoryRecord]:
        """Return the memories that answer a query; none if it fails."""
        found: list[MemoryRecord] = await self._call("recall_records", messages, limit=limit)
        return found

    async def remember(self, messages: str | Iterable[Any], *, session_id: str | None = None) -> int:
        """Store what was said, each message once."""
        count: int = await self._call("remember", messages, session_id=session_id)
        return count

    async def add(self, text: str, **options: Any) -> None:
        """Store a memory word for word, unless it is known."""
        await self._call("memory.add", text, infer=False, **{**self._ids, **options})

    async def delete(self, memory_id: str) -> None:
        """Delete one memory of the owner."""
        await self._call("memory.delete", memory_id, **self._ids)

    async def delete_all(self) -> None:
        """Delete every memory of the owner."""
        await self._call("memory.delete_all", **self._ids)

    async def history(self, session_id: str, limit: int | None = None) -> list[Any]:
        """Return the latest items of a session, oldest first."""
        found: list[Any] = await self._call("history.items", limit, session_id=session_id)
        return found

    async def append(self, session_id: str, items: Sequence[Any]) -> None:
        """Append items to a session."""
        await self._call("history.append", items, session_id=session_id)

    async def pop(self, session_id: str) -> Any:
        """Remove the latest item of a session and return it."""
        return await self._call("history.pop", session_id=session_id)

    async def clear(self, session_id: str) -> None:
        """Remove all items of a session."""
        await self._call("history.clear", session_id=session_id)

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        blocking = self._blocks()
        agent: Any = self._agents.blocking(**self._ids) if blocking else self._agents.awaited(**self._ids)
        part, _, method = name.rpartition(".")
        target: Any = agent
        if part == "history":
            target = agent.history(options.pop("session_id"))
        elif part:
            target = getattr(agent, part)
        called = getattr(target, method)
        return await (asyncio.to_thread(called, *args, **options) if blocking else called(*args, **options))

    def _blocks(self) -> bool:
        if isinstance(self._memory, Memory):
            return True
        try:
            self._memory._access.check_place()
        except ClosedError:
            return True
        return False


def missing(extra: str, error: ImportError) -> ImportError:
    """Return the error for a framework that is not installed."""
    name = error.name or str(error)
    return ImportError(
        f"powermem.integrations needs {name}, which is not installed; run: {pip_install(extra)}",
        name=error.name,
    )
