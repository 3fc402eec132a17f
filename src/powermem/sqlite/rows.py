"""Between table rows and ``Row``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..metadata import decode
from ..types import Row, Scope

COLUMNS = (
    "id, user_id, agent_id, run_id, memory, hash, actor_id, memory_type, metadata, created_at, updated_at, "
    "valid_from, valid_to, expires_at, superseded_by, access_count, version"
)


def to_row(values: Sequence[Any]) -> Row:
    """Build a ``Row`` from the values of ``COLUMNS``."""
    return Row(
        id=values[0],
        scope=Scope(values[1] or None, values[2] or None, values[3] or None),
        text=values[4],
        hash=values[5],
        actor_id=values[6],
        memory_type=values[7],
        metadata=decode(values[8]),
        created_at=values[9],
        updated_at=values[10],
        valid_from=values[11],
        valid_to=values[12],
        expires_at=values[13],
        superseded_by=values[14],
        access_count=values[15],
        version=values[16],
    )


def scope_values(scope: Scope) -> tuple[str, str, str]:
    """Return a scope as it is stored."""
    return (scope.user_id or "", scope.agent_id or "", scope.run_id or "")


def scope_condition(scope: Scope) -> tuple[str, list[str]]:
    """Return the SQL condition for the ids that are given; ids not given match every row."""
    parts: list[str] = []
    values: list[str] = []
    for column, value in zip(("user_id", "agent_id", "run_id"), scope, strict=True):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    return " AND ".join(parts) or "1", values
