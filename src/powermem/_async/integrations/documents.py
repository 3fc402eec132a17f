"""Memories that are addressed by a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._core import clock
from ..._core.changes.writes import (
    AlreadyDone,
    AlreadyStored,
    Amend,
    Change,
    Delete,
    Remember,
    ReplaceText,
    Updated,
    VersionConflict,
)
from ..._core.filters.expression import Expression
from ..._core.filters.parse import parse as parse_filters
from ..._core.integrations.documents import (
    PATH,
    DocumentConflictError,
    Mutation,
    Operation,
    Space,
    below,
    operation_key,
    paths_of,
    replayed,
    version_of,
)
from ..._core.query.search import Hit
from ..._core.sql.queries import Position
from ..._core.values import Row
from ..retrieval.query import Query

if TYPE_CHECKING:
    from ..memory import AsyncMemory

_PAGE = 1000


class AsyncDocuments:
    """The documents of one space. Each path has one; writes check that it is still the version that was read.

    Args:
        memory: where they are stored.
        space: whose they are, and what.
    """

    def __init__(self, memory: AsyncMemory, space: Space) -> None:
        self._memory = memory
        self.space = space

    async def find(self, path: str) -> Row | None:
        """Return the document at a path, or ``None``."""
        components = await self._memory._ready()
        rows, _ = await components.store.list_rows(
            self.space.scope_of(path), None, sort_by="id", descending=False, limit=1, offset=0
        )
        return rows[0] if rows else None

    async def below(self, folder: str | None = None, **conditions: Any) -> dict[str, Row]:
        """Return the documents below a folder that pass further filters, by path, sorted."""
        expression = self._expression(folder, conditions)
        components = await self._memory._ready()
        found: list[Row] = []
        after = Position(-1, -1)
        while rows := await components.store.next_rows(
            self.space.everywhere, expression, sort_by="id", descending=False, limit=_PAGE, after=after
        ):
            found += rows
            after = Position(rows[-1].id, rows[-1].id)
        return paths_of(found)

    async def page(self, folder: str | None, limit: int, offset: int, **conditions: Any) -> Sequence[Row]:
        """Return a page of the documents below a folder that pass further filters, the oldest first."""
        components = await self._memory._ready()
        rows, _ = await components.store.list_rows(
            self.space.everywhere,
            self._expression(folder, conditions),
            sort_by="id",
            descending=False,
            limit=limit,
            offset=offset,
        )
        return rows

    async def search(
        self,
        query: str,
        limit: int,
        folder: str | None = None,
        threshold: float | None = None,
        **conditions: Any,
    ) -> list[Hit]:
        """Return the documents that answer a query with at least a score, best first."""
        expression = self._expression(folder, conditions)
        asked = Query(self.space.everywhere, limit, expression, threshold=threshold, zone=self._memory._zone)
        components = await self._memory._ready()
        (answer,) = await components.retrieval.search([query], asked)
        return list(answer.hits)

    async def done(self, operation: Operation | None) -> Mutation | None:
        """Return the result of an operation that was done before.

        Raises:
            OperationConflictError: it was done with other arguments.
        """
        if operation is None:
            return None
        components = await self._memory._ready()
        kept = await components.store.recall_request(self.space.receipts, operation_key(operation))
        return None if kept is None else replayed(kept, operation)

    async def create(
        self,
        path: str,
        text: str,
        metadata: Mapping[str, Any],
        *,
        expires_at: int | None = None,
        operation: Operation | None = None,
        embedded: bool = True,
    ) -> Mutation:
        """Store a new document.

        Args:
            path: of the document.
            text: its text, which searches find.
            metadata: kept with it.
            expires_at: from then on it does not exist, microseconds UTC.
            operation: its identity, to be done once.
            embedded: whether searches find it by its meaning, too.

        Raises:
            DocumentConflictError: there is one at this path.
        """
        vector = await self._vector(text) if embedded else None
        change = self.space.create(path, text, vector, clock.now(), metadata, expires_at)
        made = Mutation(version_of(change.memory.row), False, False)
        return await self._apply(path, [change], made, operation)

    async def replace(
        self,
        row: Row,
        text: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        expires_at: int | None = None,
        operation: Operation | None = None,
        embedded: bool = True,
    ) -> Mutation:
        """Give a document, as it was read, another text, metadata and expiry.

        Raises:
            DocumentConflictError: it has changed since.
        """
        path = str(row.metadata[PATH])
        vector = await self._vector(text) if embedded else None
        now, owner = clock.now(), row.scope.user_id or ""
        kept = row.metadata if metadata is None else self.space.metadata(path, metadata)
        changes: list[Change] = [
            ReplaceText(row.id, text, row.hash, vector, now, version=row.version, source=path, user_id=owner),
            Amend(row.id, now, dict(kept), True, expires_at, True, owner),
        ]
        made = Mutation(version_of(replace(row, version=row.version + 2)), False, True)
        return await self._apply(path, changes, made, operation)

    async def extend(self, row: Row, expires_at: int) -> None:
        """Let a document expire later."""
        components = await self._memory._ready()
        amendment = Amend(
            row.id,
            clock.now(),
            expires_at=expires_at,
            set_expires_at=True,
            user_id=row.scope.user_id or "",
        )
        await components.store.apply([amendment])

    async def delete(self, rows: Sequence[Row], operation: Operation | None = None) -> Mutation:
        """Delete documents as they were read, all or none.

        Raises:
            DocumentConflictError: one has changed since.
        """
        now = clock.now()
        changes: list[Change] = [Delete(row.id, now, row.version, row.scope.user_id or "") for row in rows]
        made = Mutation(None, False, bool(rows))
        return await self._apply(", ".join(str(row.metadata[PATH]) for row in rows), changes, made, operation)

    async def move(self, moved: Mapping[str, Row]) -> None:
        """Move documents to new paths, all or none.

        Args:
            moved: the documents as they were read, by their new paths.

        Raises:
            DocumentConflictError: one has changed since, or there is one at a new path.
        """
        now = clock.now()
        components = await self._memory._ready()
        vectors = await components.encoder.encode([row.text for row in moved.values()])
        changes: list[Change] = []
        for (path, row), vector in zip(moved.items(), vectors, strict=True):
            created = self.space.create(
                path, row.text, vector, now, row.metadata, row.expires_at, row.created_at
            )
            changes += [Delete(row.id, now, row.version, row.scope.user_id or ""), created]
        await self._apply(", ".join(moved), changes, Mutation(None, False, True), None)

    def _expression(self, folder: str | None, conditions: Mapping[str, Any]) -> Expression | None:
        filters = self.space.filters(**conditions)
        if folder is not None:
            filters[f"metadata.{PATH}"] = {"like": below(folder)}
        return parse_filters(filters, self._memory._zone)

    async def _vector(self, text: str) -> bytes | None:
        components = await self._memory._ready()
        (vector,) = await components.encoder.encode([text])
        return vector

    async def _apply(
        self, path: str, changes: Sequence[Change], made: Mutation, operation: Operation | None
    ) -> Mutation:
        components = await self._memory._ready()
        receipts: list[Change] = []
        if operation is not None:
            key, receipt = operation_key(operation), made.receipt(operation)
            receipts = [Remember(self.space.receipts, key, receipt, clock.now(), strict=True)]
        try:
            outcomes = await components.store.apply([*receipts, *changes])
        except AlreadyDone as done:
            assert operation is not None
            return replayed(done.result, operation)
        except (AlreadyStored, VersionConflict):
            raise DocumentConflictError(f"{path}: has changed since it was read; read it again") from None
        if any(isinstance(one, Amend) for one in changes) and not isinstance(outcomes[-1], Updated):
            raise DocumentConflictError(f"{path}: was deleted since it was read")
        return made
