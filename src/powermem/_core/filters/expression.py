"""The tree of a parsed filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "scope", "actor", "text", "time"]
Operator = Literal["eq", "gt", "gte", "lt", "lte", "in", "contains", "icontains", "like", "exists"]
Scalar = str | int | float | bool
Operand = Scalar | frozenset[str] | frozenset[int | float] | tuple[Scalar | None, ...] | None


@dataclass(frozen=True, slots=True)
class Column:
    """A field that every memory has."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Key:
    """A metadata key as written; dots may refer to nested objects."""

    name: str

    @property
    def path(self) -> tuple[str, ...]:
        """The keys of the nested objects, if no single key has the whole name."""
        return tuple(self.name.split("."))


Field = Column | Key


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. It is false for a missing or null value, whatever the operator.

    Attributes:
        field: the field to compare.
        operator: ``ne``, ``nin`` and ``exists: false`` are a ``Not`` around the opposite.
        operand: checked and converted. For ``in`` a set of either strings or numbers; for ``eq`` a scalar, or
            for a key the tuple that a list must equal; for ``icontains`` case-folded; for ``exists``
            ``None``.
    """

    field: Field
    operator: Operator
    operand: Operand = None


@dataclass(frozen=True, slots=True)
class And:
    """True if all parts are true, also if there are none."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True if any part is true; false if there are none."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if its part is false; there is no third value as in SQL."""

    part: Expression


Expression = Condition | And | Or | Not

COLUMNS = {
    column.name: column
    for column in (
        Column("id", "number"),
        Column("memory", "text"),
        Column("hash", "text"),
        Column("user_id", "scope"),
        Column("agent_id", "scope"),
        Column("run_id", "scope"),
        Column("actor_id", "actor"),
        Column("memory_type", "text"),
        Column("created_at", "time"),
        Column("updated_at", "time"),
        Column("valid_from", "time"),
        Column("valid_to", "time"),
        Column("expires_at", "time"),
    )
}
