"""The history of one session of an agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..._core import clock
from ..._core.changes.writes import DeleteTurns
from ..._core.inputs import check_count, check_text_given, named
from ..._core.integrations.items import read_item, session_scope, write_items
from ..._core.values import Scope

if TYPE_CHECKING:
    from ..memory import AsyncMemory


@named("AsyncSessionHistory")
class AsyncSessionHistory:
    """The items of one session, as an agent framework passes them: any JSON, kept as it is.

    They are stored beside the memories of their owner, go with them in ``delete_all``, and are not searched.

    Args:
        memory: where they are stored.
        session_id: of the session.
        user_id: whose session it is.
        agent_id: with which agent.
        run_id: an outer conversation, if the application has one.
    """

    def __init__(
        self,
        memory: AsyncMemory,
        session_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        self.session_id = check_text_given(session_id, "session_id")
        self._memory = memory
        self._scope: Scope = session_scope(memory._scope(user_id, agent_id, run_id), self.session_id)

    async def items(self, limit: int | None = None) -> list[Any]:
        """Return the latest items, oldest first.

        Args:
            limit: maximum number of items; all if ``None``.
        """
        count = None if limit is None else check_count(limit, "limit", least=0)
        components = await self._memory._ready()
        return [read_item(turn) for turn in await components.store.said(self._scope, count)]

    async def append(self, items: Sequence[Any]) -> None:
        """Append items.

        Raises:
            InvalidInputError: one is no JSON; none was stored.
        """
        changes = write_items(items, self._scope, clock.now())
        components = await self._memory._ready()
        if changes:
            await components.store.apply(changes)

    async def pop(self) -> Any:
        """Remove the latest item and return it; ``None`` if there is none."""
        components = await self._memory._ready()
        while turns := await components.store.said(self._scope, 1):
            (deleted,) = await components.store.apply([DeleteTurns(self._scope, [turns[0].id])])
            # Another caller may have taken it in the meantime.
            if deleted:
                return read_item(turns[0])
        return None

    async def clear(self) -> None:
        """Remove all items."""
        components = await self._memory._ready()
        await components.store.apply([DeleteTurns(self._scope)])
