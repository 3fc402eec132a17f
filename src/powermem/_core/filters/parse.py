"""A filter checked and converted to a tree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timezone, tzinfo

from ...errors import FilterError, InvalidInputError
from .. import clock
from ..inputs import check_id, parse_id
from ..masking import shown
from ..text.cleaning import check_text
from .expression import (
    And,
    Column,
    Condition,
    Expression,
    Facet,
    Field,
    Key,
    Not,
    Operator,
    Or,
    Scalar,
    is_complete,
)

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


OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "icontains", "like", "exists")

_OPPOSITES = {"ne": "eq", "nin": "in"}
_ON_TEXT = ("contains", "icontains", "like")
_LARGEST = (1 << 63) - 1


def compare(field: Field, operator: str, operand: object, path: str) -> Expression:
    """Convert one comparison.

    Args:
        field: the field to compare.
        operator: one of ``OPERATORS``.
        operand: as the user passed it.
        path: its position, for the error.

    Raises:
        FilterError: the operator does not apply to the field, or the operand has a wrong type.
    """
    if isinstance(field, Column) and field.kind in ("number", "time") and operator in _ON_TEXT:
        allowed = ", ".join(name for name in OPERATORS if name not in _ON_TEXT)
        raise FilterError(f"{path}: {field.name} is a {field.kind}; allowed: {allowed}")
    if operator in _OPPOSITES:
        return Not(_COMPARISONS[_OPPOSITES[operator]](field, operand, path))
    return _COMPARISONS[operator](field, operand, path)


def check_name(name: object, path: str) -> str:
    """Return a key of a filter, checked to be text that every store can hold."""
    if not isinstance(name, str):
        raise FilterError(f"{path}: keys must be strings, got {shown(name)}")
    return _text(name, path)


def _text(value: str, path: str) -> str:
    if "\x00" in value:
        raise FilterError(f"{path}: must not hold a NUL character")
    try:
        # A member of a string enumeration becomes a plain string.
        return str.__str__(check_text(value, path))
    except InvalidInputError as error:
        raise FilterError(str(error)) from None


def _scalar(field: Field, value: object, path: str) -> Scalar:
    """Check an operand and convert it to the form in which values of the field are stored."""
    return _key_scalar(value, path) if isinstance(field, Key) else _column_scalar(field, value, path)


def _key_scalar(value: object, path: str) -> Scalar:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -_LARGEST - 1 <= value <= _LARGEST:
            raise FilterError(
                f"{path}: integers beyond 64 bits cannot be compared on every store; use a float"
            )
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FilterError(f"{path}: {value!r} is not a JSON number")
        return float(value)
    raise FilterError(f"{path}: expected a string, number or bool, got {shown(value)}")


def _column_scalar(column: Column, value: object, path: str) -> Scalar:
    if column.kind == "number":
        number = parse_id(value) if not isinstance(value, str) or len(value) <= 40 else None
        if number is None:
            raise FilterError(
                f"{path}: expected an id, a positive integer or its decimal string, got {shown(value)}"
            )
        return number
    if column.kind == "time":
        try:
            return clock.parse(value)
        except (ValueError, OverflowError):
            raise FilterError(
                f"{path}: expected an ISO-8601 string, a datetime or seconds since the epoch, "
                f"got {shown(value)}"
            ) from None
    if column.kind in ("scope", "actor"):
        # As in the arguments of methods: integers are allowed, blank strings are not.
        try:
            value = check_id(value, path)
        except InvalidInputError as error:
            raise FilterError(str(error)) from None
        except ValueError:
            raise FilterError(f"{path}: expected a string, got {shown(value)}") from None
    if not isinstance(value, str):
        raise FilterError(f"{path}: {column.name} is text; expected a string, got {shown(value)}")
    return _text(value, path)


def _exists(field: Field, operand: object, path: str) -> Expression:
    if not isinstance(operand, bool):
        raise FilterError(f"{path}: expected True or False, got {shown(operand)}")
    present = Condition(field, "exists")
    return present if operand else Not(present)


def _equals(field: Field, operand: object, path: str) -> Expression:
    if operand is None:
        return _exists(field, False, path)
    if isinstance(operand, (list, tuple)):
        if isinstance(field, Column):
            raise FilterError(f"{path}: {field.name} is never a list; use 'in' for one of several values")
        return Condition(field, "eq", tuple(_elements(field, operand, path)))
    return Condition(field, "eq", _scalar(field, operand, path))


def _is_in(field: Field, operand: object, path: str) -> Expression:
    if not isinstance(operand, (list, tuple)):
        raise FilterError(f"{path}: expected a list, got {shown(operand)}")
    texts: set[str] = set()
    numbers: set[int | float] = set()
    rest: dict[bool | None, Expression] = {}
    for element in _elements(field, operand, path):
        if isinstance(element, str):
            texts.add(element)
        elif element is None or isinstance(element, bool):
            rest[element] = _equals(field, element, path)
        else:
            numbers.add(element)
    parts: list[Expression] = list(rest.values())
    if numbers:
        parts.append(Condition(field, "in", frozenset(numbers)))
    if texts:
        parts.append(Condition(field, "in", frozenset(texts)))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _elements(field: Field, values: Sequence[object], path: str) -> list[Scalar | None]:
    return [
        None if value is None else _scalar(field, value, f"{path}[{i}]") for i, value in enumerate(values)
    ]


def _parse_ordered(operator: Operator) -> Callable[[Field, object, str], Expression]:
    def build(field: Field, operand: object, path: str) -> Expression:
        orderable = isinstance(operand, (str, int, float)) and not isinstance(operand, bool)
        if isinstance(field, Key) and not orderable:
            raise FilterError(f"{path}: expected a number or a string, got {shown(operand)}")
        return Condition(field, operator, _scalar(field, operand, path))

    return build


def _parse_contains(field: Field, operand: object, path: str) -> Expression:
    if isinstance(field, Column):
        return Condition(field, "contains", _string(operand, path))
    return Condition(field, "contains", _scalar(field, operand, path))


def _parse_contains_folded(field: Field, operand: object, path: str) -> Expression:
    return Condition(field, "icontains", _string(operand, path).casefold())


def _like(field: Field, operand: object, path: str) -> Expression:
    pattern = _string(operand, path)
    if not is_complete(pattern):
        raise FilterError(f"{path}: the pattern ends with a lone backslash; write two to match one")
    return Condition(field, "like", pattern)


def _string(operand: object, path: str) -> str:
    if not isinstance(operand, str):
        raise FilterError(f"{path}: expected a string, got {shown(operand)}")
    return _text(operand, path)


_COMPARISONS: dict[str, Callable[[Field, object, str], Expression]] = {
    "eq": _equals,
    "in": _is_in,
    "gt": _parse_ordered("gt"),
    "gte": _parse_ordered("gte"),
    "lt": _parse_ordered("lt"),
    "lte": _parse_ordered("lte"),
    "contains": _parse_contains,
    "icontains": _parse_contains_folded,
    "like": _like,
    "exists": _exists,
}


_FACETS = {"title": False, "tags": True, "categories": True}
"""What extraction finds and filters name, and whether it is a list."""


def _or_facet(expression: Expression, name: str) -> Expression:
    """Let each condition on a metadata key hold for the facet of that name too."""
    if isinstance(expression, Condition):
        return Or((expression, _of_facet(expression, name)))
    if isinstance(expression, Not):
        return Not(_or_facet(expression.part, name))
    return replace(expression, parts=tuple(_or_facet(part, name) for part in expression.parts))


def _of_facet(condition: Condition, name: str) -> Expression:
    facet, operator, operand = Facet(name), condition.operator, condition.operand
    if _FACETS[name] and operator == "eq" and isinstance(operand, str):
        return Condition(facet, "contains", operand)
    if _FACETS[name] and operator == "in" and isinstance(operand, frozenset):
        texts = sorted(one for one in operand if isinstance(one, str))
        return Or(tuple(Condition(facet, "contains", text) for text in texts))
    return Condition(facet, operator, operand)


MAX_DEPTH = 32
"""The deepest nesting of connectives, and the most keys in a dotted name."""

MAX_CONDITIONS = 500
"""The most comparisons, and the most connectives, in a filter; SQLite limits expressions to 1000 levels."""

_CONNECTIVES = ("AND", "OR", "NOT")
_SPELLINGS = {spelling: name for name in _CONNECTIVES for spelling in (name, f"${name}", f"${name.lower()}")}
_SAME_OPERATORS = {
    ">": "'gt'", ">=": "'gte'", "ge": "'gte'", "<": "'lt'", "<=": "'lte'", "le": "'lte'",
    "=": "'eq'", "==": "'eq'", "equals": "'eq'", "is": "'eq'", "!=": "'ne'",
    "<>": "'ne'", "neq": "'ne'", "not": "'ne'",
    "between": "'gte' and 'lte' together", "range": "'gte' and 'lte' together",
    "not_in": "'nin'", "notin": "'nin'",
    "any": "'in'", "ilike": "'icontains'", "startswith": "'like' with % at the end", "has": "'contains'",
}  # fmt: skip
"""Operators of other query languages, and what to write instead; for error messages."""


def parse(filters: object, zone: tzinfo = timezone.utc) -> Expression | None:
    """Check a filter.

    Args:
        filters: a dict as described in the package, or ``None``.
        zone: the time zone of times without an offset.

    Returns:
        The tree, or ``None`` for an empty filter.

    Raises:
        FilterError: it is wrong; the message has the path of the error and the allowed values.
    """
    if filters is None:
        return None
    if not isinstance(filters, Mapping):
        raise FilterError(f"filters: expected a dict, got {shown(filters)}")
    return _Parser(zone).clause(filters, "filters", 0) if filters else None


class _Parser:
    """Reads one filter and counts its conditions and connectives."""

    def __init__(self, zone: tzinfo) -> None:
        self._conditions = 0
        self._connectives = 0
        self._zone = zone

    def clause(self, clause: Mapping[object, object], path: str, depth: int) -> Expression:
        """Read a dict, whose entries are ANDed."""
        if depth > MAX_DEPTH:
            raise FilterError(f"filters: nested deeper than {MAX_DEPTH} levels")
        return _all(self._entry(key, value, path, depth) for key, value in clause.items())

    def _entry(self, key: object, value: object, path: str, depth: int) -> Expression:
        name = check_name(key, path)
        path = _below(path, name)
        if name in _SPELLINGS:
            return self._connective(_SPELLINGS[name], value, path, depth)
        bare = name.removeprefix("$")
        if bare.upper() in _CONNECTIVES or name.startswith("$"):
            raise FilterError(
                f"{path}: unknown connective {shown(name)}{_nearest(bare.upper(), _CONNECTIVES)}; "
                f"allowed: AND, OR, NOT, $and, $or, $not; "
                f"a metadata key of this name is written {shown(f'metadata.{name}')}"
            )
        if isinstance(value, Mapping):
            return self._operators(name, value, path)
        if isinstance(value, (list, tuple)):
            return self._comparison(name, "in", value, path)
        if isinstance(value, str) and value == "*":
            return self._comparison(name, "exists", True, path)
        return self._comparison(name, "eq", value, path)

    def _connective(self, name: str, value: object, path: str, depth: int) -> Expression:
        self._connectives += 1
        if self._connectives > MAX_CONDITIONS:
            raise FilterError(f"{path}: more than {MAX_CONDITIONS} of AND, OR and NOT together")
        if name == "NOT" and isinstance(value, Mapping):
            return Not(self.clause(value, path, depth + 1))
        if not isinstance(value, (list, tuple)):
            wanted = "a dict or a list of dicts" if name == "NOT" else "a list of dicts"
            raise FilterError(f"{path}: expected {wanted}, got {shown(value)}")
        parts: list[Expression] = []
        for i, part in enumerate(value):
            if not isinstance(part, Mapping):
                raise FilterError(f"{path}[{i}]: expected a dict, got {shown(part)}")
            parts.append(self.clause(part, f"{path}[{i}]", depth + 1))
        if name == "AND":
            return And(tuple(parts))
        return Or(tuple(parts)) if name == "OR" else Not(Or(tuple(parts)))

    def _operators(self, field: str, operators: Mapping[object, object], path: str) -> Expression:
        if not operators:
            raise FilterError(
                f"{path}: expected an operator, got an empty dict; allowed: {', '.join(OPERATORS)}"
            )
        parts: list[Expression] = []
        for key, operand in operators.items():
            name = check_name(key, path)
            operator = name.removeprefix("$")
            if operator not in OPERATORS:
                raise FilterError(f"{path}: unknown operator {shown(name)}{_meant(field, name)}")
            parts.append(self._comparison(field, operator, operand, _below(path, name)))
        return _all(parts)

    def _comparison(self, name: str, operator: str, operand: object, path: str) -> Expression:
        self._count(path)
        if name in COLUMNS:
            if COLUMNS[name].kind == "time":
                operand = _in_zone(operand, self._zone)
            return compare(COLUMNS[name], operator, operand, path)
        key = Key(name.removeprefix("metadata."))
        if len(key.path) > MAX_DEPTH:
            raise FilterError(f"{path}: a dotted name has at most {MAX_DEPTH} keys")
        if name in _FACETS:
            return _or_facet(compare(key, operator, operand, path), name)
        if name != "category":
            return compare(key, operator, operand, path)
        # Version 1.1 returns memory types under this name, and many users have a metadata key of this name.
        typed = compare(COLUMNS["memory_type"], operator, operand, path)
        own = Condition(key, "exists")
        return Or((And((own, compare(key, operator, operand, path))), And((Not(own), typed))))

    def _count(self, path: str) -> None:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise FilterError(
                f"{path}: more than {MAX_CONDITIONS} conditions; for many values of a field use 'in'"
            )


def _all(parts: Iterable[Expression]) -> Expression:
    together = tuple(parts)
    return together[0] if len(together) == 1 else And(together)


def _below(path: str, name: str) -> str:
    return f"{path}.{shown(name)[1:-1]}"


def _meant(field: str, name: str) -> str:
    operator = name.removeprefix("$").lower()
    known = f"; allowed: {', '.join(OPERATORS)}"
    if operator in _SAME_OPERATORS:
        return f", write {_SAME_OPERATORS[operator]}{known}"
    nested = f"; a nested key is written {shown(f'{field}.{name}')}" if operator.isidentifier() else ""
    return f"{_nearest(operator, OPERATORS)}{known}{nested}"


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), 1)
    return f", did you mean {found[0]!r}?" if found else ""


def _in_zone(value: object, zone: tzinfo) -> object:
    """Add the offset of a zone to times without one; return any other value unchanged."""
    if isinstance(value, (list, tuple)):
        return [_in_zone(one, zone) for one in value]
    if zone is timezone.utc or not isinstance(value, (str, date, datetime)):
        return value
    try:
        return clock.to_datetime(clock.parse(value, zone=zone))
    except InvalidInputError:
        return value
