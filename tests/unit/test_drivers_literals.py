"""Inserts of many rows, as MySQL's servers read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql.converters import escape_item

from powermem._drivers.literals import inserts

INSERT = "INSERT INTO t (a, b) VALUES (?, ?)"
ONCE = f"{INSERT} ON DUPLICATE KEY UPDATE a = t.a"
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("\"'\\a")
VALUES = st.none() | st.integers() | TEXTS


def written(sql: str, rows: list[tuple[Any, ...]], most: int = 1_000_000) -> list[str]:
    statements = inserts(sql, rows, most)
    assert statements is not None
    return [statement.decode() for statement in statements]


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1))
def test_values_are_written_as_the_driver_writes_them_but_for_double_quotes(
    rows: list[tuple[Any, ...]],
) -> None:
    listed = ",".join(f"({','.join(escape_item(value, 'utf8mb4') for value in row)})" for row in rows)
    listed = listed.replace('\\"', '"')
    assert written(ONCE, rows) == [ONCE.replace("(?, ?)", listed)]


def test_bytes_are_hexadecimal_and_no_bytes_a_string() -> None:
    assert written(INSERT, [(b"\0'\xff", b""), (bytearray(b"a"), bytearray())]) == [
        "INSERT INTO t (a, b) VALUES (x'0027ff',''),(x'61','')"
    ]


@pytest.mark.parametrize("most", [1, 60, 61, 75, 76, 10_000])
def test_no_statement_of_several_rows_is_larger_than_allowed(most: int) -> None:
    rows = [(number, "é" * (number % 7)) for number in range(10, 60)]
    statements = written(ONCE, rows, most)
    for statement in statements:
        assert statement.count("),(") == 0 or len(statement.encode()) <= most
    begin, end = ONCE.split("(?, ?)")
    parts = [statement.removeprefix(begin).removesuffix(end) for statement in statements]
    assert ",".join(parts) == ",".join(f"({number},'{text}')" for number, text in rows)
    assert len(statements) == (50 if most < 76 else len(statements))
    assert (len(statements) == 1) == (most == 10_000)


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE t SET a = ? WHERE b = ?", (1, 2)),
        ("INSERT INTO t (a, b) SELECT ?, ?", (1, 2)),
        ("INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE a = ?", (1, 2, 3)),
        ("INSERT INTO t (a, b) VALUES (?, ? + 1)", (1, 2)),
        (INSERT, (1, 2.5)),
        (INSERT, (1, True)),
    ],
)
def test_others_are_left_to_the_driver(sql: str, row: tuple[Any, ...]) -> None:
    assert inserts(sql, [row], 1000) is None


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        written(INSERT, [(1, "\udc80")])
