"""Turning a filter into SQL."""

from __future__ import annotations

from typing import Any

from ..filters.expression import And, Column, Condition, Expression, Not
from .dialects import COMPARISONS, Dialect, Fragment
from .functions import register_functions

__all__ = ["compile_filter", "register_functions"]


def compile_filter(expression: Expression, dialect: Dialect) -> tuple[str, list[Any]]:
    """Return a condition for a WHERE clause over a table of memories, and its parameters in order.

    The condition is never NULL. It holds no text of the filter: what a user wrote travels as parameters.
    The columns are ``metadata``, as JSON text, and those of ``powermem.filters.COLUMNS``. Where there is no
    value, scope ids are ``''`` and other columns NULL.

    Args:
        expression: from ``powermem.filters.parse``.
        dialect: the database's.
    """
    fragment = _compile(expression, dialect, negated=False)
    return fragment.sql, list(fragment.values)


def _compile(expression: Expression, dialect: Dialect, *, negated: bool) -> Fragment:
    if isinstance(expression, Not):
        return _compile(expression.part, dialect, negated=not negated)
    if isinstance(expression, Condition):
        field = expression.field
        test = _column(field, expression, dialect) if isinstance(field, Column) else dialect.key(expression)
        return Fragment(f"{'NOT ' if negated else ''}({test.sql})", test.values)
    conjunction = isinstance(expression, And) is not negated
    if not expression.parts:
        return Fragment("1 = 1" if conjunction else "1 = 0")
    # SQLite's parser holds 100 symbols at a time, and before each part but the first two of them wait. So the
    # deepest part goes first; and NOT is carried down to the conditions instead of being written.
    deepest_first = sorted(expression.parts, key=_depth, reverse=True)
    parts = [_compile(part, dialect, negated=negated) for part in deepest_first]
    sql = (" AND " if conjunction else " OR ").join(part.sql for part in parts)
    return Fragment(f"({sql})", tuple(value for part in parts for value in part.values))


def _depth(expression: Expression) -> int:
    if isinstance(expression, Condition):
        return 0
    if isinstance(expression, Not):
        return _depth(expression.part)
    return 1 + max(map(_depth, expression.parts), default=0)


def _column(column: Column, condition: Condition, dialect: Dialect) -> Fragment:
    present = f"{column.name} <> ''" if column.kind == "scope" else f"{column.name} IS NOT NULL"
    if condition.operator == "exists":
        return Fragment(present)
    test = _column_test(column.name, condition.operator, condition.operand, dialect)
    return Fragment(f"{present} AND {test.sql}", test.values)


def _column_test(column: str, operator: str, operand: Any, dialect: Dialect) -> Fragment:
    if operator in COMPARISONS:
        return Fragment(f"{column} {COMPARISONS[operator]} ?", (operand,))
    if operator == "in":
        return dialect.is_in(column, operand)
    if operator == "contains":
        return dialect.contains(column, operand)
    return dialect.icontains(column, operand) if operator == "icontains" else dialect.like(column, operand)
