"""Filters as PostgreSQL understands them: metadata is JSONB in the column ``document``."""

from __future__ import annotations

import json
from typing import Any

from ..filters.expression import Condition, Facet
from .dialects import COMPARISONS, Dialect, Fragment, bound, fill

PLAIN, UNICODE, ESCAPED = 0, 1, 2
"""The values of the column ``nature``: text and metadata are ASCII; hold other characters; hold an escape."""

# From here on JSONB no longer tells an integer from a float.
_EXACT = 1 << 53


class PostgresDialect(Dialect):
    """Filters over JSONB.

    Strings, flags and numbers below 2**53 are compared as Python does. What differs goes to Python: rows that
    hold an escaped NUL, ``icontains`` on rows beyond ASCII, and numbers from 2**53 on, where JSONB no longer
    tells an integer from a float.
    """

    text_doubts = frozenset({f"nature = {ESCAPED}"})

    def is_in(self, column: str, values: frozenset[Any]) -> Fragment:
        kind = "text[]" if all(isinstance(value, str) for value in values) else "bigint[]"
        return Fragment(f"{column} = ANY (?::{kind})", (sorted(values),))

    def contains(self, column: str, text: str) -> Fragment:
        return Fragment(f"strpos({column}, ?) > 0", (text,))

    def icontains(self, column: str, folded: str) -> Fragment:
        return Fragment(f"strpos(lower({column}), ?) > 0", (folded,), frozenset({f"nature > {PLAIN}"}))

    def like(self, column: str, pattern: str) -> Fragment:
        return Fragment(f"{column} LIKE ?", (pattern,))

    def key(self, condition: Condition) -> Fragment:
        of_facet = isinstance(condition.field, Facet)
        place = _Place(_value(condition.field.name, "(facets::jsonb)" if of_facet else "document"))
        test = place.test(condition.operator, condition.operand)
        doubts = test.doubts | self.text_doubts
        if of_facet and condition.operator == "icontains":
            # The column ``nature`` says nothing of facets.
            doubts |= {"1 = 1"}
        return fill("COALESCE({}, FALSE)", test)._replace(doubts=doubts)


POSTGRES = PostgresDialect()


def _value(name: str, document: str) -> Fragment:
    """Return the value of a key in a column as JSONB, NULL where there is none."""
    literal = fill(f"({document} -> {{}}::text)", bound(name))
    labels = name.split(".")
    if len(labels) == 1:
        return fill("NULLIF({}, 'null')", literal)
    nested = fill(f"({document}{' -> {}::text' * len(labels)})", *map(bound, labels))
    return fill("COALESCE(NULLIF({}, 'null'), NULLIF({}, 'null'))", literal, nested)


class _Place:
    """Conditions on one JSONB value."""

    def __init__(self, value: Fragment) -> None:
        self._value = value
        self._text = fill("(({} #>> '{{}}') COLLATE \"C\")", value)

    def test(self, operator: str, operand: Any) -> Fragment:
        if operator == "exists":
            return fill("{} IS NOT NULL", self._value)
        if operator == "in":
            return self._is_in(operand)
        if operator == "contains":
            return self._contains(operand)
        if operator == "icontains":
            return self._icontains(operand)
        if operator == "like":
            return self._if("string", fill("{} LIKE {}::text", self._text, bound(operand)))
        if isinstance(operand, tuple):
            test = self._if("array", fill("{} = {}", self._value, _json(operand)))
            return _doubting(test, *operand)
        sign = COMPARISONS[operator]
        if isinstance(operand, str):
            return self._if("string", fill(f"{{}} {sign} {{}}::text", self._text, bound(operand)))
        kind = "boolean" if isinstance(operand, bool) else "number"
        # JSONB orders false before true, and numbers by value; only between kinds is its order its own.
        return _doubting(self._if(kind, fill(f"{{}} {sign} {{}}", self._value, _json(operand))), operand)

    def _is_in(self, values: frozenset[Any]) -> Fragment:
        kind = "string" if all(isinstance(value, str) for value in values) else "number"
        listed = bound(sorted(_dump(value) for value in values))
        test = self._if(kind, fill("{} = ANY ({}::text[]::jsonb[])", self._value, listed))
        return _doubting(test, *values)

    def _contains(self, operand: Any) -> Fragment:
        among = fill("{} @> {}", self._value, _json(operand))
        if not isinstance(operand, str):
            return _doubting(self._if("array", among), operand)
        within = fill("strpos({}, {}::text) > 0", self._text, bound(operand))
        return fill("({} OR {})", self._if("string", within), self._if("array", among))

    def _icontains(self, folded: str) -> Fragment:
        within = fill("strpos(lower({}), {}::text) > 0", self._text, bound(folded))
        among = fill(
            "EXISTS (SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof({}) WHEN 'array' THEN {} END) AS e "
            "WHERE jsonb_typeof(e) = 'string' AND lower((e #>> '{{}}') COLLATE \"C\") = {}::text)",
            self._value,
            self._value,
            bound(folded),
        )
        test = fill("({} OR {})", self._if("string", within), among)
        return test._replace(doubts=test.doubts | {f"nature > {PLAIN}"})

    def _if(self, kind: str, test: Fragment) -> Fragment:
        return fill(f"(jsonb_typeof({{}}) = '{kind}' AND {{}})", self._value, test)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json(value: Any) -> Fragment:
    return fill("{}::text::jsonb", bound(_dump(list(value) if isinstance(value, tuple) else value)))


def _doubting(test: Fragment, *operands: Any) -> Fragment:
    large = any(
        isinstance(one, (int, float)) and not isinstance(one, bool) and abs(one) >= _EXACT for one in operands
    )
    return test._replace(doubts=test.doubts | {"1 = 1"}) if large else test
