# Generated from src/powermem/_async/bulk/exporting.py by scripts/run_unasync.py; edit that file instead.
"""Writing memories to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from ..._concurrency import shield, to_thread
from ..._core.filters.expression import Expression
from ..._core.inputs import File, Listener
from ..._core.transfer.files import LineWriter
from ..._core.transfer.lines import Header, write_header, write_item
from ..._core.transfer.sources import Page
from ..._core.values import Scope, Stored
from ...types import ExportResult
from ..stores.base import Store
from .progress import Progress

T = TypeVar("T")


def acquire(make: Callable[[], T], close: Callable[[T], object]) -> T:
    """Open something on a thread; close it when the caller is cancelled in the meantime."""
    opened: list[T] = []

    def note() -> None:
        opened.append(make())

    try:
        outlast(note)
    except BaseException:
        for each in opened:
            close(each)
        raise
    return opened[0]


def outlast(work: Callable[[], T]) -> T:
    """Call a function on a thread; a caller who is cancelled waits for its end."""
    return shield(partial(to_thread, work))


PAGE = 1024
"""Memories per page; about 8 MB with vectors of 1536 dimensions. A power of two: SQLite then inserts them by
the fewest statements."""


class Exporter:
    """Reads all data in a store.

    Args:
        store: the store.
        scope: whose memories to read.
        expression: filter for memories. With a filter, only their source turns are read, and no preferences
            and no deleted memories.
        vectors: whether to include vectors.
    """

    def __init__(self, store: Store, scope: Scope, expression: Expression | None, *, vectors: bool) -> None:
        self._store = store
        self._scope = scope
        self._expression = expression
        self._vectors = vectors

    def pages(self) -> Iterator[Page]:
        """Yield all pages; a turn comes before or together with the memories extracted from it."""
        if self._expression is None:
            after = 0
            while turns := self._store.scan_turns(self._scope, after, PAGE):
                after = turns[-1].id
                yield Page(turns=turns)
        after = 0
        while memories := self._scan(after):
            after = memories[-1].row.id
            page = Page(memories=memories)
            if self._expression is not None:
                linked = {turn for stored in memories for turn in stored.turns}
                page.turns = self._store.get_turns(sorted(linked))
            yield page
        if self._expression is None:
            after = 0
            while preferences := self._store.preferences(self._scope, after=after, limit=PAGE):
                after = preferences[-1].id
                yield Page(preferences=preferences)
        # The history of a deleted memory does not contain its scope.
        if self._expression is None and self._scope == Scope():
            after = 0
            while history := self._store.scan_deleted(after, PAGE):
                after = history[-1].id
                yield Page(history=history)

    def _scan(self, after: int) -> list[Stored]:
        return self._store.scan(self._scope, self._expression, after, PAGE, vectors=self._vectors)

    def write(self, target: File, listener: Listener | None) -> ExportResult:
        """Write everything to a file.

        Returns:
            How many memories, turns and entries of deleted memories were written.
        """
        header = Header(self._store.identity() if self._vectors else None)
        progress = Progress(listener)
        counts: ExportResult = {"exported": 0, "turns": 0, "deleted": 0}
        writer = acquire(partial(LineWriter, target), LineWriter.abandon)
        try:
            outlast(partial(writer.write, [write_header(header)]))
            for page in self.pages():
                outlast(partial(_write_page, writer, page))
                counts["exported"] += len(page.memories)
                counts["turns"] += len(page.turns)
                counts["deleted"] += len(page.history)
                progress.tell(counts["exported"])
            outlast(writer.finish)
        except BaseException:
            writer.abandon()
            raise
        progress.tell(counts["exported"], last=True)
        return counts


def _write_page(writer: LineWriter, page: Page) -> None:
    writer.write(
        write_item(item)
        for items in (page.turns, page.memories, page.preferences, page.history)
        for item in items
    )
