"""Checking one operator with its operand, and making conditions of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .. import clock
from ..errors import FilterError, InvalidInputError
from ..ids import parse_id
from ..inputs import check_id
from ..masking import shown
from ..metadata import check_text
from .expression import Column, Condition, Expression, Field, Key, Not, Operator, Or, Scalar
from .pattern import is_complete

OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "icontains", "like", "exists")

_OPPOSITES = {"ne": "eq", "nin": "in"}
_ON_TEXT = ("contains", "icontains", "like")
_LARGEST = (1 << 63) - 1


def compare(field: Field, operator: str, operand: object, path: str) -> Expression:
    """Return the expression of one comparison.

    Args:
        field: what is compared.
        operator: one of ``OPERATORS``.
        operand: as the user gave it.
        path: where it stands, for the error.

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
    """Return a key of a filter if it is text that every store can hold."""
    if not isinstance(name, str):
        raise FilterError(f"{path}: keys must be strings, got {shown(name)}")
    return _text(name, path)


def _text(value: str, path: str) -> str:
    if "\x00" in value:
        raise FilterError(f"{path}: must not hold a NUL character")
    try:
        # A subclass, such as an enumeration, becomes the plain string it stands for.
        return str.__str__(check_text(value, path))
    except InvalidInputError as error:
        raise FilterError(str(error)) from None


def _scalar(field: Field, value: object, path: str) -> Scalar:
    """Return a value that can be compared with the field's, converted as it is stored."""
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
        # As the methods take ids: integers too, and never blank.
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


def _ordered(operator: Operator) -> Callable[[Field, object, str], Expression]:
    def build(field: Field, operand: object, path: str) -> Expression:
        orderable = isinstance(operand, (str, int, float)) and not isinstance(operand, bool)
        if isinstance(field, Key) and not orderable:
            raise FilterError(f"{path}: expected a number or a string, got {shown(operand)}")
        return Condition(field, operator, _scalar(field, operand, path))

    return build


def _contains(field: Field, operand: object, path: str) -> Expression:
    if isinstance(field, Column):
        return Condition(field, "contains", _string(operand, path))
    return Condition(field, "contains", _scalar(field, operand, path))


def _contains_folded(field: Field, operand: object, path: str) -> Expression:
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
    "gt": _ordered("gt"),
    "gte": _ordered("gte"),
    "lt": _ordered("lt"),
    "lte": _ordered("lte"),
    "contains": _contains,
    "icontains": _contains_folded,
    "like": _like,
    "exists": _exists,
}
