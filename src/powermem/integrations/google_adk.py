"""A memory service of Google's Agent Development Kit; its extra is ``google-adk``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from powermem.integrations import AgentMessage
from powermem.integrations._agents import Agents
from powermem.integrations._owned import AnyMemory, OwnedMemory, missing
from powermem.types import MemoryRecord

try:
    from google.adk.memory import BaseMemoryService
    from google.adk.memory.base_memory_service import SearchMemoryResponse
    from google.adk.memory.memory_entry import MemoryEntry
    from google.genai import types
except ImportError as error:
    raise missing("google-adk", error) from error

if TYPE_CHECKING:
    from google.adk.events.event import Event
    from google.adk.sessions import Session

__all__ = ["PowerMemMemoryService"]


class PowerMemMemoryService(BaseMemoryService):
    """A memory service of ADK: ``Runner(..., memory_service=PowerMemMemoryService(memory))``.

    Memories belong to the ``user_id``, and to the ``app_name`` as their agent. ADK's tools
    ``load_memory`` and ``preload_memory`` find them.

    Args:
        memory: a ``Memory`` or an ``AsyncMemory``. It must stay open.
        limit: maximum number of memories that a search returns.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``timeout``.
    """

    def __init__(self, memory: AnyMemory, *, limit: int = 10, **options: Any) -> None:
        self._memory = memory
        self._agents = Agents(memory, limit=limit, **options)

    async def add_session_to_memory(self, session: Session) -> None:
        """Remember a session. Of one that is added again, longer, only what is new is stored."""
        await self._remember(session.app_name, session.user_id, session.id, session.events)

    async def add_events_to_memory(
        self,
        *,
        app_name: str,
        user_id: str,
        events: Sequence[Event],
        session_id: str | None = None,
        custom_metadata: Mapping[str, object] | None = None,
    ) -> None:
        """Remember events, each once. ``custom_metadata`` is not used."""
        await self._remember(app_name, user_id, session_id, events)

    async def add_memory(
        self,
        *,
        app_name: str,
        user_id: str,
        memories: Sequence[MemoryEntry],
        custom_metadata: Mapping[str, object] | None = None,
    ) -> None:
        """Store memories word for word, each once."""
        for entry in memories:
            text = _text_of(entry.content)
            if text.strip():
                await self._of(app_name, user_id).add(
                    text,
                    metadata={**(custom_metadata or {}), **entry.custom_metadata},
                    actor_id=entry.author,
                    timestamp=entry.timestamp,
                    idempotency_key=None if entry.id is None else f"adk:{entry.id}",
                )

    async def search_memory(self, *, app_name: str, user_id: str, query: str) -> SearchMemoryResponse:
        """Return the memories that answer a query, best first; none, and a warning, if that fails."""
        found = await self._of(app_name, user_id).recall_records(query)
        return SearchMemoryResponse(memories=[_entry(one) for one in found])

    async def delete_memory(self, *, app_name: str, user_id: str, memory_id: str | None = None) -> None:
        """Delete a memory by the id that a search returned."""
        if memory_id:
            await self._of(app_name, user_id).delete(memory_id)

    async def _remember(
        self, app_name: str, user_id: str, session_id: str | None, events: Iterable[Event]
    ) -> None:
        messages = [_message(event) for event in events if event.content is not None and not event.partial]
        await self._of(app_name, user_id).remember(messages, session_id=session_id or None)

    def _of(self, app_name: str, user_id: str) -> OwnedMemory:
        return OwnedMemory(self._memory, self._agents, user_id=user_id, agent_id=app_name)


def _message(event: Event) -> AgentMessage:
    user = event.author == "user"
    return AgentMessage(
        "user" if user else "assistant",
        _text_of(event.content),
        event.id or None,
        event.timestamp,
        None if user else event.author,
    )


def _text_of(content: types.Content | None) -> str:
    parts = (content.parts if content is not None else None) or []
    return "\n".join(part.text for part in parts if part.text and not part.thought)


def _entry(found: MemoryRecord) -> MemoryEntry:
    kept: dict[str, Any] = {**(found["metadata"] or {})}
    return MemoryEntry(
        id=str(found["id"]),
        content=types.Content(role="user", parts=[types.Part(text=found["memory"])]),
        author=found["actor_id"] or None,
        timestamp=found["valid_from"],
        custom_metadata=kept,
    )
