"""Compile a filter to SQL."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..filters.expression import And, Column, Condition, Expression, Not
from .dialects import COMPARISONS, Dialect, Fragment, fill
from .functions import register_functions

__all__ = ["Narrowed", "compile_filter", "narrow_filter", "register_functions"]


class Narrowed(NamedTuple):
    """A condition for a WHERE clause that at least every row that passes a filter fulfils.

    Attributes:
        sql: the condition, never NULL.
        values: its parameters in order.
        doubt: says of a row whether ``_core.filters.matches`` has to decide; without parameters.
        uncertain: whether there can be such rows at all.
    """

    sql: str
    values: list[Any]
    doubt: str
    uncertain: bool


def narrow_filter(expression: Expression, dialect: Dialect) -> Narrowed:
    """Return a condition for a database that cannot answer everything exactly; see ``compile_filter``."""
    fragment = _compile(expression, dialect, negated=False)
    doubt = " OR ".join(sorted(fragment.doubts)) or "1 = 0"
    sql = f"({fragment.sql} OR {doubt})" if fragment.doubts else fragment.sql
    return Narrowed(sql, list(fragment.values), f"({doubt})", bool(fragment.doubts))


def compile_filter(expression: Expression, dialect: Dialect) -> tuple[str, list[Any]]:
    """Return a condition for a WHERE clause over a table of memories, and its parameters in order.

    The condition is never NULL. It holds no text of the filter: what a user wrote travels as parameters.
    The columns are ``metadata``, as JSON text, and those of ``_core.filters.COLUMNS``. Where there is no
    value, scope ids are ``''`` and other columns NULL.

    Args:
        expression: from ``_core.filters.parse``.
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
        return test._replace(sql=f"{'NOT ' if negated else ''}({test.sql})")
    conjunction = isinstance(expression, And) is not negated
    if not expression.parts:
        return Fragment("1 = 1" if conjunction else "1 = 0")
    # SQLite's parser has a stack of 100 symbols, and every part but the first adds two. So the deepest part
    # goes first, and NOT is pushed down to the conditions.
    deepest_first = sorted(expression.parts, key=_depth, reverse=True)
    parts = [_compile(part, dialect, negated=negated) for part in deepest_first]
    connective = " AND " if conjunction else " OR "
    return fill(f"({connective.join(['{}'] * len(parts))})", *parts)


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
    doubts = test.doubts | dialect.text_doubts if column.kind == "text" else test.doubts
    return test._replace(sql=f"{present} AND {test.sql}", doubts=doubts)


def _column_test(column: str, operator: str, operand: Any, dialect: Dialect) -> Fragment:
    if operator in COMPARISONS:
        return Fragment(f"{column} {COMPARISONS[operator]} ?", (operand,))
    if operator == "in":
        return dialect.is_in(column, operand)
    if operator == "contains":
        return dialect.contains(column, operand)
    return dialect.icontains(column, operand) if operator == "icontains" else dialect.like(column, operand)
