"""A session of OpenAI Agents; its extra is ``openai-agents``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from powermem.integrations._agents import Agents
from powermem.integrations._owned import NOTHING, AnyMemory, OwnedMemory, missing

try:
    from agents import FunctionTool, SessionSettings, function_tool
    from agents.memory import SessionABC
    from agents.run import CallModelData, ModelInputData
except ImportError as error:
    raise missing("openai-agents", error) from error

__all__ = ["PowerMemSession"]

_RECALL = (
    "Recall what is known about the user from earlier conversations. Use it when the answer may depend on "
    "what the user said before."
)


class PowerMemSession(SessionABC):
    """A session of OpenAI Agents whose items are kept, and from which long-term memories are learned.

    ``Runner.run(agent, input, session=session)`` reads and extends it. What the user and the agent say is
    remembered for the user, across sessions. It is recalled by ``recall_tool()``, which the model
    calls, or by ``recall_filter``, which adds it to the instructions of each call.

    Args:
        session_id: the session.
        memory: a ``Memory``, which suits ``Runner.run_sync`` too, or an ``AsyncMemory``. It must stay open.
        user_id: whose session it is.
        agent_id: with which agent.
        session_settings: the number of items that a run reads, as in ``SessionSettings(limit=50)``.
        options: further arguments of ``powermem.integrations.AgentMemory``, such as ``max_tokens``.
    """

    def __init__(
        self,
        session_id: str,
        memory: AnyMemory,
        *,
        user_id: str,
        agent_id: str | None = None,
        session_settings: SessionSettings | None = None,
        **options: Any,
    ) -> None:
        self.session_id = session_id
        self.session_settings = session_settings or SessionSettings()
        self._owned = OwnedMemory(memory, Agents(memory, **options), user_id=user_id, agent_id=agent_id)

    async def get_items(self, limit: int | None = None) -> list[Any]:
        """Return the latest items, oldest first."""
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        return await self._owned.history(self.session_id, None if limit is None else max(0, limit))

    async def add_items(self, items: list[Any]) -> None:
        """Append items, and remember what was said in them."""
        if not items:
            return
        # With all that was said before, so that repeated words count as often as they were said. Before the
        # items are appended: if that fails, the runner adds them again, and they are learned once.
        said = await self._owned.history(self.session_id)
        await self._owned.remember([*said, *items], session_id=self.session_id)
        await self._owned.append(self.session_id, items)

    async def pop_item(self) -> Any:
        """Remove the latest item and return it; ``None`` if there is none. Memories stay."""
        return await self._owned.pop(self.session_id)

    async def clear_session(self) -> None:
        """Remove all items. What was learned from them stays."""
        await self._owned.clear(self.session_id)

    def recall_tool(self, name: str = "recall_memories", description: str = _RECALL) -> FunctionTool:
        """Return a tool with which the model recalls what the user said, in any session.

        Args:
            name: of the tool.
            description: when to use it, for the model.
        """

        async def recall(query: str) -> str:
            return await self._owned.recall(query) or NOTHING

        return function_tool(recall, name_override=name, description_override=description)

    async def recall_filter(self, data: CallModelData[Any]) -> ModelInputData:
        """Add what is recalled to the instructions of a call: ``RunConfig(call_model_input_filter=...)``."""
        block = await self._owned.recall(data.model_data.input)
        if not block:
            return data.model_data
        instructions = "\n\n".join(filter(None, [data.model_data.instructions, block]))
        return replace(data.model_data, instructions=instructions)
