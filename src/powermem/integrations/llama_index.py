"""A memory block of LlamaIndex; its extra is ``llama-index``."""

from __future__ import annotations

from typing import Any

from powermem.integrations import AgentMessage
from powermem.integrations._agents import Agents
from powermem.integrations._owned import OwnedMemory, missing
from powermem.tokens import estimate_tokens

try:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.core.bridge.pydantic import Field, PrivateAttr
    from llama_index.core.memory import BaseMemoryBlock
except ImportError as error:
    raise missing("llama-index", error) from error

__all__ = ["PowerMemBlock"]


class PowerMemBlock(BaseMemoryBlock[str]):
    """A memory block of LlamaIndex: ``Memory.from_defaults(memory_blocks=[PowerMemBlock(...)])``.

    LlamaIndex hands a block the messages that no longer fit into the chat history. This one also learns
    from the history that it is shown when an agent runs, so what the user says is remembered at once.
    Each message is stored once.

    Args:
        memory: a ``powermem.Memory`` or an ``AsyncMemory``. It must stay open.
        user_id: whose memory it is.
        agent_id: of which agent.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``max_tokens``.
    """

    name: str = Field(default="LongTermMemory", description="The name of the memory block.")
    description: str | None = Field(default="What is known about the user from earlier conversations.")
    priority: int = Field(default=1, description="Priority of this block; 0 is never truncated.")
    user_id: str = Field(description="Whose memory it is.")
    agent_id: str | None = Field(default=None, description="Of which agent.")
    _owned: OwnedMemory = PrivateAttr()

    def __init__(self, memory: Any, *, options: dict[str, Any] | None = None, **fields: Any) -> None:
        super().__init__(**fields)
        agents = Agents(memory, **(options or {}))
        self._owned = OwnedMemory(memory, agents, user_id=self.user_id, agent_id=self.agent_id)

    async def _aget(
        self, messages: list[ChatMessage] | None = None, session_id: str | None = None, **options: Any
    ) -> str:
        """Learn from the messages, and return what is recalled for the last one of the user."""
        spoken = [_message(one) for one in messages or []]
        recalled = await self._owned.recall(spoken)
        await self._owned.remember(spoken, session_id=session_id)
        return recalled

    async def _aput(self, messages: list[ChatMessage]) -> None:
        """Learn from messages that leave the chat history."""
        sessions: dict[str | None, list[AgentMessage]] = {}
        for one in messages:
            sessions.setdefault(one.additional_kwargs.get("session_id"), []).append(_message(one))
        for session_id, spoken in sessions.items():
            await self._owned.remember(spoken, session_id=session_id)

    async def atruncate(self, content: str, tokens_to_truncate: int) -> str | None:
        """Leave out the last memories of a block; return ``None`` if none is left."""
        opening, heading, *lines, closing = content.split("\n")
        budget = estimate_tokens(content) - tokens_to_truncate
        while lines:
            shorter = "\n".join([opening, heading, *lines, closing])
            if estimate_tokens(shorter) <= budget:
                return shorter
            del lines[-1]
        return None


def _message(message: ChatMessage) -> AgentMessage:
    return AgentMessage(message.role.value, message.content or "")
