"""Differences between databases in the SQL of filters.

A fragment about a key is true or false and never NULL, so that AND, OR and NOT around it mean what they mean
in Python; one about a column may be NULL where the column is. A parameter is written ``?``; the drivers of a
database that marks it otherwise translate.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..filters.expression import Condition, Facet
from ..patterns import Pattern
from .functions import encode_condition

_LIMIT = 1 << 63

COMPARISONS: Mapping[str, str] = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Fragment(NamedTuple):
    """A piece of SQL with its parameters in order.

    ``doubts`` are conditions without parameters; rows for which one holds may get a wrong answer and are to
    be asked again in Python.
    """

    sql: str
    values: tuple[Any, ...] = ()
    doubts: frozenset[str] = frozenset()


def bound(value: object) -> Fragment:
    """Return a parameter."""
    return Fragment("?", (value,))


def fill(template: str, *pieces: Fragment) -> Fragment:
    """Return a template whose ``{}`` are replaced by the pieces, in order."""
    values = tuple(value for piece in pieces for value in piece.values)
    doubts = frozenset[str]().union(*(piece.doubts for piece in pieces))
    return Fragment(template.format(*(piece.sql for piece in pieces)), values, doubts)


class Dialect(ABC):
    """One database's way of asking what standard SQL cannot.

    Plain comparisons of columns are left to the compiler. They go by code point, which takes columns of the
    right collation: ``BINARY``, ``C`` or ``utf8mb4_bin``.
    """

    text_doubts: frozenset[str] = frozenset()
    """For which rows a comparison of a column of text is not to be trusted."""

    @abstractmethod
    def is_in(self, column: str, values: frozenset[Any]) -> Fragment:
        """Return whether a column is one of these, however many they are."""

    @abstractmethod
    def contains(self, column: str, text: str) -> Fragment:
        """Return whether a text column holds this substring, minding case."""

    @abstractmethod
    def icontains(self, column: str, folded: str) -> Fragment:
        """Return whether a text column, casefolded, holds this casefolded substring."""

    @abstractmethod
    def like(self, column: str, pattern: str) -> Fragment:
        r"""Return whether a text column matches a pattern of ``%``, ``_`` and ``\``, minding case."""

    @abstractmethod
    def key(self, condition: Condition) -> Fragment:
        """Return whether a condition on a metadata key holds."""


class SQLiteDialect(Dialect):
    """SQLite, on connections that went through ``register_functions``.

    Its own JSON functions answer what they answer exactly; the rest goes to ``powermem_matches``, which costs
    some five times as much per row. Metadata is as ``_core.metadata.encode`` writes it.
    """

    def is_in(self, column: str, values: frozenset[Any]) -> Fragment:
        return _is_in(Fragment(column), values)

    def contains(self, column: str, text: str) -> Fragment:
        return Fragment(f"instr({column}, ?) > 0", (text,))

    def icontains(self, column: str, folded: str) -> Fragment:
        return Fragment(f"powermem_icontains({column}, ?)", (folded,))

    def like(self, column: str, pattern: str) -> Fragment:
        # SQLite's own LIKE ignores the case of ASCII letters.
        return Fragment(f"powermem_like({column}, ?)", (pattern,))

    def key(self, condition: Condition) -> Fragment:
        document = "facets" if isinstance(condition.field, Facet) else "metadata"
        exact = Fragment(f"powermem_matches({document}, ?)", (encode_condition(condition),))
        path = _path(condition.field.name)
        if path is None:
            return exact
        place = _Place(path, exact, document)
        operator, operand = condition.operator, condition.operand
        if operator == "exists":
            return place.exists()
        if operator == "contains" and isinstance(operand, str):
            return place.contains(operand)
        if operator == "in" and isinstance(operand, frozenset):
            return place.is_in(operand)
        if operator in COMPARISONS:
            if isinstance(operand, bool):
                return place.is_flag(operand)
            if isinstance(operand, str):
                return place.compare_text(operator, operand)
            if isinstance(operand, (int, float)):
                return place.compare_number(operator, operand)
        return exact


SQLITE = SQLiteDialect()

# SQLite knows no escapes in a path, and compares labels as they are written in the JSON text.
_PLAIN_LABEL = Pattern(r'[^\x00-\x1f"\\]+')


def _path(name: str) -> Fragment | None:
    """Return where a key is, or ``None`` for a name that SQLite's paths cannot express."""
    labels = name.split(".")
    if not all(map(_PLAIN_LABEL.fullmatch, labels)):
        return None
    literal = bound(f'$."{name}"')
    if len(labels) == 1:
        return literal
    nested = bound("$" + "".join(f'."{label}"' for label in labels))
    template = "CASE WHEN COALESCE(json_type(metadata, {}), 'null') = 'null' THEN {} ELSE {} END"
    return fill(template, literal, nested, literal)


