"""Conversion between table rows and values, and conditions on rows, for every database. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..changes.writes import AddTurn
from ..metadata import decode
from ..values import Row, Scope, Turn
from .dialects import Fragment

COLUMNS = (
    "id, user_id, agent_id, run_id, memory, hash, actor_id, memory_type, metadata, created_at, updated_at, "
    "valid_from, valid_to, expires_at, superseded_by, access_count, version, utc_offset, facets"
)
"""The columns that `to_row` reads, the first of a query."""
_COUNT = COLUMNS.count(",") + 1

TURN = "id, user_id, agent_id, run_id, role, content, actor_id, sent_at, created_at, utc_offset"
"""The columns that `turn_values` writes and `to_turn` reads."""


class Texts:
    """How a database keeps text: any as it is.

    Attributes:
        as_it_is: whether nothing is changed.
    """

    as_it_is = False

    def stored(self, text: str) -> str:
        """Return text as this database can keep it."""
        return text

    def loaded(self, text: str) -> str:
        """Undo `stored`."""
        return text

    def stored_json(self, text: str) -> str:
        """Return JSON text as this database can keep it."""
        return text

    def loaded_json(self, text: str) -> str:
        """Undo `stored_json`."""
        return text

    def stored_or_none(self, text: str | None) -> str | None:
        """Return text that may be missing as this database can keep it."""
        return None if text is None else self.stored(text)

    def loaded_or_none(self, text: str | None) -> str | None:
        """Undo `stored_or_none`."""
        return None if text is None else self.loaded(text)


class Plain(Texts):
    """Text that is kept as it is."""

    as_it_is = True


PLAIN = Plain()


def _row(
    id: int,
    user: str,
    agent: str,
    run: str,
    text: str,
    hash: str,
    actor: str | None,
    kind: str | None,
    metadata: str,
    created: int,
    updated: int,
    begins: int,
    ends: int | None,
    expires: int | None,
    successor: int | None,
    accesses: int,
    version: int,
    offset: int | None,
    facets: str,
) -> Row:
    scope = Scope(user or None, agent or None, run or None)
    read, found = decode(metadata), decode(facets)
    times = (created, updated, begins, ends, expires)
    return Row(id, scope, text, hash, actor, kind, read, *times, successor, accesses, version, offset, found)


def to_row(values: Sequence[Any], texts: Texts = PLAIN) -> Row:
    """Build a ``Row`` from the values of ``COLUMNS``."""
    if texts.as_it_is:
        # A query may return more, such as whether a row is in doubt.
        return _row(*values[:_COUNT])
    return Row(
        id=values[0],
        scope=to_scope(values[1:4]),
        text=texts.loaded(values[4]),
        hash=values[5],
        actor_id=texts.loaded_or_none(values[6]),
        memory_type=texts.loaded_or_none(values[7]),
        metadata=decode(texts.loaded_json(values[8])),
        created_at=values[9],
        updated_at=values[10],
        valid_from=values[11],
        valid_to=values[12],
        expires_at=values[13],
        superseded_by=values[14],
        access_count=values[15],
        version=values[16],
        utc_offset=values[17],
        facets=decode(texts.loaded_json(values[18])),
    )


def turn_values(turn: Turn | AddTurn, texts: Texts = PLAIN) -> tuple[Any, ...]:
    """Return the values of ``TURN``."""
    role, content = texts.stored(turn.role), texts.stored(turn.content)
    times = (turn.sent_at, turn.created_at, turn.utc_offset)
    return (turn.id, *scope_values(turn.scope), role, content, texts.stored_or_none(turn.actor_id), *times)


def to_turn(values: Sequence[Any], texts: Texts = PLAIN) -> Turn:
    """Build a turn from the values of ``TURN``."""
    turn_id, user_id, agent_id, run_id, role, content, actor_id, *times = values
    scope, actor_id = to_scope((user_id, agent_id, run_id)), texts.loaded_or_none(actor_id)
    return Turn(turn_id, scope, texts.loaded(role), texts.loaded(content), actor_id, *times)


def scope_values(scope: Scope) -> tuple[str, str, str]:
    """Return a scope as it is stored."""
    return (scope.user_id or "", scope.agent_id or "", scope.run_id or "")


def to_scope(values: Sequence[str]) -> Scope:
    """Build a scope from its three values."""
    user_id, agent_id, run_id = values
    return Scope(user_id or None, agent_id or None, run_id or None)


def scope_condition(scope: Scope) -> Fragment:
    """Return the condition for the ids that are given; ids not given match every row."""
    named = zip(("user_id", "agent_id", "run_id"), scope, strict=True)
    given = [(column, value) for column, value in named if value is not None]
    return Fragment(
        " AND ".join(f"{column} = ?" for column, _ in given) or "1 = 1", tuple(value for _, value in given)
    )


def visible(scope: Scope, now: int, *, as_of: int | None = None, include_expired: bool = False) -> Fragment:
    """Return whether a row of a scope is valid and has not expired.

    Args:
        scope: ids not given match every row.
        now: microseconds UTC.
        as_of: ask for that moment instead.
        include_expired: whether rows that have expired count too.
    """
    where = scope_condition(scope)
    moment = now if as_of is None else as_of
    parts, values = [where.sql], [*where.values]
    if as_of is None:
        parts.append("valid_to IS NULL")
    else:
        parts.append("valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)")
        values += [moment, moment]
    if not include_expired:
        parts.append("(expires_at IS NULL OR expires_at > ?)")
        values.append(moment)
    return Fragment(" AND ".join(parts), tuple(values))
