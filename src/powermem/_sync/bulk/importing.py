# Generated from src/powermem/_async/bulk/importing.py by scripts/run_unasync.py; edit that file instead.
"""Reading memories from a file, another store, or a table of upstream."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..._concurrency import gather
from ..._core import clock
from ..._core.changes.writes import AddPreference, Restore
from ..._core.inputs import Listener
from ..._core.messages.excerpts import Excerpts
from ..._core.sql.schema import check_collection
from ..._core.transfer.sources import Page, foreign_page
from ..._core.values import EmbedderIdentity, Stored
from ..._drivers.base import Connection
from ...config import resolve
from ...config.stores import PostgresConfig, ServerConfig
from ...errors import ConfigError, InvalidInputError
from ...types import ImportResult, LineError
from ..encoder import Encoder
from ..stores.base import Store
from ..stores.factory import build_driver

if TYPE_CHECKING:
    from typing_extensions import Self

from .exporting import PAGE, Exporter
from .progress import Progress

_MOST_ERRORS = 100

Take = Callable[[], Page]
"""Returns the next page; the last one is marked as such."""


class Importer:
    """Imports memories into a store, and embeds those without a usable vector.

    Args:
        store: the store.
        encoder: embeds the memories.
    """

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self._store = store
        self._encoder = encoder
        self._fits = False
        self.imported = 0
        self.skipped = 0
        self.failed = 0
        self.errors: list[LineError] = []

    def expect(self, embedder: EmbedderIdentity | None) -> None:
        """Check whether vectors of this embedder can be imported; if so, bind the store to the embedder."""
        self._fits = embedder is not None and self._accepts(embedder)
        if self._fits and embedder is not None:
            self._store.identify(embedder)

    def _accepts(self, embedder: EmbedderIdentity) -> bool:
        mine = self._encoder.identity
        if mine is not None:
            return embedder.accepts(mine)
        # Without an embedder here, the vectors are imported for a later configuration with one.
        return self._store.identity() in (None, embedder)

    def read(self, take: Take, listener: Listener | None) -> ImportResult:
        """Import all pages that a function returns, reading one page ahead while storing the last one."""
        progress = Progress(listener)
        page = take()
        while not page.last:
            calls: list[Callable[[], Page | None]] = [
                partial(self.put, page),
                take,
            ]
            (page,) = [read for read in gather(calls) if read is not None]
            progress.tell(self.imported + self.skipped, failed=self.failed)
        self.put(page)
        return self._finish(progress)

    def copy(self, exporter: Exporter, listener: Listener | None) -> ImportResult:
        """Import everything from another store."""
        progress = Progress(listener)
        for page in exporter.pages():
            self.put(page)
            progress.tell(self.imported + self.skipped)
        return self._finish(progress)

    def _finish(self, progress: Progress) -> ImportResult:
        progress.tell(self.imported + self.skipped, last=True, failed=self.failed)
        return {
            "imported": self.imported,
            "skipped": self.skipped,
            "failed": self.failed,
            "errors": self.errors,
        }

    def put(self, page: Page) -> None:
        """Store a page in one transaction."""
        self.failed += len(page.errors)
        room = _MOST_ERRORS - len(self.errors)
        self.errors += [{"line": line, "error": error} for line, error in page.errors[:room]]
        if not (page.memories or page.turns or page.history or page.preferences):
            return
        memories = self.embedded(self._with_sources(page))
        restored = Restore(memories, clock.now(), page.turns, page.history)
        new, *_ = self._store.apply([restored, *map(AddPreference, page.preferences)])
        assert isinstance(new, int)
        self.imported += new
        self.skipped += len(memories) - new

    def _with_sources(self, page: Page) -> Sequence[Stored]:
        """Add to each memory without terms an excerpt of the first message that it was extracted from."""
        said = {turn.id: turn.content for turn in page.turns}
        firsts = {
            stored.row.id: min(stored.turns)
            for stored in page.memories
            if stored.terms is None
            and stored.turns
            # The text of an updated memory no longer comes from its first message.
            and all(entry.event != "UPDATE" for entry in stored.history)
        }
        if not firsts:
            return page.memories
        missing = list({turn for turn in firsts.values() if turn not in said})
        said |= {turn.id: turn.content for turn in self._store.get_turns(missing)}
        place = {turn: i for i, turn in enumerate(said)}
        excerpts = Excerpts(list(said.values()))
        return [
            replace(stored, source=excerpts.of(stored.row.text, place[firsts[stored.row.id]]))
            if firsts.get(stored.row.id) in place
            else stored
            for stored in page.memories
        ]

    def embedded(self, memories: Sequence[Stored]) -> list[Stored]:
        """Return memories with vectors of the store's embedder, those that are not stored yet."""
        if self._fits and all(stored.embedding is not None for stored in memories):
            return list(memories)
        lacking = [stored for stored in memories if not self._fits or stored.embedding is None]
        # Memories that exist already are skipped, so they need not be embedded.
        known = self._store.get_many([stored.row.id for stored in lacking])
        new = [stored for stored in lacking if stored.row.id not in known]
        vectors = self._encoder.encode([stored.row.text for stored in new])
        embedded = {
            stored.row.id: replace(stored, embedding=vector)
            for stored, vector in zip(new, vectors, strict=True)
        }
        for stored in lacking:
            embedded.setdefault(stored.row.id, replace(stored, embedding=None))
        return [embedded.get(stored.row.id, stored) for stored in memories]


