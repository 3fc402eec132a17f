"""What PostgreSQL is told, without a server: texts it can keep, filters as SQL, vectors, addresses."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.changes.writes import AddMemory
from powermem._core.filters.parse import parse
from powermem._core.metadata import decode, encode
from powermem._core.ranking import bm25
from powermem._core.ranking.server_rows import ServerRows
from powermem._core.sql.filters import narrow_filter
from powermem._core.sql.jsonb import ESCAPED, PLAIN, POSTGRES, UNICODE
from powermem._core.sql.postgres import (
    PostgresSQL,
    escape,
    escape_json,
    nature,
    signed,
    unescape,
    unescape_json,
)
from powermem._core.sql.postgres_values import Array, Vector
from powermem._core.sql.steps import Statement
from powermem._core.text.indexing import index
from powermem._core.values import Row, Scope
from powermem._drivers.postgres import insert_of_many
from powermem.config.dsn import read_dsn
from powermem.errors import ConfigError

ODD = st.text(st.sampled_from('a\x00\\u0\ufdd0\ufdd1\ufdd2"é'), max_size=12)
PARTED = 4


@given(ODD)
def test_any_text_can_be_kept_and_comes_back(text: str) -> None:
    stored = escape(text)
    assert "\x00" not in stored
    assert unescape(stored) == text


@given(st.dictionaries(ODD, ODD | st.lists(ODD, max_size=3), max_size=3))
def test_any_metadata_can_be_kept_and_comes_back(metadata: dict[str, Any]) -> None:
    stored = escape_json(encode(metadata))
    held = json.loads(stored)
    assert "\x00" not in json.dumps(held, ensure_ascii=False)
    assert all("\x00" not in key for key in held)
    assert decode(unescape_json(stored)) == metadata


def test_a_written_backslash_is_not_taken_for_a_nul() -> None:
    text = encode({"path": "C:\\u0000", "nul": "\x00\x00"})
    assert json.loads(escape_json(text)) == {"path": "C:\\u0000", "nul": "\ufdd0\ufdd1\ufdd0\ufdd1"}
    assert decode(unescape_json(escape_json(text))) == {"path": "C:\\u0000", "nul": "\x00\x00"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(("plain", "{}"), PLAIN), (("plain", '{"a":"é"}'), UNICODE), ((escape("a\x00"), "é"), ESCAPED)],
)
def test_the_nature_of_a_row_is_that_of_its_oddest_text(texts: tuple[str, ...], expected: int) -> None:
    assert nature(*texts) == expected


@pytest.mark.parametrize(
    ("wanted", "doubt"),
    [
        ({"user_id": "ana"}, "(1 = 0)"),
        ({"created_at": {"gt": "2024-01-01"}}, "(1 = 0)"),
        ({"memory": {"contains": "tea"}}, f"(nature = {ESCAPED})"),
        ({"memory": {"icontains": "tea"}}, f"(nature = {ESCAPED} OR nature > {PLAIN})"),
        ({"rank": {"gt": 2**53 - 1}}, f"(nature = {ESCAPED})"),
        ({"rank": {"gt": 2**53}}, f"(1 = 1 OR nature = {ESCAPED})"),
        ({"NOT": {"rank": {"in": [1, 2.0**60]}}}, f"(1 = 1 OR nature = {ESCAPED})"),
    ],
)
def test_a_filter_says_where_python_decides(wanted: dict[str, Any], doubt: str) -> None:
    expression = parse(wanted)
    assert expression is not None
    narrowed = narrow_filter(expression, POSTGRES)
    assert narrowed.doubt == doubt
    assert narrowed.uncertain == (doubt != "(1 = 0)")
    assert narrowed.sql.count("?") == len(narrowed.values)


def test_what_a_user_wrote_is_never_in_the_statement() -> None:
    evil = "x' OR 1=1 -- ? %s $1"
    expression = parse({"OR": [{evil: evil}, {"memory": {"like": "%" + evil}}, {"tags": {"contains": evil}}]})
    assert expression is not None
    narrowed = narrow_filter(expression, POSTGRES)
    assert "1=1" not in narrowed.sql
    assert "%" not in narrowed.sql
    assert narrowed.sql.count("?") == len(narrowed.values)


def test_a_vector_is_sent_as_pgvector_reads_it() -> None:
    values = np.array([1.5, -2.25, 0], dtype=np.float32)
    assert Vector(values.tobytes()) == struct.pack(">HHfff", 3, 0, *values)


def test_a_vector_that_the_server_sends_is_read_back() -> None:
    values = np.array([0.5, -3.0], dtype=np.float32)
    sent = struct.pack(">HH", 2, 0) + values.astype(">f4").tobytes()
    assert PostgresSQL("c").loaded_vector(sent) == values.tobytes()
    assert PostgresSQL("c").loaded_vector(None) is None


def test_term_ids_become_signed() -> None:
    assert signed([0, 2**63 - 1, 2**63, 2**64 - 1]) == [0, 2**63 - 1, -(2**63), -1]


def test_divided_tables_have_the_user_in_every_unique_key() -> None:
    statements = PostgresSQL("c", partitions=PARTED).schema()
    assert sum("PARTITION OF c_records" in statement for statement in statements) == PARTED
    unique = [statement for statement in statements if "UNIQUE" in statement and "c_records" in statement]
    assert unique
    assert all("(user_id," in statement for statement in unique)
    assert any("UNIQUE INDEX c_records_named" in statement for statement in PostgresSQL("c").schema())


def test_values_stand_in_the_order_of_the_columns() -> None:
    sql = PostgresSQL("c")
    row = Row(7, Scope("ana"), "tea\x00", "hash", metadata={"a": 1})
    values = sql.memory_values(AddMemory(row, None), index(row))
    assert sql.insert_memory.count("?") == len(values)
    columns = sql.insert_memory.split("(", 1)[1].split(")", 1)[0].split(", ")
    stored = dict(zip(columns, values, strict=True))
    assert (stored["id"], stored["user_id"], stored["agent_id"]) == (7, "ana", "")
    assert stored["memory"] == "tea\ufdd0\ufdd1"
    assert stored["nature"] == ESCAPED
    assert stored["length"] == sum(stored["frequencies"])
    assert len(stored["terms"]) == len(stored["frequencies"]) == len(stored["words"]) // 8
    (rewriting,) = sql.rewrite(row, None, index(row))
    assert isinstance(rewriting, Statement)
    assert rewriting.sql.count("?") == len(rewriting.values)


URL = (
    "postgresql://ana:p%40ss@db.example:5433/notes?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3"
)


def test_an_address_is_read_from_a_url() -> None:
    assert read_dsn(URL) == {
        "host": "db.example",
        "port": 5433,
        "user": "ana",
        "password": "p@ss",
        "database": "notes",
        "tls": "verify-full",
        "ca": "/ca.pem",
        "connect_timeout": 3,
    }


def test_an_address_is_read_from_pairs() -> None:
    text = r"host=/var/run port=5432 user = 'ana maria' password='it\'s' dbname=notes"
    assert read_dsn(text) == {
        "host": "/var/run",
        "port": 5432,
        "user": "ana maria",
        "password": "it's",
        "database": "notes",
    }


@pytest.mark.parametrize(
    "text",
    [
        "mysql://h/db",
        "postgresql://h:port/db",
        "postgresql://h/db?colour=red",
        "host=a,b",
        "host=a port=x",
        "host=a sslmode=maybe",
        "just words",
    ],
)
def test_a_wrong_address_names_the_key_and_shows_no_password(text: str) -> None:
    with pytest.raises(ConfigError, match=r"vector_store\.config\.connection_string"):
        read_dsn(text)


def _row(memory_id: int, run: str, begins: int, *, visible: bool = True, actor: str = "") -> tuple[Any, ...]:
    words = np.array([5, 9], dtype=np.uint64).tobytes()
    return (memory_id, "u", run, actor, begins, visible, 0.5, 3, words, bytes([1, 2]))


def test_neighbours_are_told_by_time_within_a_run() -> None:
    found = ServerRows(
        [_row(1, "a", 30), _row(2, "a", 10), _row(3, "b", 20), _row(4, "a", 20), _row(5, "", 15)]
    )
    beside = found.beside(np.array([2, 1, 4]), 2)
    assert sorted(zip(*(column.tolist() for column in beside), strict=True)) == [(1, 1, 3), (1, 2, 0)]


def test_a_speaker_is_known_by_any_part_of_the_name() -> None:
    found = ServerRows([_row(1, "", 1, actor="Ana Maria"), _row(2, "", 2, actor="Bob"), _row(3, "", 3)])
    spoken = found.spoken_by(["maria"])
    assert spoken is not None
    assert spoken.tolist() == [True, False, False]
    assert found.spoken_by(["carla"]) is None


def test_word_scores_count_what_is_visible() -> None:
    rows = [_row(1, "", 1), _row(2, "", 2, visible=False), (*_row(3, "", 3)[:8], None, None)]
    scores = ServerRows(rows).lexical([5]).scores
    weight = bm25.weight(2, 1)
    expected = weight * (bm25.K1 + 1) / (1 + bm25.K1) / weight
    assert scores[0] == pytest.approx(expected)
    assert scores[2] == 0


_INSERT = "INSERT INTO t (a, b, c) VALUES (?::bigint, ?::text, ?::integer[]) ON CONFLICT DO NOTHING"


@pytest.mark.parametrize("count", [0, 1, 2, 150])
def test_many_rows_are_one_statement_of_columns(count: int) -> None:
    insert = insert_of_many(_INSERT)
    assert insert is not None
    assert insert.sql == (
        "INSERT INTO t (a, b, c) SELECT c0, c1, (?::integer[])[first2:last2] FROM "
        "unnest(?::bigint[], ?::text[], ?::integer[], ?::integer[]) AS given (c0, c1, first2, last2) "
        "ON CONFLICT DO NOTHING"
    )
    rows = [(number, None if number % 2 else "x", range(number % 3)) for number in range(count)]
    sent = list(insert.portions(rows))
    assert len(sent) == min(count, 1)
    for elements, *columns in sent:
        assert [one.type for one in (elements, *columns)] == ["integer", "bigint", "text", *["integer"] * 2]
        assert [
            (number, text, range(0) if last < first else range(last - first + 1))
            for number, text, first, last in zip(*columns, strict=True)
        ] == rows
        assert elements == [one for _, _, some in rows for one in some]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET a = ?::bigint WHERE b = ?::bigint",
        "INSERT INTO t (a, b) VALUES (?::bigint, ?)",
        "INSERT INTO t (a, b) SELECT ?::bigint, b FROM t",
    ],
)
def test_other_statements_take_one_row(sql: str) -> None:
    assert insert_of_many(sql) is None


def test_large_rows_are_divided_among_statements() -> None:
    insert = insert_of_many("INSERT INTO t (a) VALUES (?::text)")
    assert insert is not None
    rows = [("x" * 6_000_000,) for _ in range(5)]
    assert [len(column) for (column,) in insert.portions(rows)] == [2, 1, 2]


@pytest.mark.parametrize(
    ("type", "elements", "packed"),
    [
        ("bigint", [], b""),
        ("bigint", [1, -2], b"\0\0\0\x08" + b"\0" * 7 + b"\1" + b"\0\0\0\x08" + b"\xff" * 7 + b"\xfe"),
        ("smallint", [None, 3], b"\xff" * 4 + b"\0\0\0\2\0\3"),
        ("integer", [None, None], b"\xff" * 8),
        ("text", ["\u00e9", None, ""], b"\0\0\0\2\xc3\xa9" + b"\xff" * 4 + b"\0" * 4),
        ("bytea", [b"a"], b"\0\0\0\1a"),
    ],
)
def test_an_array_is_packed_as_the_server_reads_it(type: str, elements: list[Any], packed: bytes) -> None:
    head = struct.pack(">iiI", bool(elements), bool(elements), 77)
    extent = struct.pack(">ii", len(elements), 1) if elements else b""
    assert Array(type, elements).packed(77) == head + extent + packed
