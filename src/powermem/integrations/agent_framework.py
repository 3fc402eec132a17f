"""Providers of Microsoft's Agent Framework; its extra is ``agent-framework``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from powermem.integrations import AgentMessage
from powermem.integrations._agents import Agents
from powermem.integrations._owned import AnyMemory, OwnedMemory, missing

try:
    from agent_framework import ContextProvider, HistoryProvider, Message
except ImportError as error:
    raise missing("agent-framework", error) from error

__all__ = ["PowerMemContextProvider", "PowerMemHistoryProvider"]


class PowerMemContextProvider(ContextProvider):
    """Recalls before each run of an agent, and learns after it: ``Agent(..., context_providers=[...])``.

    Args:
        memory: a ``Memory`` or an ``AsyncMemory``. It must stay open.
        user_id: whose memory it is.
        agent_id: of which agent.
        source_id: by which the framework tells the sources of a context apart.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``max_tokens``.
    """

    def __init__(
        self,
        memory: AnyMemory,
        *,
        user_id: str,
        agent_id: str | None = None,
        source_id: str = "powermem",
        **options: Any,
    ) -> None:
        super().__init__(source_id)
        self._owned = OwnedMemory(memory, Agents(memory, **options), user_id=user_id, agent_id=agent_id)

    async def before_run(self, *, agent: Any, session: Any, context: Any, state: dict[str, Any]) -> None:
        """Add what is recalled for the input to the instructions."""
        block = await self._owned.recall([_message(one) for one in context.input_messages])
        if block:
            context.extend_instructions(self.source_id, block)

    async def after_run(self, *, agent: Any, session: Any, context: Any, state: dict[str, Any]) -> None:
        """Learn from the input and the answer."""
        answered = context.response.messages if context.response is not None else []
        # The state goes with the session, so runs are told apart by their number in it.
        run = state["runs"] = int(state.get("runs", 0)) + 1
        spoken = [
            _message(one)._replace(id=one.message_id or f"{run}:{place}")
            for place, one in enumerate([*context.input_messages, *answered])
        ]
        await self._owned.remember(spoken, session_id=context.session_id)


class PowerMemHistoryProvider(HistoryProvider):
    """Keeps the messages of sessions: ``Agent(..., context_providers=[PowerMemHistoryProvider(...)])``.

    Args:
        memory: a ``Memory`` or an ``AsyncMemory``. It must stay open.
        user_id: whose sessions they are.
        agent_id: with which agent.
        source_id: by which the framework tells the sources of a context apart.
        options: arguments of the framework's ``HistoryProvider``, such as ``store_outputs``.
    """

    def __init__(
        self,
        memory: AnyMemory,
        *,
        user_id: str,
        agent_id: str | None = None,
        source_id: str = "powermem_history",
        **options: Any,
    ) -> None:
        super().__init__(source_id, **options)
        self._owned = OwnedMemory(memory, Agents(memory), user_id=user_id, agent_id=agent_id)

    async def get_messages(
        self, session_id: str | None, *, state: dict[str, Any] | None = None, **options: Any
    ) -> list[Message]:
        """Return the messages of a session, oldest first; none without a session."""
        if not session_id:
            return []
        return [Message.from_dict(item) for item in await self._owned.history(session_id)]

    async def save_messages(
        self,
        session_id: str | None,
        messages: Sequence[Message],
        *,
        state: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Append messages to a session; without a session nothing is kept."""
        if session_id:
            await self._owned.append(session_id, [one.to_dict() for one in messages])


def _message(message: Message) -> AgentMessage:
    return AgentMessage(str(message.role), message.text, message.message_id, None, message.author_name)
