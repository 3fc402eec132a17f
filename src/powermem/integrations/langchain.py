"""Middleware for LangChain's agents; its extra is ``langchain``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

from langchain.agents.middleware.types import AgentMiddleware, AgentState, PrivateStateAttr
from langchain_core.messages import SystemMessage
from langgraph.config import get_config
from typing_extensions import NotRequired

from powermem._core.integrations.messages import AgentMessage, read_agent_messages
from powermem.integrations._agents import Agents

if TYPE_CHECKING:
    from powermem import AsyncMemory, Memory

    Id = str | Callable[[Any], str | None] | None

__all__ = ["MemoryMiddleware"]

_RECALLED = "powermem_recalled"


class MemoryState(AgentState[Any]):  # type: ignore[type-arg, misc, unused-ignore]
    """The state of an agent with this middleware; what is recalled for a turn is neither input nor output."""

    powermem_recalled: NotRequired[Annotated[str, PrivateStateAttr]]  # type: ignore[valid-type, unused-ignore]


# Not subscripted, since not all versions have the same parameters.
class MemoryMiddleware(AgentMiddleware):  # type: ignore[type-arg, unused-ignore]
    """Recalls before each turn of an agent, adds what is found to its system prompt, and remembers the turn.

    Whose memory it is, the application says. The thread of a run, if it has one, is the ``run_id`` of what is
    remembered. A failure to recall does not stop the agent; a failure to store is raised.

    Args:
        memory: of either colour; ``invoke`` uses a sync one, and ``ainvoke`` an async one. If it is of the
            other colour, one of the same configuration is opened.
        user_id: whose memory it is, or a function that tells of a run's ``runtime``.
        agent_id: of which agent, in the same way.
        run_id: of which conversation; what is recalled is then limited to it.
        options: how to recall: ``max_tokens``, ``limit``, ``threshold``, ``timeout``; see ``AgentMemory``.
    """

    state_schema = MemoryState

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: Id = None,
        agent_id: Id = None,
        run_id: Id = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
        self._agents = Agents(memory, **options)

    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any]:
        """Recall what the turn is about."""
        agent = self._agents.blocking(**self._owner(runtime))
        return {_RECALLED: agent.recall(_messages(state))}

    async def abefore_agent(self, state: Any, runtime: Any) -> dict[str, Any]:
        """Recall what the turn is about."""
        agent = self._agents.awaited(**self._owner(runtime))
        return {_RECALLED: await agent.recall(_messages(state))}

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Put what was recalled behind the system prompt."""
        return handler(_with_recalled(request))

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """Put what was recalled behind the system prompt."""
        return await handler(_with_recalled(request))

    def after_agent(self, state: Any, runtime: Any) -> None:
        """Remember the turn."""
        agent = self._agents.blocking(**self._owner(runtime))
        agent.remember(_messages(state), session_id=_thread())

    async def aafter_agent(self, state: Any, runtime: Any) -> None:
        """Remember the turn."""
        agent = self._agents.awaited(**self._owner(runtime))
        await agent.remember(_messages(state), session_id=_thread())

    def _owner(self, runtime: Any) -> dict[str, str | None]:
        return {name: given(runtime) if callable(given) else given for name, given in self._ids.items()}


def _messages(state: Any) -> list[AgentMessage]:
    # LangGraph gives messages without an id a random one, so that of a history that is passed again is
    # another each time: what was stored is told by the place of the text in the thread.
    return [one._replace(id=None, name=None) for one in read_agent_messages(state["messages"])]


def _thread() -> str | None:
    thread = get_config().get("configurable", {}).get("thread_id")
    return None if thread is None else str(thread)


def _with_recalled(request: Any) -> Any:
    block = request.state.get(_RECALLED)
    if not block:
        return request
    before = request.system_message
    if before is None:
        return request.override(system_message=SystemMessage(content=block))
    content = before.content
    if isinstance(content, str):
        content = f"{content}\n\n{block}"
    else:
        content = [*content, {"type": "text", "text": block}]
    return request.override(system_message=before.model_copy(update={"content": content}))
