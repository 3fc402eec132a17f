"""A store for LangGraph, and for deepagents; its extra is ``langgraph``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from langgraph.store.base import (
    BaseStore,
    GetOp,
    IndexConfig,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    PutOp,
    SearchItem,
    SearchOp,
    TTLConfig,
)
from langgraph.store.base.embed import get_text_at_path, tokenize_path

from powermem._async.integrations.store_items import AsyncStoreItems
from powermem._concurrency import async_gather, gather
from powermem._core.integrations.store_items import Namespace, StoredItem, readable
from powermem._sync.integrations.store_items import StoreItems
from powermem.errors import InvalidInputError
from powermem.integrations._colours import Colours

if TYPE_CHECKING:
    from powermem import AsyncMemory, Memory

__all__ = ["PowerMemStore"]

_WHOLE = "$"
_AT_ONCE = 16
_AGENT = "langgraph"


class PowerMemStore(BaseStore):
    """LangGraph's store over memories: every item is a memory, found by its meaning and its words.

    Give it to ``graph.compile(store=...)`` or ``create_agent(store=...)``, or to the ``StoreBackend`` of
    deepagents. Writes are durable when they return.

    Args:
        memory: of either colour; ``put`` and ``batch`` use a sync one, ``aput`` and ``abatch`` an async one.
            If it is of the other colour, one of the same configuration is opened.
        user_id: whose items they are, if all are of one user.
        agent_id: of which agent; ``"langgraph"`` if no id is given.
        run_id: of which conversation.
        index: ``{"fields": [...]}``: paths of what searches find of a value; by default all of it. The
            memory's embedder embeds, so ``embed`` and ``dims`` are refused.
        ttl: ``{"default_ttl", "refresh_on_read"}``, in minutes. What has expired is not returned.
    """

    __slots__ = ("_fields", "_items", "ttl_config")

    supports_ttl = True

    def __init__(
        self,
        memory: Memory | AsyncMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
    ) -> None:
        given: dict[str, Any] = dict(index or {})
        refused = sorted(given.keys() - {"fields"})
        if refused:
            raise InvalidInputError(
                f"index: {', '.join(refused)} cannot be set here: the memory embeds, see embedder in its "
                "configuration"
            )
        self._fields: Sequence[str] = given.get("fields") or [_WHOLE]
        self.ttl_config = ttl
        ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
        if not any(ids.values()):
            ids["agent_id"] = _AGENT
        self._items: Colours[StoreItems, AsyncStoreItems] = Colours(
            memory, lambda one: StoreItems(one, **ids), lambda one: AsyncStoreItems(one, **ids)
        )

    def batch(self, ops: Iterable[Any]) -> list[Any]:
        """Carry out operations: reads, then the last write to each item; return their results in order."""
        items, asked = self._items.blocking, _Asked(ops)
        results = dict(
            zip(
                asked.reads,
                gather([partial(_read, items, op) for op in asked.reads.values()], _AT_ONCE),
                strict=True,
            )
        )
        gather([partial(self._write, items, op) for op in asked.writes], _AT_ONCE)
        return [_result(op, results.get(place)) for place, op in enumerate(asked.ops)]

    async def abatch(self, ops: Iterable[Any]) -> list[Any]:
        """Carry out operations: reads, then the last write to each item; return their results in order."""
        items, asked = self._items.awaited, _Asked(ops)
        results = dict(
            zip(
                asked.reads,
                await async_gather([partial(_read, items, op) for op in asked.reads.values()], _AT_ONCE),
                strict=True,
            )
        )
        await async_gather([partial(self._write, items, op) for op in asked.writes], _AT_ONCE)
        return [_result(op, results.get(place)) for place, op in enumerate(asked.ops)]

    def _write(self, items: Any, op: PutOp) -> Any:
        """Begin a write, in the colour of the items."""
        if op.value is None:
            return items.delete(op.namespace, op.key)
        return items.put(op.namespace, op.key, op.value, self._text(op), op.ttl)

    def _text(self, op: PutOp) -> str | None:
        if op.index is False:
            return None
        fields = self._fields if op.index is None else op.index
        texts: list[str] = []
        for field in fields:
            if field == _WHOLE:
                texts.append(readable(op.value))
            else:
                texts += get_text_at_path(op.value, tokenize_path(field))
        return "\n".join(texts)


class _Asked:
    """The operations of a batch, checked.

    Attributes:
        ops: all, in order.
        reads: those that read, by their place.
        writes: the last write to each item.
    """

    def __init__(self, ops: Iterable[Any]) -> None:
        self.ops = list(ops)
        self.reads: dict[int, Any] = {}
        writes: dict[tuple[Namespace, str], PutOp] = {}
        for place, op in enumerate(self.ops):
            if isinstance(op, PutOp):
                _check_labels(op.namespace)
                writes[op.namespace, op.key] = op
            elif isinstance(op, (GetOp, SearchOp, ListNamespacesOp)):
                _check_labels(_labels(op))
                self.reads[place] = op
            else:
                raise InvalidInputError(f"ops[{place}]: unknown operation {type(op).__name__}")
        self.writes = list(writes.values())


def _labels(op: Any) -> Namespace:
    if isinstance(op, GetOp):
        return op.namespace
    if isinstance(op, SearchOp):
        return op.namespace_prefix
    return tuple(label for condition in op.match_conditions or () for label in condition.path)


def _check_labels(labels: Iterable[Any]) -> None:
    # Operations that are passed to `batch` have not gone through the checks of `put` and `get`.
    for label in labels:
        if not isinstance(label, str) or not label or "." in label or "\x00" in label:
            raise InvalidNamespaceError(
                f"Invalid namespace label {label!r}: expected a string that is not empty, without '.' and NUL"
            )


def _read(items: Any, op: Any) -> Any:
    """Begin a read, in the colour of the items."""
    if isinstance(op, GetOp):
        return items.get(op.namespace, op.key, refresh=op.refresh_ttl)
    if isinstance(op, SearchOp):
        return items.search(
            op.namespace_prefix,
            query=op.query,
            conditions=op.filter,
            limit=op.limit,
            offset=op.offset,
            refresh=op.refresh_ttl,
        )
    return items.namespaces()


def _result(op: Any, found: Any) -> Any:
    if isinstance(op, GetOp):
        return None if found is None else Item(**_fields_of(found))
    if isinstance(op, SearchOp):
        return [SearchItem(**_fields_of(item), score=item.score) for item in found]
    return _matching(op, found) if isinstance(op, ListNamespacesOp) else None


def _fields_of(item: StoredItem) -> dict[str, Any]:
    return {
        "namespace": item.namespace,
        "key": item.key,
        "value": item.value,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }


def _matching(op: ListNamespacesOp, namespaces: Iterable[Namespace]) -> list[Namespace]:
    found = [one for one in namespaces if all(_matches(each, one) for each in op.match_conditions or ())]
    if op.max_depth is not None:
        found = sorted({one[: op.max_depth] for one in found})
    return found[op.offset : op.offset + op.limit]


def _matches(condition: Any, namespace: Namespace) -> bool:
    path = tuple(condition.path)
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[-len(path) :]
    return all(wanted in ("*", label) for wanted, label in zip(path, part, strict=False))
