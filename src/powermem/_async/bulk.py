"""Many memories at once: loading, exporting, importing, copying, and moving to another embedder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import replace
from functools import partial
from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .._concurrency import (
    END,
    AsyncFeed,
    AsyncItems,
    AsyncLock,
    async_call,
    async_gather,
    async_shield,
    async_sleep,
    async_to_thread,
)
from .._core import clock
from .._core.changes.writes import AddPreference, Restore
from .._core.filters import Expression
from .._core.hints.names import suggested
from .._core.hints.suggestions import shown_name
from .._core.inputs import File, Item, Listener, check_callback
from .._core.messages.excerpts import Excerpts
from .._core.messages.forms import holds_messages, is_listed
from .._core.results.records import usage_record
from .._core.sql.schema import check_collection
from .._core.transfer.checkpoint import Checkpoint
from .._core.transfer.files import LineWriter
from .._core.transfer.lines import Header, write_header, write_item
from .._core.transfer.sources import Page, foreign_page
from .._core.values import EmbedderIdentity, Embedding, Scope, Stored, Usage
from .._drivers.base import AsyncConnection
from ..config import resolve
from ..config.stores import PostgresConfig, ServerConfig
from ..errors import ConfigError, InvalidInputError
from ..types import (
    AddManyResult,
    ExportResult,
    ImportResult,
    ItemError,
    LineError,
    ProgressRecord,
    ReembedResult,
    UsageRecord,
)
from .encoder import AsyncEncoder
from .stores.base import AsyncStore
from .stores.factory import build_driver

if TYPE_CHECKING:
    from typing_extensions import Self


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


_INTERVAL = 0.1


class AsyncProgress:
    """Calls a listener at the start, at most ten times a second, and at the end.

    Args:
        listener: the callback, or ``None``.
        total: total number of items, if known.
    """

    def __init__(self, listener: Listener | None, total: int | None = None) -> None:
        check_callback(listener, "on_progress")
        self._listener = listener
        self._total = total
        self._started = perf_counter()
        self._reported = -_INTERVAL

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return perf_counter() - self._started

    async def tell(self, done: int, *, last: bool = False, **counts: int) -> None:
        """Report the number of finished items, at most every 0.1 s, but always if ``last``."""
        seconds = self.seconds
        if self._listener is None or (not last and seconds - self._reported < _INTERVAL):
            return
        self._reported = seconds
        rate = done / seconds if seconds else 0.0
        record = {"done": done, "total": self._total, **counts, "seconds": seconds, "rate": rate}
        await async_call(self._listener, cast("ProgressRecord", record))


PAGE = 1000
"""Memories per page; about 8 MB with vectors of 1536 dimensions."""


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


_MOST_ERRORS = 100

Take = Callable[[], Awaitable[Page]]
"""Returns the next page; the last one is marked as such."""


class AsyncImporter:
    """Imports memories into a store, and embeds those without a usable vector.

    Args:
        store: the store.
        encoder: embeds the memories.
    """

    def __init__(self, store: AsyncStore, encoder: AsyncEncoder) -> None:
        self._store = store
        self._encoder = encoder
        self._fits = False
        self.imported = 0
        self.skipped = 0
        self.failed = 0
        self.errors: list[LineError] = []

    async def expect(self, embedder: EmbedderIdentity | None) -> None:
        """Check whether vectors of this embedder can be imported; if so, bind the store to the embedder."""
        self._fits = embedder is not None and await self._accepts(embedder)
        if self._fits and embedder is not None:
            await self._store.identify(embedder)

    async def _accepts(self, embedder: EmbedderIdentity) -> bool:
        mine = self._encoder.identity
        if mine is not None:
            return embedder.accepts(mine)
        # Without an embedder here, the vectors are imported for a later configuration with one.
        return await self._store.identity() in (None, embedder)

    async def read(self, take: Take, listener: Listener | None) -> ImportResult:
        """Import all pages that a function returns, reading one page ahead while storing the last one."""
        progress = AsyncProgress(listener)
        page = await take()
        while not page.last:
            calls: list[Callable[[], Awaitable[Page | None]]] = [
                partial(self.put, page),
                take,
            ]
            (page,) = [read for read in await async_gather(calls) if read is not None]
            await progress.tell(self.imported + self.skipped, failed=self.failed)
        await self.put(page)
        return await self._finish(progress)

    async def copy(self, exporter: AsyncExporter, listener: Listener | None) -> ImportResult:
        """Import everything from another store."""
        progress = AsyncProgress(listener)
        async for page in exporter.pages():
            await self.put(page)
            await progress.tell(self.imported + self.skipped)
        return await self._finish(progress)

    async def _finish(self, progress: AsyncProgress) -> ImportResult:
        await progress.tell(self.imported + self.skipped, last=True, failed=self.failed)
        return {
            "imported": self.imported,
            "skipped": self.skipped,
            "failed": self.failed,
            "errors": self.errors,
        }

    async def put(self, page: Page) -> None:
        """Store a page in one transaction."""
        self.failed += len(page.errors)
        room = _MOST_ERRORS - len(self.errors)
        self.errors += [{"line": line, "error": error} for line, error in page.errors[:room]]
        if not (page.memories or page.turns or page.history or page.preferences):
            return
        memories = await self._embed(await self._with_sources(page))
        restored = Restore(memories, clock.now(), page.turns, page.history)
        new, *_ = await self._store.apply([restored, *map(AddPreference, page.preferences)])
        assert isinstance(new, int)
        self.imported += new
        self.skipped += len(memories) - new

    async def _with_sources(self, page: Page) -> list[Stored]:
        """Add to each memory without terms an excerpt of the first message that it was extracted from."""
        said = {turn.id: turn.content for turn in page.turns}
        firsts = {
            stored.row.id: min(stored.turns)
            for stored in page.memories
            # The text of an updated memory no longer comes from its first message.
            if stored.turns and all(entry.event != "UPDATE" for entry in stored.history)
        }
        missing = list({turn for turn in firsts.values() if turn not in said})
        said |= {turn.id: turn.content for turn in await self._store.get_turns(missing)}
        place = {turn: i for i, turn in enumerate(said)}
        excerpts = Excerpts(list(said.values()))
        return [
            replace(stored, source=excerpts.of(stored.row.text, place[firsts[stored.row.id]]))
            if stored.terms is None and firsts.get(stored.row.id) in place
            else stored
            for stored in page.memories
        ]

    async def _embed(self, memories: Sequence[Stored]) -> list[Stored]:
        if self._fits and all(stored.embedding is not None for stored in memories):
            return list(memories)
        lacking = [stored for stored in memories if not self._fits or stored.embedding is None]
        # Memories that exist already are skipped, so they need not be embedded.
        known = await self._store.get_many([stored.row.id for stored in lacking])
        new = [stored for stored in lacking if stored.row.id not in known]
        vectors = await self._encoder.encode([stored.row.text for stored in new])
        embedded = {
            stored.row.id: replace(stored, embedding=vector)
            for stored, vector in zip(new, vectors, strict=True)
        }
        for stored in lacking:
            embedded.setdefault(stored.row.id, replace(stored, embedding=None))
        return [embedded.get(stored.row.id, stored) for stored in memories]


_SAVE_INTERVAL = 1.0

Outcome = UsageRecord | Exception
"""The usage of a call, or its error."""
AddEach = Callable[[Sequence[Mapping[str, Any]]], Awaitable[Sequence[Outcome]]]
"""Executes calls of ``add``, given their arguments."""


class AsyncLoader:
    """Takes items from an iterable and adds them.

    Args:
        add: adds several items.
        items: the items.
        accepted: the names of the arguments of ``add``.
        width: maximum number of concurrent calls of ``add``.
        share: number of items in each call.
        defaults: arguments for items that lack them.
        collect: whether to collect errors; otherwise the first error ends the load.
        listener: gets the progress.
        checkpoint: records finished items, to skip them in a later run.
        rate_limit: maximum number of items per second.
    """

    def __init__(
        self,
        add: AddEach,
        items: AsyncItems[Item],
        *,
        accepted: Sequence[str],
        width: int,
        share: int,
        defaults: Mapping[str, Any],
        collect: bool,
        listener: Listener | None,
        checkpoint: Checkpoint | None,
        rate_limit: float | None,
    ) -> None:
        self._add = add
        self._accepted = accepted
        self._check_names(defaults)
        self._feed: AsyncFeed[Item] = AsyncFeed(items)
        self._width = width
        self._share = share
        self._defaults = dict(defaults)
        self._collect = collect
        self._checkpoint = checkpoint
        self._interval = None if rate_limit is None else 1.0 / rate_limit
        self._progress = AsyncProgress(listener, len(items) if isinstance(items, Sized) else None)
        self._taking = AsyncLock()
        self._telling = AsyncLock()
        self._index = 0
        self._over = False
        self._next_start = 0.0
        self._saved = perf_counter()
        self._counts = {"added": 0, "failed": 0, "skipped": 0}
        self._errors: list[ItemError] = []
        self._usage = cast("dict[str, float]", usage_record(Usage()))

    async def run(self) -> AddManyResult:
        """Add everything.

        Returns:
            The result of ``add_many``.
        """
        try:
            await async_gather([self._work] * self._width)
        finally:
            if self._checkpoint is not None:
                await async_to_thread(self._checkpoint.save)
        await self._tell(last=True)
        self._usage["seconds"] = round(self._progress.seconds, 6)
        errors = sorted(self._errors, key=itemgetter("index"))
        result = {**self._counts, "errors": errors, "usage": self._usage}
        return cast("AddManyResult", result)

    async def _work(self) -> None:
        while taken := await self._take():
            calls: dict[int, dict[str, Any]] = {}
            outcomes: dict[int, Outcome] = {}
            for index, item in taken:
                try:
                    calls[index] = self._arguments(index, item)
                except InvalidInputError as error:
                    outcomes[index] = error
            outcomes.update(zip(calls, await self._add(list(calls.values())), strict=True))
            await self._settle([(index, outcomes[index]) for index, _ in taken])

    async def _take(self) -> list[tuple[int, Item]]:
        """Return the next items that no earlier run has added, at the rate limit; none at the end."""
        taken: list[tuple[int, Item]] = []
        async with self._taking:
            while not self._over and len(taken) < self._share:
                item: Any = await self._feed.take()
                if item is END:
                    self._over = True
                    break
                index = self._index
                self._index += 1
                if self._checkpoint is not None:
                    if index == 0:
                        self._checkpoint.begin(item)
                        await async_to_thread(self._checkpoint.save)
                    if self._checkpoint.has(index):
                        self._counts["skipped"] += 1
                        await self._tell()
                        continue
                await self._pace()
                taken.append((index, item))
        return taken

    async def _pace(self) -> None:
        if self._interval is None:
            return
        now = perf_counter()
        if now < self._next_start:
            await async_sleep(self._next_start - now)
        self._next_start = max(now, self._next_start) + self._interval

    def _arguments(self, index: int, item: Item) -> dict[str, Any]:
        given: dict[str, Any]
        if isinstance(item, Mapping) and ("messages" in item or not holds_messages(item)):
            given = dict(item)
        elif isinstance(item, str) or is_listed(item) or holds_messages(item):
            given = {"messages": item}
        else:
            raise InvalidInputError(
                f"expected a string, messages or a dict of arguments, got {type(item).__name__}"
            )
        self._check_names(given)
        if "messages" not in given:
            raise InvalidInputError("messages: is missing")
        arguments = {**self._defaults, **given}
        if self._checkpoint is not None:
            arguments.setdefault("idempotency_key", self._checkpoint.key(index))
        return arguments

    def _check_names(self, names: Iterable[Any]) -> None:
        for name in names:
            if name not in self._accepted:
                raise InvalidInputError(
                    f"{shown_name(name)} is not an argument of add; "
                    f"{suggested(name, self._accepted)}expected some of {', '.join(self._accepted)}"
                )

    async def _settle(self, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        async with self._telling:
            for index, outcome in outcomes:
                failed = isinstance(outcome, Exception)
                self._counts["failed" if failed else "added"] += 1
                if self._checkpoint is not None:
                    self._checkpoint.add(index, failed=failed)
                if not isinstance(outcome, Exception):
                    costs = cast("Mapping[str, float]", outcome)
                    self._usage = {name: total + costs.get(name, 0) for name, total in self._usage.items()}
                elif self._collect:
                    self._errors.append({"index": index, "error": f"{type(outcome).__name__}: {outcome}"})
                else:
                    raise outcome
            if self._checkpoint is not None and perf_counter() - self._saved > _SAVE_INTERVAL:
                await async_to_thread(self._checkpoint.save)
                self._saved = perf_counter()
            await self._tell()

    async def _tell(self, *, last: bool = False) -> None:
        await self._progress.tell(sum(self._counts.values()), last=last, **self._counts)


class AsyncReembedder:
    """Switches a store to the embedder of an encoder.

    New vectors are stored beside the old ones, which other processes with the former embedder can still
    search. In this memory, search uses only words until then. Once every memory has a new vector, all vectors
    are replaced in one transaction.

    Args:
        store: the store.
        encoder: embeds the memories.
    """

    def __init__(self, store: AsyncStore, encoder: AsyncEncoder) -> None:
        self._store = store
        self._encoder = encoder
        self._done = 0

    async def run(self, batch_size: int, listener: Listener | None) -> ReembedResult:
        """Embed all memories without a vector of this embedder, continuing an interrupted earlier call.

        Returns:
            The number of embedded memories, and the embedder.
        """
        identity = await self._encoder.learn_identity()
        former = await self._store.identity()
        total = await self._store.prepare_switch(identity)
        progress = AsyncProgress(listener, total)
        self._encoder.move(former not in (None, identity))
        try:
            await self._embed(identity, batch_size, progress)
            # Fails if other processes added or changed memories in the meantime: start over for those.
            while not await self._store.switch(identity):
                await self._embed(identity, batch_size, progress)
        finally:
            self._encoder.move(False)
        await self._encoder.restart()
        # Memories added here between the last check and the switch have no vector yet.
        if await self._store.prepare_switch(identity):
            await self._embed(identity, batch_size, progress)
            await self._store.switch(identity)
        await progress.tell(self._done, last=True)
        return {"reembedded": self._done, "embedder": str(identity), "seconds": round(progress.seconds, 6)}

    async def _embed(self, identity: EmbedderIdentity, batch_size: int, progress: AsyncProgress) -> None:
        after = 0
        while rows := await self._store.missing_embeddings(identity, after, batch_size):
            after = rows[-1].id
            vectors = await self._encoder.vectors([row.text for row in rows])
            await self._store.keep_embeddings(
                [Embedding(row.id, row.hash, vector) for row, vector in zip(rows, vectors, strict=True)]
            )
            self._done += len(rows)
            await progress.tell(self._done)


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


class AsyncUpstreamTable:
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

    async def __aenter__(self) -> Self:
        self._connection: AsyncConnection = await self._driver.connect()
        try:
            self._query = self._select(await self._columns())
        except BaseException:
            await self._connection.close()
            raise
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._connection.close()

    async def _columns(self) -> set[str]:
        here = "current_schema()" if self._postgres else "DATABASE()"
        found = await self._connection.fetch(
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

    async def take(self) -> Page:
        """Return the next memories by id."""
        rows = await self._connection.fetch(self._query, (self._after,))
        if rows:
            self._after = rows[-1][0]
        return foreign_page([(row[0], self._record(row)) for row in rows], last=len(rows) < PAGE)

    def _record(self, row: tuple[Any, ...]) -> dict[str, Any]:
        if self._postgres:
            return {"id": row[0], "payload": row[1]}
        record = dict(zip(_FLAT, row, strict=True))
        record["data"] = record.pop("document")
        return record
