"""A storage of CrewAI's memory; its extra is ``crewai``."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

import numpy as np

from powermem import AsyncMemory, EmbeddingMismatchError, InvalidInputError, Memory
from powermem._core import clock
from powermem._core.changes.writes import AddMemory, Amend, Change, Delete, ReplaceText
from powermem._core.filters.parse import parse as parse_filters
from powermem._core.ids import new_id
from powermem._core.integrations.documents import below
from powermem._core.query.search import SearchRequest
from powermem._core.sql.queries import Position
from powermem._core.text.indexing import embedding_bytes
from powermem._core.values import EmbedderIdentity, Row, Scope
from powermem.config.resolution import check
from powermem.integrations._owned import AnyMemory, missing

try:
    from crewai.memory.storage.backend import EmbeddingDimensionMismatchError
    from crewai.memory.types import MemoryRecord, ScopeInfo
except ImportError as error:
    raise missing("crewai", error) from error

__all__ = ["PowerMemStorage"]

_KIND = "crewai"
_PAGE = 1000


class PowerMemStorage:
    """Where CrewAI keeps its memory: ``Memory(storage=PowerMemStorage(memory))``.

    CrewAI decides what to remember and embeds it itself, so its records have a collection of their own beside
    the memories of ``memory``, in the same database: ``memories_crewai`` beside ``memories``. A scope such as
    ``/company/team`` holds the records below it, and no others.

    Args:
        memory: a ``powermem.Memory`` or an ``AsyncMemory``, whose database is used.
        user_id: whose records they are; of another one nothing is read, changed or deleted.
        agent_id: of which agent or crew, in the same way.
    """

    def __init__(self, memory: AnyMemory, *, user_id: str | None = None, agent_id: str | None = None) -> None:
        if not isinstance(memory, (Memory, AsyncMemory)):
            raise InvalidInputError(
                f"memory: expected a Memory or an AsyncMemory, got {type(memory).__name__}"
            )
        self._scope: Scope = memory._scope(user_id, agent_id, None)
        self._memory = _beside(memory)

    def __deepcopy__(self, memo: dict[int, Any]) -> PowerMemStorage:
        # A copy of a crew uses the same records.
        return self

    def save(self, records: list[MemoryRecord]) -> None:
        """Store records; one whose id is stored already stays as it is.

        Raises:
            EmbeddingDimensionMismatchError: a vector has another length than those stored.
        """
        self._check([record.embedding for record in records if record.embedding])
        changes = [self._addition(record) for record in records]
        if changes:
            self._memory._ready().store.apply(changes)

    def search(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """Return the records nearest to a vector, with their cosines, the nearest first.

        Raises:
            EmbeddingDimensionMismatchError: the vector has another length than those stored.
        """
        if not query_embedding or limit < 1:
            return []
        if self._memory._ready().store.identity() is None:
            return []
        self._check([query_embedding])
        request = SearchRequest(
            scope=self._scope,
            embedding=_vector(query_embedding),
            terms=None,
            limit=limit,
            similarity=True,
            expression=self._filter(scope_prefix, categories, metadata_filter),
            threshold=min_score or None,
        )
        (hits,) = self._memory._ready().store.search([request])
        return [(_record(hit.row), hit.score) for hit in hits]

    def delete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """Delete the records that meet every given condition; return how many there were."""
        store = self._memory._ready().store
        rows = list(self._rows(scope_prefix, categories, metadata_filter, record_ids, older_than))
        now = clock.now()
        changes: list[Change] = [Delete(row.id, now, user_id=row.scope.user_id or "") for row in rows]
        return sum(isinstance(one, Row) for one in store.apply(changes)) if changes else 0

    def update(self, record: MemoryRecord) -> None:
        """Replace the record of this id; without a vector, it keeps its own. A new one is stored.

        Raises:
            EmbeddingDimensionMismatchError: the vector has another length than those stored.
        """
        row = self._find(record.id)
        if row is None:
            self.save([record])
            return
        self._check([record.embedding] if record.embedding else [])
        now, owner = clock.now(), row.scope.user_id or ""
        changes: list[Change] = []
        if record.embedding or record.content != row.text:
            vector = _vector(record.embedding) if record.embedding else None
            changes.append(ReplaceText(row.id, record.content, row.hash, vector, now, user_id=owner))
        kept = {**_metadata(record), "created_at": row.metadata["created_at"]}
        changes.append(Amend(row.id, now, kept, replace_metadata=True, user_id=owner))
        self._memory._ready().store.apply(changes)

    def touch_records(self, record_ids: list[str]) -> None:
        """Set the time at which records were last read to now."""
        if record_ids:
            at = datetime.now(timezone.utc).replace(tzinfo=None).isoformat()
            rows = self._rows(record_ids=record_ids)
            changes: list[Change] = [
                Amend(row.id, row.updated_at, {"last_accessed": at}, user_id=row.scope.user_id or "")
                for row in rows
            ]
            self._memory._ready().store.apply(changes)

    def get_record(self, record_id: str) -> MemoryRecord | None:
        """Return a record without its vector, or ``None`` if there is none."""
        row = self._find(record_id)
        return None if row is None else _record(row)

    def list_records(
        self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0
    ) -> list[MemoryRecord]:
        """Return the records of a scope, the newest first."""
        if limit < 1 or offset < 0:
            return []
        rows, _ = self._memory._ready().store.list_rows(
            self._scope,
            self._filter(scope_prefix),
            sort_by="created_at",
            descending=True,
            limit=limit,
            offset=offset,
        )
        return [_record(row) for row in rows]

    def get_scope_info(self, scope: str) -> ScopeInfo:
        """Return how many records a scope has, and what they are like."""
        records = [_record(row) for row in self._rows(scope)]
        dates = [record.created_at for record in records]
        return ScopeInfo(
            path=_path(scope) or "/",
            record_count=len(records),
            categories=sorted({name for record in records for name in record.categories}),
            oldest_record=min(dates, default=None),
            newest_record=max(dates, default=None),
            child_scopes=_children(scope, records),
        )

    def list_scopes(self, parent: str = "/") -> list[str]:
        """Return the scopes just below another one."""
        return _children(parent, [_record(row) for row in self._rows(parent)])

    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        """Return the categories of a scope, with the numbers of their records."""
        return dict(Counter(name for row in self._rows(scope_prefix) for name in _record(row).categories))

    def count(self, scope_prefix: str | None = None) -> int:
        """Return the number of records in a scope."""
        return self._memory._ready().store.count(self._scope, self._filter(scope_prefix))

    def reset(self, scope_prefix: str | None = None) -> None:
        """Delete the records of a scope, or all; vectors of another length may follow then."""
        if _path(scope_prefix) or any(self._scope):
            self.delete(scope_prefix)
        else:
            self._memory.reset()

    def close(self) -> None:
        """Close the collection."""
        self._memory.close()

    async def asave(self, records: list[MemoryRecord]) -> None:
        """As ``save``, on a thread."""
        await asyncio.to_thread(self.save, records)

    async def asearch(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        """As ``search``, on a thread."""
        return await asyncio.to_thread(
            self.search, query_embedding, scope_prefix, categories, metadata_filter, limit, min_score
        )

    async def adelete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """As ``delete``, on a thread."""
        return await asyncio.to_thread(
            self.delete, scope_prefix, categories, record_ids, older_than, metadata_filter
        )

    def _check(self, vectors: Sequence[Sequence[float]]) -> None:
        """Raise ``EmbeddingDimensionMismatchError`` unless all vectors can be compared with those stored."""
        store = self._memory._ready().store
        for vector in vectors:
            try:
                store.identify(EmbedderIdentity(_KIND, "given", len(vector)))
            except EmbeddingMismatchError:
                stored = store.identity()
                assert stored is not None
                raise EmbeddingDimensionMismatchError(stored.dimension or 0, len(vector)) from None

    def _addition(self, record: MemoryRecord) -> AddMemory:
        at = _microseconds(record.created_at)
        return AddMemory(
            Row(
                id=new_id(),
                # Each record is alone in its scope, so that two may have the same text.
                scope=self._scope._replace(run_id=record.id),
                text=record.content,
                hash=sha256(record.id.encode()).hexdigest()[:32],
                memory_type=_KIND,
                metadata=_metadata(record),
                created_at=at,
                updated_at=clock.now(),
                valid_from=at,
            ),
            _vector(record.embedding) if record.embedding else None,
        )

    def _find(self, record_id: str) -> Row | None:
        rows, _ = self._memory._ready().store.list_rows(
            self._scope._replace(run_id=record_id),
            None,
            sort_by="id",
            descending=False,
            limit=1,
            offset=0,
        )
        return rows[0] if rows else None

    def _rows(
        self,
        scope_prefix: str | None = None,
        categories: Sequence[str] | None = None,
        metadata_filter: Mapping[str, Any] | None = None,
        record_ids: Sequence[str] | None = None,
        older_than: datetime | None = None,
    ) -> Iterator[Row]:
        expression = self._filter(scope_prefix, categories, metadata_filter, record_ids, older_than)
        store = self._memory._ready().store
        after = Position(-1, -1)
        while rows := store.next_rows(
            self._scope, expression, sort_by="id", descending=False, limit=_PAGE, after=after
        ):
            yield from rows
            after = Position(rows[-1].id, rows[-1].id)

    def _filter(
        self,
        scope_prefix: str | None = None,
        categories: Sequence[str] | None = None,
        metadata_filter: Mapping[str, Any] | None = None,
        record_ids: Sequence[str] | None = None,
        older_than: datetime | None = None,
    ) -> Any:
        conditions: list[dict[str, Any]] = [{"memory_type": _KIND}]
        path = _path(scope_prefix)
        if path:
            inside = [{"metadata.scope": path}, {"metadata.scope": {"like": below(path)}}]
            conditions.append({"OR": inside})
        if categories:
            conditions.append({"OR": [{"metadata.categories": {"contains": name}} for name in categories]})
        conditions += [{f"metadata.given.{key}": value} for key, value in (metadata_filter or {}).items()]
        if record_ids is not None:
            conditions.append({"run_id": {"in": list(record_ids)}})
        if older_than is not None:
            conditions.append({"created_at": {"lt": _aware(older_than).isoformat()}})
        return parse_filters({"AND": conditions}, timezone.utc)


def _beside(memory: AnyMemory) -> Memory:
    """Return a memory without an embedder, in a collection of the same database."""
    design = memory._access._design
    given = design.given
    store = given.vector_store
    collection = f"{store.config.collection_name}_{_KIND}"
    config = given.model_copy(
        update={
            "embedder": check({"embedder": {"provider": "none"}}).embedder,
            "vector_store": store.model_copy(
                update={"config": store.config.model_copy(update={"collection_name": collection})}
            ),
        }
    )
    made = Memory(config, conn=design.conn)
    # Its engine is closed with the process, if nobody closes it.
    made._access.attends = True
    return made


def _vector(numbers: Sequence[float]) -> bytes:
    return embedding_bytes(np.asarray([numbers], dtype=np.float32))[0]


def _path(scope: str | None) -> str:
    """Return a scope without a slash at its end; ``""`` for the root."""
    inner = (scope or "").strip("/")
    return f"/{inner}" if inner else ""


def _children(parent: str, records: Sequence[MemoryRecord]) -> list[str]:
    prefix = f"{_path(parent)}/"
    names = {
        record.scope[len(prefix) :].split("/", 1)[0] for record in records if record.scope.startswith(prefix)
    }
    return sorted(prefix + name for name in names if name)


def _metadata(record: MemoryRecord) -> dict[str, Any]:
    kept = record.model_dump(mode="json", exclude={"id", "content", "embedding", "metadata"})
    return {**kept, "scope": _path(record.scope) or "/", "given": record.model_dump(mode="json")["metadata"]}


def _record(row: Row) -> MemoryRecord:
    kept: dict[str, Any] = dict(row.metadata)
    return MemoryRecord(id=row.scope.run_id, content=row.text, metadata=kept.pop("given"), **kept)


def _aware(moment: datetime) -> datetime:
    # CrewAI's times are UTC, without saying so.
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def _microseconds(moment: datetime) -> int:
    return round(_aware(moment).timestamp() * 1_000_000)
