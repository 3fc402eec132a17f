"""Whose memories a filter of another API is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.values import Scope


def ids_named(filters: Any) -> dict[str, Any]:
    """Return the ids that every memory matching a filter must have: those at its top, and below ``AND``.

    Args:
        filters: a filter with our names, or anything else, which names none.

    Returns:
        ``user_id``, ``agent_id`` and ``run_id``, as far as they are there.
    """
    if not isinstance(filters, Mapping):
        return {}
    below = filters.get("AND")
    parts = [filters, *(below if isinstance(below, Sequence) and not isinstance(below, str) else ())]
    return {
        name: part[name]
        for part in parts
        if isinstance(part, Mapping)
        for name in Scope._fields
        if isinstance(part.get(name), (str, int)) and part[name] != "*"
    }
