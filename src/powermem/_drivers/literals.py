"""Values as they stand in statements of MySQL's protocol, and inserts of many rows made of them.

The drivers' own ways take several times as long, which was most of the time of a large import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .._core.patterns import Pattern

# An insert of one row of parameters, as the stores write it.
_INSERT = Pattern(
    r"((?:INSERT|REPLACE) INTO .*? VALUES )\(\?(?:, \?)*\)( ON DUPLICATE KEY UPDATE [^?]*)?", re.S
)
# Double quotes need no escape between single ones. Where there are many, as in JSON, escaping them would take
# longer than all else.
_SPECIAL = Pattern("[\0\n\r\x1a'\\\\]")
_ESCAPED = str.maketrans({"\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", "'": "\\'", "\\": "\\\\"})


def binary(value: bytes | bytearray) -> str:
    """Return bytes as a literal.

    It is hexadecimal, since asyncmy takes 400 times as long to escape the bytes of a vector, half a
    millisecond. Only no bytes at all are a string: seekdb reads an empty hexadecimal literal as its own text.
    """
    return f"x'{value.hex()}'" if value else "''"


def _text(value: str) -> str:
    return f"'{value.translate(_ESCAPED)}'" if _SPECIAL.search(value) else f"'{value}'"


def _null(_: None) -> str:
    return "NULL"


_LITERALS: dict[type, Callable[[Any], str]] = {
    int: str,
    str: _text,
    bytes: binary,
    bytearray: binary,
    type(None): _null,
}


def inserts(sql: str, rows: Sequence[Sequence[Any]], most: int) -> Iterator[bytes] | None:
    """Return statements that insert many rows, or ``None`` for a statement or values of another kind.

    A backslash has to be an escape, as it is in the sessions that `mysql.session` sets up.

    Args:
        sql: inserts one row, whose values are parameters.
        rows: at least one row of values.
        most: the bytes of a statement that holds more than one row.

    Raises:
        UnicodeEncodeError: a text has half of a surrogate pair.
    """
    found = _INSERT.fullmatch(sql)
    if found is None or not {type(value) for row in rows for value in row} <= _LITERALS.keys():
        return None
    return _inserts(found[1].encode(), (found[2] or "").encode(), rows, most)


def _inserts(begin: bytes, end: bytes, rows: Sequence[Sequence[Any]], most: int) -> Iterator[bytes]:
    literals = _LITERALS
    size = len(begin) + len(end)
    parts: list[bytes] = []
    for row in rows:
        part = f"({','.join([literals[type(value)](value) for value in row])})".encode()
        if parts and size + len(part) + 1 > most:
            yield begin + b",".join(parts) + end
            parts, size = [], len(begin) + len(end)
        parts.append(part)
        size += len(part) + 1
    yield begin + b",".join(parts) + end
