"""A memory of AutoGen; its extra is ``autogen``."""

from __future__ import annotations

import json
from typing import Any

from powermem.integrations import AgentMessage
from powermem.integrations._agents import Agents
from powermem.integrations._owned import AnyMemory, OwnedMemory, missing

try:
    from autogen_core import CancellationToken
    from autogen_core.memory import (
        Memory,
        MemoryContent,
        MemoryMimeType,
        MemoryQueryResult,
        UpdateContextResult,
    )
    from autogen_core.model_context import ChatCompletionContext
    from autogen_core.models import AssistantMessage, SystemMessage, UserMessage
except ImportError as error:
    raise missing("autogen", error) from error

__all__ = ["PowerMemMemory"]


class PowerMemMemory(Memory):
    """A memory of AutoGen: ``AssistantAgent(..., memory=[PowerMemMemory(...)])``.

    Before an agent answers, what is recalled for the last message of the user is put into its context. It
    learns from the messages of that context, each once; ``add`` stores a memory word for word.

    Args:
        memory: a ``powermem.Memory`` or an ``AsyncMemory``. It must stay open; ``close`` leaves it open.
        user_id: whose memory it is.
        agent_id: of which agent.
        session_id: the conversation, kept as the ``run_id`` of what is learned.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``max_tokens``.
    """

    def __init__(
        self,
        memory: AnyMemory,
        *,
        user_id: str,
        agent_id: str | None = None,
        session_id: str | None = None,
        **options: Any,
    ) -> None:
        self._session_id = session_id
        self._owned = OwnedMemory(memory, Agents(memory, **options), user_id=user_id, agent_id=agent_id)

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Learn from the context, and add a system message with what is recalled."""
        spoken = [one for message in await model_context.get_messages() if (one := _message(message))]
        block = await self._owned.recall(spoken)
        await self._owned.remember(spoken, session_id=self._session_id)
        if not block:
            return UpdateContextResult(memories=MemoryQueryResult(results=[]))
        await model_context.add_message(SystemMessage(content=block))
        content = MemoryContent(content=block, mime_type=MemoryMimeType.TEXT)
        return UpdateContextResult(memories=MemoryQueryResult(results=[content]))

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """Return the memories that answer a query, best first; none, and a warning, if that fails."""
        text = query if isinstance(query, str) else _text_of(query)
        found = await self._owned.recall_records(text, limit=kwargs.get("limit"))
        return MemoryQueryResult(
            results=[
                MemoryContent(
                    content=one["memory"],
                    mime_type=MemoryMimeType.TEXT,
                    metadata={**(one["metadata"] or {}), "id": str(one["id"]), "score": one.get("score")},
                )
                for one in found
            ]
        )

    async def add(self, content: MemoryContent, cancellation_token: CancellationToken | None = None) -> None:
        """Store a memory word for word; one that is known already stays as it is."""
        await self._owned.add(_text_of(content), run_id=self._session_id, metadata=content.metadata)

    async def clear(self) -> None:
        """Delete every memory of the user, and of the agent if one is given."""
        await self._owned.delete_all()

    async def close(self) -> None:
        """Do nothing: the memory belongs to the application."""


def _text_of(content: MemoryContent) -> str:
    given = content.content
    if isinstance(given, dict):
        return json.dumps(given, ensure_ascii=False)
    if isinstance(given, str):
        return given
    raise ValueError(f"content: expected a text or JSON, got {content.mime_type}")


def _message(message: object) -> AgentMessage | None:
    if isinstance(message, UserMessage):
        parts = [message.content] if isinstance(message.content, str) else message.content
        return AgentMessage("user", "\n".join(one for one in parts if isinstance(one, str)))
    if isinstance(message, AssistantMessage) and isinstance(message.content, str):
        return AgentMessage("assistant", message.content, None, None, message.source)
    return None
