"""Functions that compiled filters call in SQLite, where its own would not give the exact answer."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from ..filters.expression import Condition, Key, like
from ..filters.match import metadata_matches
from ..metadata import decode

if TYPE_CHECKING:
    import sqlite3


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that compiled filters call."""
    connection.create_function("powermem_matches", 2, _matches, deterministic=True)
    connection.create_function("powermem_icontains", 2, _icontains, deterministic=True)
    connection.create_function("powermem_like", 2, _like, deterministic=True)


def encode_condition(condition: Condition) -> str:
    """Write a condition on a metadata key as the text that ``powermem_matches`` takes."""
    operand = condition.operand
    plain = sorted(operand) if isinstance(operand, frozenset) else operand
    return json.dumps([condition.field.name, condition.operator, plain], ensure_ascii=False)


@lru_cache(maxsize=64)
def _decode_condition(text: str) -> Condition:
    name, operator, operand = json.loads(text)
    if isinstance(operand, list):
        operand = frozenset(operand) if operator == "in" else tuple(operand)
    return Condition(Key(name), operator, operand)


def _matches(metadata: str, condition: str) -> bool:
    return metadata_matches(_decode_condition(condition), decode(metadata))


# SQLite evaluates an AND in the order it likes, so a NULL may come in spite of an IS NOT NULL beside it.
def _icontains(text: str | None, folded: str) -> bool:
    return text is not None and folded in text.casefold()


def _like(text: str | None, pattern: str) -> bool:
    return text is not None and like(text, pattern)
