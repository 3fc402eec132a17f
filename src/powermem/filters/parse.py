"""Checking a filter and making a tree of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone, tzinfo
from difflib import get_close_matches

from ..clock import parse as parse_moment
from ..clock import to_datetime
from ..errors import FilterError, InvalidInputError
from ..masking import shown
from .comparison import OPERATORS, check_name, compare
from .expression import COLUMNS, And, Condition, Expression, Key, Not, Or

MAX_DEPTH = 32
"""How deep connectives may nest, and how many keys a dotted name may have."""

MAX_CONDITIONS = 500
"""How many comparisons and connectives one filter may hold; SQLite's expressions may be 1000 levels deep."""

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
"""What other query languages call an operator, and what is written here."""


def parse(filters: object, zone: tzinfo = timezone.utc) -> Expression | None:
    """Check a filter.

    Args:
        filters: a dict as the package describes it, or ``None``.
        zone: of times without an offset.

    Returns:
        The tree, or ``None`` when there is nothing to filter by.

    Raises:
        FilterError: the path of what is wrong, and what is allowed there.
    """
    if filters is None:
        return None
    if not isinstance(filters, Mapping):
        raise FilterError(f"filters: expected a dict, got {shown(filters)}")
    return _Parser(zone).clause(filters, "filters", 0) if filters else None


class _Parser:
    """Reads one filter, and counts what it has read."""

    def __init__(self, zone: tzinfo) -> None:
        self._conditions = 0
        self._connectives = 0
        self._zone = zone

    def clause(self, clause: Mapping[object, object], path: str, depth: int) -> Expression:
        """Read one dict, whose entries are ANDed."""
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
        if name != "category":
            return compare(key, operator, operand, path)
        # Older versions list a memory's type under this name, and many users keep a metadata key there.
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
    found = get_close_matches(name, list(known), 1)
    return f", did you mean {found[0]!r}?" if found else ""


def _in_zone(value: object, zone: tzinfo) -> object:
    """Return times of a zone with their offset; anything else, also what is no time, as it is."""
    if isinstance(value, (list, tuple)):
        return [_in_zone(one, zone) for one in value]
    if zone is timezone.utc or not isinstance(value, (str, date, datetime)):
        return value
    try:
        return to_datetime(parse_moment(value, zone=zone))
    except InvalidInputError:
        return value
