"""Writing memories to a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar

from ..._concurrency import async_shield, async_to_thread
from ..._core.filters.expression import Expression
from ..._core.inputs import File, Listener
from ..._core.transfer.files import LineWriter
from ..._core.transfer.lines import Header, write_header, write_item
from ..._core.transfer.sources import Page
from ..._core.values import Scope, Stored
from ...types import ExportResult
from ..stores.base import AsyncStore
from .progress import AsyncProgress

T = TypeVar("T")


async def async_acquire(make: Callable[[], T], close: Callable[[T], object]) -> T:
    """Open something on a thread; close it when the caller is cancelled in the meantime."""
    opened: list[T] = []

    def note() -> None:
        opened.append(make())

    try:
        await async_outlast(note)
    except BaseException:
        for each in opened:
            close(each)
        raise
    return opened[0]


async def async_outlast(work: Callable[[], T]) -> T:
    """Call a function on a thread; a caller who is cancelled waits for its end."""
    return await async_shield(partial(async_to_thread, work))


PAGE = 1024
"""Memories per page; about 8 MB with vectors of 1536 dimensions. A power of two: SQLite then inserts them by
the fewest statements."""


class AsyncExporter:
    """Reads all data in a store.

    Args:
        store: the store.
        scope: whose memories to read.
        expression: filter for memories. With a filter, only their source turns are read, and no preferences
            and no deleted memories.
        vectors: whether to include vectors.
    """

    def __init__(
        self, store: AsyncStore, scope: Scope, expression: Expression | None, *, vectors: bool
    ) -> None:
        self._store = store
        self._scope = scope
        self._expression = expression
        self._vectors = vectors

    async def pages(self) -> AsyncIterator[Page]:
        """Yield all pages; a turn comes before or together with the memories extracted from it."""
        if self._expression is None:
            after = 0
            while turns := await self._store.scan_turns(self._scope, after, PAGE):
                after = turns[-1].id
                yield Page(turns=turns)
        after = 0
        while memories := await self._scan(after):
            after = memories[-1].row.id
            page = Page(memories=memories)
            if self._expression is not None:
                linked = {turn for stored in memories for turn in stored.turns}
                page.turns = await self._store.get_turns(sorted(linked))
            yield page
        if self._expression is None:
            after = 0
            while preferences := await self._store.preferences(self._scope, after=after, limit=PAGE):
                after = preferences[-1].id
                yield Page(preferences=preferences)
        # The history of a deleted memory does not contain its scope.
        if self._expression is None and self._scope == Scope():
            after = 0
            while history := await self._store.scan_deleted(after, PAGE):
                after = history[-1].id
                yield Page(history=history)

    async def _scan(self, after: int) -> list[Stored]:
        return await self._store.scan(self._scope, self._expression, after, PAGE, vectors=self._vectors)

    async def write(self, target: File, listener: Listener | None) -> ExportResult:
        """Write everything to a file.

        Returns:
            How many memories, turns and entries of deleted memories were written.
        """
        header = Header(await self._store.identity() if self._vectors else None)
        progress = AsyncProgress(listener)
        counts: ExportResult = {"exported": 0, "turns": 0, "deleted": 0}
        writer = await async_acquire(partial(LineWriter, target), LineWriter.abandon)
        try:
            await async_outlast(partial(writer.write, [write_header(header)]))
            async for page in self.pages():
                await async_outlast(partial(_write_page, writer, page))
                counts["exported"] += len(page.memories)
                counts["turns"] += len(page.turns)
                counts["deleted"] += len(page.history)
                await progress.tell(counts["exported"])
            await async_outlast(writer.finish)
        except BaseException:
            writer.abandon()
            raise
        await progress.tell(counts["exported"], last=True)
        return counts


def _write_page(writer: LineWriter, page: Page) -> None:
    writer.write(
        write_item(item)
        for items in (page.turns, page.memories, page.preferences, page.history)
        for item in items
    )
