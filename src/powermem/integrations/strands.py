"""A memory store of Strands Agents; its extra is ``strands``."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from powermem.integrations import AgentMessage
from powermem.integrations._agents import Agents
from powermem.integrations._owned import AnyMemory, OwnedMemory, missing

try:
    from strands.memory import MemoryEntry
except ImportError as error:
    raise missing("strands", error) from error

__all__ = ["PowerMemStore"]


# No subclass of the protocol: Strands looks at the type for what a store can do.
class PowerMemStore:
    """A store for Strands' memory manager: ``MemoryManager(stores=[PowerMemStore(...)])``.

    Strands puts what it finds before each call of the model, and hands over what was said.

    Args:
        memory: a ``Memory``, which suits ``agent(...)`` best, or an ``AsyncMemory`` for
            ``agent.invoke_async``. It must stay open.
        user_id: whose memory it is.
        agent_id: of which agent.
        session_id: the conversation, kept as the ``run_id`` of what is learned.
        name: by which tools address the store.
        description: for the model.
        max_search_results: maximum number of memories that a search returns.
        writable: whether Strands may write to it.
        extraction: whether it learns from conversations, or Strands' ``ExtractionConfig``.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``timeout``.
    """

    def __init__(
        self,
        memory: AnyMemory,
        *,
        user_id: str,
        agent_id: str | None = None,
        session_id: str | None = None,
        name: str = "powermem",
        description: str | None = "What is known about the user from earlier conversations.",
        max_search_results: int | None = 10,
        writable: bool = True,
        extraction: Any = True,
        **options: Any,
    ) -> None:
        self.name = name
        self.description = description
        self.max_search_results = max_search_results
        self.writable = writable
        self.extraction = extraction if writable else None
        self._session_id = session_id
        self._owned = OwnedMemory(memory, Agents(memory, **options), user_id=user_id, agent_id=agent_id)
        # Strands counts the messages of each agent from 0.
        self._run = uuid4().hex

    async def search(self, query: str, options: Any = None) -> list[MemoryEntry]:
        """Return the memories that answer a query, best first; none, and a warning, if that fails."""
        limit = (options or {}).get("max_search_results") or self.max_search_results
        found = await self._owned.recall_records(query, limit=limit)
        return [
            MemoryEntry(
                content=one["memory"],
                metadata={"id": str(one["id"]), "score": one.get("score"), "valid_from": one["valid_from"]},
            )
            for one in found
        ]

    async def add(self, content: str, metadata: dict[str, Any] | None = None) -> None:
        """Store a memory word for word; one that is known already stays as it is."""
        await self._owned.add(content, run_id=self._session_id, metadata=metadata)

    async def add_messages(self, messages: list[Any], context: Any = None) -> int:
        """Learn from messages, each once, however often Strands sends it."""
        numbers = getattr(context, "sequence_numbers", None) or [None] * len(messages)
        spoken = [
            AgentMessage(one["role"], _text_of(one), None if number is None else f"{self._run}:{number}")
            for one, number in zip(messages, numbers, strict=True)
        ]
        return await self._owned.remember(spoken, session_id=self._session_id)


def _text_of(message: Any) -> str:
    return "\n".join(block["text"] for block in message["content"] if "text" in block)
