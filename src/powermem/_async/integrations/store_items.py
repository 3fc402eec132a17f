"""A key-value store with hierarchical namespaces over memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..._core import clock
from ..._core.inputs import check_amount
from ..._core.integrations.documents import DocumentConflictError, Space
from ..._core.integrations.store_items import (
    Namespace,
    StoredItem,
    expiry,
    item_metadata,
    item_path,
    namespace_path,
    passes,
    pushed,
    read_item_row,
)
from ..._core.metadata import check_metadata
from ..._core.text.cleaning import check_text
from .documents import AsyncDocuments

if TYPE_CHECKING:
    from ..memory import AsyncMemory

# How often a write that met another writer is tried again: the last one wins.
_ATTEMPTS = 10
_PAGE = 1000


class AsyncStoreItems:
    """The items of one owner. Each is a memory, which searches find.

    Args:
        memory: where they are stored.
        user_id: the owner.
        agent_id: or the agent that they are of.
        run_id: or the conversation.
    """

    def __init__(
        self,
        memory: AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        self._documents = AsyncDocuments(memory, Space(memory._scope(user_id, agent_id, run_id), "item"))

    async def get(self, namespace: Namespace, key: str, *, refresh: bool = False) -> StoredItem | None:
        """Return an item, or ``None``; ``refresh`` lets its time to live begin again."""
        row = await self._documents.find(item_path(namespace, key))
        if row is None:
            return None
        item = read_item_row(row)
        if refresh:
            await self._refresh([item])
        return item

    async def put(
        self, namespace: Namespace, key: str, value: Mapping[str, Any], text: str | None, ttl: float | None
    ) -> None:
        """Store an item, in the place of the one that has its key.

        Args:
            namespace: where it is.
            key: its key there.
            value: a JSON object.
            text: what searches find of it; ``None`` for nothing.
            ttl: minutes until it expires; ``None`` for never.
        """
        path = item_path(namespace, key)
        metadata = check_metadata(item_metadata(namespace, key, value, ttl))
        words = check_text(text or "", "value")
        expires_at = None if ttl is None else expiry(check_amount(ttl, "ttl"), clock.now())
        for attempt in range(_ATTEMPTS):
            row = await self._documents.find(path)
            try:
                if row is None:
                    await self._documents.create(
                        path, words, metadata, expires_at=expires_at, embedded=text is not None
                    )
                else:
                    await self._documents.replace(
                        row, words, metadata, expires_at=expires_at, embedded=text is not None
                    )
                return
            except DocumentConflictError:
                if attempt == _ATTEMPTS - 1:
                    raise

    async def delete(self, namespace: Namespace, key: str) -> None:
        """Delete an item, if there is one."""
        for attempt in range(_ATTEMPTS):
            row = await self._documents.find(item_path(namespace, key))
            try:
                if row is not None:
                    await self._documents.delete([row])
                return
            except DocumentConflictError:
                if attempt == _ATTEMPTS - 1:
                    raise

    async def search(
        self,
        prefix: Namespace,
        *,
        query: str | None = None,
        conditions: Mapping[str, Any] | None = None,
        limit: int = 10,
        offset: int = 0,
        refresh: bool = False,
    ) -> list[StoredItem]:
        """Return items in a namespace and those in it.

        Args:
            prefix: the namespace; all for an empty one.
            query: a question or any text; then the best come first, and those last that it says nothing of.
            conditions: by the name of a value's field; see ``passes``.
            limit: maximum number of items.
            offset: how many to pass over.
            refresh: let their time to live begin again.
        """
        passes(conditions, {})
        folder = namespace_path(prefix) or None
        filters, decided = pushed(conditions)
        wanted = limit + offset
        found: list[StoredItem] = []
        if query and query.strip() and wanted:
            # A page of candidates that are still to be decided about may lose some.
            size = wanted if decided else max(wanted, _PAGE)
            hits = await self._documents.search(query, size, folder, **filters)
            found = [read_item_row(hit.row, hit.score) for hit in hits]
            found = [item for item in found if passes(conditions, item.value)]
        if not found and decided:
            rows = await self._documents.page(folder, limit, offset, **filters)
            found = [read_item_row(row) for row in rows]
        else:
            if len(found) < wanted:
                known = {item.row.id for item in found}
                below = (await self._documents.below(folder, **filters)).values()
                others = [read_item_row(row) for row in sorted(below, key=lambda row: row.id)]
                found += [
                    item for item in others if item.row.id not in known and passes(conditions, item.value)
                ]
            found = found[offset:wanted]
        if refresh:
            await self._refresh(found)
        return found

    async def namespaces(self) -> list[Namespace]:
        """Return every namespace that has items, sorted."""
        rows = await self._documents.below()
        return sorted({tuple(row.metadata["namespace"]) for row in rows.values()})

    async def _refresh(self, items: Sequence[StoredItem]) -> None:
        for item in items:
            ttl = item.row.metadata.get("ttl")
            if ttl is not None:
                await self._documents.extend(item.row, expiry(ttl, clock.now()))