class _Place:
    """Conditions on the value at one path of the metadata or the facets.

    Args:
        path: where it is.
        exact: the slow answer to the question, for values that SQLite's own functions misread.
        document: the column with the JSON text.
    """

    def __init__(self, path: Fragment, exact: Fragment, document: str) -> None:
        self._type = fill(f"json_type({document}, {{}})", path)
        self._value = fill(f"json_extract({document}, {{}})", path)
        self._elements = fill(f"json_each({document}, {{}})", path)
        self._exact = exact
        # SQLite cuts a string off at an escaped NUL.
        self._may_be_cut = f"instr({document}, '\\u0000') > 0"

    def exists(self) -> Fragment:
        return fill("COALESCE({}, 'null') <> 'null'", self._type)

    def is_flag(self, flag: bool) -> Fragment:
        return fill("{} IS {}", self._type, bound("true" if flag else "false"))

    def compare_text(self, operator: str, text: str) -> Fragment:
        test = fill(f"{{}} {COMPARISONS[operator]} {{}}", self._value, bound(text))
        if operator == "eq":
            return self._equals_text(test)
        return fill("CASE {} WHEN 'text' THEN {} ELSE 0 END", self._type, self._unless_cut(test))

    def contains(self, text: str) -> Fragment:
        within = fill("instr({}, {}) > 0", self._value, bound(text))
        among = fill(
            "EXISTS (SELECT 1 FROM {} AS element WHERE element.type = 'text' AND element.value = {})",
            self._elements,
            bound(text),
        )
        return self._unless_cut(
            fill("CASE {} WHEN 'text' THEN {} WHEN 'array' THEN {} ELSE 0 END", self._type, within, among)
        )

    def is_in(self, values: frozenset[Any]) -> Fragment:
        if all(isinstance(value, str) for value in values):
            return self._equals_text(_is_in(self._value, values))
        # A value that SQLite reads as an integer can only equal these.
        integers = {int(value) for value in values if value == int(value) and -_LIMIT <= value < _LIMIT}
        return self._if_number(_is_in(self._value, integers), self._exact)

    def compare_number(self, operator: str, number: float) -> Fragment:
        """Compare with a number.

        SQLite reads an integer of 64 bits exactly, but a float only to a few units in the last place on some
        versions and processors. So a float close to the operand gets the exact answer.
        """
        test = fill(f"{{}} {COMPARISONS[operator]} {{}}", self._value, bound(number))
        margin = abs(float(number)) * 1e-12 + 1e-300
        near = fill("{} BETWEEN {} AND {}", self._value, bound(number - margin), bound(number + margin))
        return self._if_number(test, fill("CASE WHEN {} THEN {} ELSE {} END", near, self._exact, test))

    def _equals_text(self, test: Fragment) -> Fragment:
        # No operand holds a NUL, so a string that was cut can be equal by mistake but not unequal. CASE stops
        # at the first answer, where AND may call the slow function for nothing.
        cut = f"WHEN {self._may_be_cut} THEN {{}} ELSE 1"
        template = f"CASE WHEN NOT ({{}}) THEN 0 WHEN {{}} IS NOT 'text' THEN 0 {cut} END"
        return fill(template, test, self._type, self._exact)

    def _unless_cut(self, test: Fragment) -> Fragment:
        return fill(f"CASE WHEN {self._may_be_cut} THEN {{}} ELSE {{}} END", self._exact, test)

    def _if_number(self, integer: Fragment, other: Fragment) -> Fragment:
        # An integer of more than 64 bits has the JSON type integer, and a float for a value.
        return fill(
            "CASE WHEN COALESCE({}, '') NOT IN ('integer', 'real') THEN 0 "
            "WHEN typeof({}) = 'integer' THEN {} ELSE {} END",
            self._type,
            self._value,
            integer,
            other,
        )


def _is_in(value: Fragment, values: Iterable[Any]) -> Fragment:
    # One parameter however many values there are, since the number of parameters is limited.
    listed = bound(json.dumps(sorted(values), ensure_ascii=False))
    return fill("{} IN (SELECT value FROM json_each({}))", value, listed)
