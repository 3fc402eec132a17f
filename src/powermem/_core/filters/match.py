"""A filter evaluated for a row, in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from ..values import Row
from .expression import And, Column, Condition, Expression, Facet, Key, Not, like


def matches(expression: Expression, row: Row) -> bool:
    """Return whether a row passes a filter.

    Args:
        expression: from ``parse``.
        row: its metadata and facets as decoded from JSON.
    """
    if isinstance(expression, Condition):
        field = expression.field
        if isinstance(field, Column):
            return _holds(expression, _column_value(field, row))
        return _holds(expression, _key_value(field, row.facets if isinstance(field, Facet) else row.metadata))
    if isinstance(expression, Not):
        return not matches(expression.part, row)
    every = all if isinstance(expression, And) else any
    return every(matches(part, row) for part in expression.parts)


def metadata_matches(condition: Condition, metadata: Mapping[str, Any]) -> bool:
    """Return whether a condition on a metadata key holds."""
    assert isinstance(condition.field, Key)
    return _holds(condition, _key_value(condition.field, metadata))


def _column_value(column: Column, row: Row) -> str | int | None:
    if column.kind == "scope":
        value: str | int | None = getattr(row.scope, column.name) or None
    else:
        value = row.text if column.name == "memory" else getattr(row, column.name)
    return value


def _key_value(key: Key, metadata: Mapping[str, Any]) -> Any:
    value: Any = metadata.get(key.name)
    if value is None:
        value = metadata
        for step in key.path:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _holds(condition: Condition, value: Any) -> bool:
    return value is not None and _TESTS[condition.operator](value, condition.operand)


def _kind(value: Any) -> type | None:
    # A bool is an int to Python, but not to JSON.
    if isinstance(value, bool):
        return bool
    if isinstance(value, (int, float)):
        return float
    if isinstance(value, (list, tuple)):
        return list
    return str if isinstance(value, str) else None


def _equal(value: Any, operand: Any) -> bool:
    kind = _kind(operand)
    if kind is None:
        # Only for elements of lists, which may be null.
        return value is operand
    if kind is not _kind(value):
        return False
    if kind is list:
        return len(value) == len(operand) and all(map(_equal, value, operand))
    return bool(value == operand)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, operand: _kind(value) is _kind(operand) and test(value, operand)


def _member(value: Any, operand: frozenset[Any]) -> bool:
    # All members are strings, or all are numbers, so that any of them shows the type.
    return any(_kind(value) is _kind(one) for one in islice(operand, 1)) and value in operand


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    return _kind(value) is list and any(_equal(element, operand) for element in value)


def _contains_folded(value: Any, operand: str) -> bool:
    if isinstance(value, str):
        return operand in value.casefold()
    return _kind(value) is list and any(
        isinstance(element, str) and element.casefold() == operand for element in value
    )


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "exists": lambda value, _: True,
    "eq": _equal,
    "in": _member,
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "contains": _contains,
    "icontains": _contains_folded,
    "like": lambda value, pattern: isinstance(value, str) and like(value, pattern),
}
