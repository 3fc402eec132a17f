r"""Filters: a dict that says which memories are meant, with the same meaning on every store.

``parse`` checks a dict and makes a tree of it. ``matches`` evaluates the tree on a row in Python;
``powermem.sql.filters.compile_filter`` turns it into SQL. Both give the same rows.

What a filter may hold
    ``{"k": v}`` equals; ``{"k": [a, b]}`` is one of; ``{"k": "*"}`` has any value;
    ``{"k": {operator: operand}}`` compares. Several operators are ANDed, as are several keys of one dict.
    ``{"AND": [...]}``, ``{"OR": [...]}`` and ``{"NOT": {...}}`` nest; ``{"NOT": [...]}`` means none of them.
    Operators and connectives may start with ``$``. Connectives are written ``AND``, ``$and`` or ``$AND``; a
    bare ``and`` is refused, since it is a mistake more often than a metadata key.

Fields
    ``id``, ``memory``, ``hash``, ``user_id``, ``agent_id``, ``run_id``, ``actor_id``, ``memory_type``,
    ``created_at``, ``updated_at``, ``valid_from``, ``valid_to`` and ``expires_at`` are the memory's own.
    Every other name is a metadata key. ``metadata.k`` is always a metadata key, whatever its name, so
    ``metadata.user_id`` is data and never a scope. A filter is ANDed with the scope of the call: it narrows,
    and cannot widen.

    ``a.b`` is the metadata key that is literally named ``a.b`` when that holds a value, else the key ``b``
    inside the object ``a``. Lists are not walked into. ``category`` is the metadata key of that name when it
    holds a value, else ``memory_type``; it takes text only.

Missing values
    Null and missing are the same: equality with ``None`` matches both, and ``exists`` and ``"*"`` match
    neither. ``ne`` is exactly NOT ``eq``, and ``nin`` is NOT ``in``. Hence a missing key matches
    ``exists: false``, ``ne`` and ``nin`` (unless they name ``None``), equality with ``None``, and nothing
    else.

Types
    Only like compares with like: numbers with numbers (integers and floats by value, exactly), text with text
    by code point, booleans with booleans; ``True`` is not 1. A value of another type is not equal, not
    greater, not less. ``eq`` with a list means that very list. ``contains`` is a substring of text or a
    member of a list; ``icontains`` is the same with case folded, for text. ``like`` matches a whole text,
    minding case: ``%`` is any run of characters, ``_`` any one, and ``\`` takes the next one as it is.
    Times are ISO-8601 strings, datetimes, or seconds since the epoch. Ids may be decimal strings.

Edges
    An empty ``in`` matches nothing and an empty ``nin`` everything; an empty ``AND`` everything and an empty
    ``OR`` nothing. Integers beyond 64 bits, NaN, infinities and NUL characters are refused in a filter, since
    not every store can compare them. Stored values of that kind are compared exactly all the same.
"""

from __future__ import annotations

from .expression import COLUMNS, And, Column, Condition, Expression, Key, Not, Or
from .match import matches
from .parse import MAX_CONDITIONS, MAX_DEPTH, parse

__all__ = [
    "COLUMNS",
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "And",
    "Column",
    "Condition",
    "Expression",
    "Key",
    "Not",
    "Or",
    "matches",
    "parse",
]
