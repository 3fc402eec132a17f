"""Reading what a report shows."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import timezone
from functools import partial

from ..._core import clock
from ..._core.filters.parse import parse as parse_filters
from ..._core.inputs import File
from ..._core.report import page
from ..._core.report.figures import Figures
from ..._core.tasks.task import Preference
from ..._core.transfer.files import LineWriter
from ..._core.values import Row, Scope, Turn
from ..stores.base import AsyncStore
from .exporting import PAGE, async_acquire, async_outlast

_BATCH = 200
"""Memories that are held at a time, with their history and their messages."""


class AsyncReporter:
    """Writes a user's memories over time as one HTML file, in constant memory.

    Args:
        store: the store.
        scope: whose memories.
        latest: how many memories to show, the latest ones; all are counted.
    """

    def __init__(self, store: AsyncStore, scope: Scope, latest: int) -> None:
        self._store = store
        self._scope = scope
        self._latest = latest

    async def write(self, target: File) -> dict[str, int]:
        """Write the report.

        Args:
            target: the file, or one that is open for writing.

        Returns:
            How many memories there are, and how many of them are shown.
        """
        writer = await async_acquire(partial(LineWriter, target), LineWriter.abandon)
        try:
            now = clock.now()
            figures = await self._count(now)
            ids = figures.latest()
            preferences = await self._preferences()
            await async_outlast(partial(writer.write, page.head(self._scope, figures, preferences, now)))
            await async_outlast(partial(writer.write, page.timeline(figures, ids)))
            month, shown = "", frozenset(ids)
            async for batch in self._entries(ids):
                pieces, month = page.entries(batch, month, shown)
                await async_outlast(partial(writer.write, pieces))
            await async_outlast(partial(writer.write, page.foot()))
            await async_outlast(writer.finish)
        except BaseException:
            writer.abandon()
            raise
        return {"memories": figures.total, "shown": len(ids)}

    async def _count(self, now: int) -> Figures:
        figures = Figures(self._latest, now)
        after = 0
        while memories := await self._store.scan(self._scope, None, after, PAGE, vectors=False):
            after = memories[-1].row.id
            for stored in memories:
                figures.add(stored.row)
        return figures

    async def _preferences(self) -> Sequence[Preference]:
        found: deque[Preference] = deque(maxlen=page.MOST_PREFERENCES)
        after = 0
        while preferences := await self._store.preferences(self._scope, after=after, limit=PAGE):
            after = preferences[-1].id
            found.extend(preferences)
        return found

    async def _entries(self, ids: Sequence[int]) -> AsyncIterator[list[page.Entry]]:
        for start in range(0, len(ids), _BATCH):
            wanted = list(ids[start : start + _BATCH])
            among = parse_filters({"id": {"in": wanted}}, timezone.utc)
            found = {
                stored.row.id: stored
                for stored in await self._store.scan(self._scope, among, 0, _BATCH, vectors=False)
            }
            turns = await self._turns(sorted({turn for stored in found.values() for turn in stored.turns}))
            replaced: dict[int, list[Row]] = {}
            for row in await self._store.superseded(list(found), user_id=self._scope.user_id):
                replaced.setdefault(row.superseded_by or 0, []).append(row)
            yield [
                page.Entry(
                    stored,
                    [turns[turn] for turn in stored.turns if turn in turns],
                    replaced.get(stored.row.id, ()),
                )
                # One that was deleted in the meantime is left out.
                for stored in (found[each] for each in wanted if each in found)
            ]

    async def _turns(self, ids: Sequence[int]) -> dict[int, Turn]:
        return {turn.id: turn for turn in await self._store.get_turns(ids)} if ids else {}