_FLAT = (
    "id",
    "document",
    "user_id",
    "agent_id",
    "run_id",
    "actor_id",
    "created_at",
    "updated_at",
    "category",
    "metadata",
)
"""Columns on OceanBase and MySQL; on PostgreSQL, everything but the id is JSON in one column."""


class UpstreamTable:
    """Reads the memories of powermem 1.1 from a server, without changing them.

    Args:
        section: the ``vector_store`` section with which 1.1 was configured.
        table: the name of the table, if not the section's ``collection_name``.

    Raises:
        ConfigError: the section is wrong, or names no server.
    """

    def __init__(self, section: Mapping[str, Any], table: str | None) -> None:
        settings = resolve({"vector_store": dict(section)})
        config = settings.store.config
        if not isinstance(config, ServerConfig):
            raise ConfigError(f"source: {settings.store.provider} is no server; give the path of the file")
        self._driver = build_driver(config)
        self._postgres = isinstance(config, PostgresConfig)
        self._table = check_collection(table or config.collection_name)
        self._after = -1
        self._query = ""

    def __enter__(self) -> Self:
        self._connection: Connection = self._driver.connect()
        try:
            self._query = self._select(self._columns())
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def _columns(self) -> set[str]:
        here = "current_schema()" if self._postgres else "DATABASE()"
        found = self._connection.fetch(
            f"SELECT column_name FROM information_schema.columns WHERE table_schema = {here} "
            "AND table_name = ?",
            (self._table,),
        )
        return {name for (name,) in found}

    def _select(self, columns: set[str]) -> str:
        if self._postgres and {"id", "payload"} <= columns:
            chosen, table = "id, CAST(payload AS text)", f'"{self._table}"'
        elif not self._postgres and columns >= {*_FLAT}:
            chosen, table = ", ".join(_FLAT), f"`{self._table}`"
        else:
            raise InvalidInputError(
                f"source: {self._driver.server}: {self._table} is no table of powermem 1.1; "
                f"its columns are: {', '.join(sorted(columns)) or 'none, it does not exist'}"
            )
        return f"SELECT {chosen} FROM {table} WHERE id > ? ORDER BY id LIMIT {PAGE}"

    def take(self) -> Page:
        """Return the next memories by id."""
        rows = self._connection.fetch(self._query, (self._after,))
        if rows:
            self._after = rows[-1][0]
        return foreign_page([(row[0], self._record(row)) for row in rows], last=len(rows) < PAGE)

    def _record(self, row: tuple[Any, ...]) -> dict[str, Any]:
        if self._postgres:
            return {"id": row[0], "payload": row[1]}
        record = dict(zip(_FLAT, row, strict=True))
        record["data"] = record.pop("document")
        return record
