"""Items of a key-value store with hierarchical namespaces, as LangGraph has them. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from ...errors import InvalidInputError
from ..values import Row

Namespace = tuple[str, ...]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": eq, "$ne": ne, "$gt": gt, "$gte": ge, "$lt": lt, "$lte": le,
}  # fmt: skip
_MINUTE = 60 * 1_000_000
# The last moment of the calendar.
_LATEST = 253_402_300_799_000_000
_SCALARS = (str, int, float, bool)
# As in our own filters.
_OURS = {"$eq": "eq", "$ne": "ne", "$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}


class StoredItem(NamedTuple):
    """An item as it was read.

    Attributes:
        namespace: where it is.
        key: its key there.
        value: a JSON object.
        created_at: when it was first stored.
        updated_at: when it was last stored.
        score: 0 to 1, if a search has found it by its meaning.
        row: the memory that it is.
    """

    namespace: Namespace
    key: str
    value: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    score: float | None
    row: Row


def item_path(namespace: Iterable[str], key: str) -> str:
    """Return the path of an item."""
    return f"{namespace_path(namespace)}/{_escaped(key)}"


def namespace_path(namespace: Iterable[str]) -> str:
    """Return the path of a namespace, below which its items are, and those of namespaces in it."""
    return "".join(f"/{_escaped(label)}" for label in namespace)


def _escaped(label: str) -> str:
    return label.replace("%", "%25").replace("/", "%2F")


def item_metadata(
    namespace: Namespace, key: str, value: Mapping[str, Any], ttl: float | None
) -> dict[str, Any]:
    """Return the metadata that keep an item; ``ttl`` in minutes."""
    return {"namespace": [*namespace], "key": key, "value": dict(value), "ttl": ttl}


def read_item_row(row: Row, score: float | None = None) -> StoredItem:
    """Return the item that a memory is."""
    kept = row.metadata
    return StoredItem(
        tuple(kept["namespace"]),
        str(kept["key"]),
        dict(kept["value"]),
        _moment(row.created_at),
        _moment(row.updated_at),
        score,
        row,
    )


def expiry(ttl: float, now: int) -> int:
    """Return the moment, microseconds UTC, at which an item expires that lives for ``ttl`` minutes."""
    return min(now + round(ttl * _MINUTE), _LATEST)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, timezone.utc)


def pushed(conditions: Mapping[str, Any] | None) -> tuple[dict[str, Any], bool]:
    """Return the part of a filter that the database can decide, and whether that is all of it.

    Args:
        conditions: by the name of a value's field: a value that it equals, or operators with their operands.
    """
    found: dict[str, Any] = {}
    whole = True
    for name, wanted in (conditions or {}).items():
        ours = _translated(wanted)
        if ours is None or not name or "." in name:
            whole = False
        else:
            found[f"metadata.value.{name}"] = ours
    return found, whole


def _translated(wanted: object) -> Any:
    if isinstance(wanted, _SCALARS):
        return {"eq": wanted}
    if not isinstance(wanted, Mapping) or not wanted:
        return None
    if not all(name in _OURS and _is_operand(name, value) for name, value in wanted.items()):
        return None
    return {_OURS[name]: value for name, value in wanted.items()}


def _is_operand(name: str, value: object) -> bool:
    if name in ("$eq", "$ne"):
        return isinstance(value, _SCALARS)
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def passes(conditions: Mapping[str, Any] | None, value: Mapping[str, Any]) -> bool:
    """Return whether an item's value passes a filter.

    Raises:
        InvalidInputError: the filter has an unknown operator.
    """
    return all(_holds(value.get(name), wanted) for name, wanted in (conditions or {}).items())


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if any(str(name).startswith("$") for name in wanted):
            return all(_compares(value, name, operand) for name, operand in wanted.items())
        return isinstance(value, Mapping) and all(_holds(value.get(k), each) for k, each in wanted.items())
    if isinstance(wanted, (list, tuple)):
        return (
            isinstance(value, (list, tuple))
            and len(value) == len(wanted)
            and all(_holds(mine, each) for mine, each in zip(value, wanted, strict=True))
        )
    return bool(value == wanted)


def _compares(value: Any, name: str, operand: Any) -> bool:
    operator = _OPERATORS.get(name)
    if operator is None:
        raise InvalidInputError(f"filter: unknown operator {name!r}; there are {', '.join(_OPERATORS)}")
    try:
        return operator(value, operand)
    except TypeError:
        # Values of different types have no order.
        return False


def readable(value: Any) -> str:
    """Return a value as text that searches find: ``"name: value"`` on lines of their own."""
    return "\n".join(_lines(value, ""))


def _lines(value: Any, name: str) -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _lines(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _lines(each, name)
    elif value is not None:
        yield f"{name}: {value}" if name else str(value)
