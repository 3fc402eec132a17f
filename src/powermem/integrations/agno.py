"""A learning store of Agno; its extra is ``agno``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from powermem.integrations import AgentMessage
from powermem.integrations._agents import Agents
from powermem.integrations._owned import NOTHING, AnyMemory, OwnedMemory, missing

try:
    from agno.learn.stores.protocol import LearningStore
except ImportError as error:
    raise missing("agno", error) from error

__all__ = ["PowerMemStore"]


class PowerMemStore(LearningStore):
    """A learning store of Agno: ``LearningMachine(custom_stores={"powermem": PowerMemStore(memory)})``.

    What is recalled for the user's message goes into the system prompt, and what was said is learned after
    each run. Memories belong to the ``user_id`` of the run; without one nothing is recalled or learned.

    Args:
        memory: a ``Memory``, or an ``AsyncMemory`` for ``agent.arun`` only. It must stay open.
        agent_id: keeps the memories of this agent apart; by default, all agents share a user's.
        search_tool: whether the model gets a tool to search with.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``max_tokens``.
    """

    def __init__(
        self, memory: AnyMemory, *, agent_id: str | None = None, search_tool: bool = False, **options: Any
    ) -> None:
        self._memory = memory
        self._agents = Agents(memory, **options)
        self._agent_id = agent_id
        self._search_tool = search_tool
        self._updated = False

    @property
    def learning_type(self) -> str:
        """The name of what is learned."""
        return "powermem"

    @property
    def schema(self) -> Any:
        """The type of what is recalled: a text."""
        return str

    @property
    def was_updated(self) -> bool:
        """Whether the last run said something new."""
        return self._updated

    def recall(self, user_id: str | None = None, message: str | None = None, **context: Any) -> str | None:
        """Return what is recalled for the user's message; ``None`` if there is nothing."""
        if not user_id or not message:
            return None
        return self._agents.blocking(user_id=user_id, agent_id=self._agent_id).recall(message) or None

    async def arecall(
        self, user_id: str | None = None, message: str | None = None, **context: Any
    ) -> str | None:
        """As ``recall``, awaited."""
        if not user_id or not message:
            return None
        return await self._of(user_id).recall(message) or None

    def process(
        self,
        messages: list[Any],
        user_id: str | None = None,
        session_id: str | None = None,
        **context: Any,
    ) -> None:
        """Learn from the messages of a run, each once."""
        if user_id:
            agent = self._agents.blocking(user_id=user_id, agent_id=self._agent_id)
            self._updated = agent.remember(_said(messages), session_id=session_id) > 0

    async def aprocess(
        self,
        messages: list[Any],
        user_id: str | None = None,
        session_id: str | None = None,
        **context: Any,
    ) -> None:
        """As ``process``, awaited."""
        if user_id:
            self._updated = await self._of(user_id).remember(_said(messages), session_id=session_id) > 0

    def build_context(self, data: Any) -> str:
        """Return what goes into the system prompt."""
        return data or ""

    def instructions(self) -> str:
        """Return when to search, if there is a tool for it."""
        if not self._search_tool:
            return ""
        return "Use `search_memory` when an answer may depend on what the user said in earlier conversations."

    def get_tools(self, user_id: str | None = None, **context: Any) -> list[Callable[..., Any]]:
        """Return the tool to search with."""
        if not (self._search_tool and user_id):
            return []
        agent = self._agents.blocking(user_id=user_id, agent_id=self._agent_id)

        def search_memory(query: str) -> str:
            """Search what the user said in earlier conversations.

            Args:
                query: what to search for.
            """
            return agent.recall(query) or NOTHING

        return [search_memory]

    async def aget_tools(self, user_id: str | None = None, **context: Any) -> list[Callable[..., Any]]:
        """As ``get_tools``, for ``agent.arun``."""
        if not (self._search_tool and user_id):
            return []
        owned = self._of(user_id)

        async def search_memory(query: str) -> str:
            """Search what the user said in earlier conversations.

            Args:
                query: what to search for.
            """
            return await owned.recall(query) or NOTHING

        return [search_memory]

    def _of(self, user_id: str) -> OwnedMemory:
        return OwnedMemory(self._memory, self._agents, user_id=user_id, agent_id=self._agent_id)


def _said(messages: Iterable[Any]) -> list[AgentMessage]:
    # Agno learns while the model is still answering; the answer comes along with the history of the next run.
    return [
        AgentMessage(one.role, one.get_content_string(), one.id, one.created_at, one.name) for one in messages
    ]
