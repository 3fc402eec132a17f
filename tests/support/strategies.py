"""Random rows and filters, for the tests of filters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from hypothesis import strategies as st

from powermem._core.filters.parse import COLUMNS
from powermem._core.values import Row, Scope
from tests.support.filtering import Filter

# What is near a boundary of JSON, of SQLite or of floats. Rows and filters draw from the same few, to meet.
INTEGERS = [0, 1, -1, 3, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, 0.1, 0.1 + 0.2, 1.0, 2.9999999999999996, 3.0, 5e-324, 2.0**53, 2.0**63, -1.5, 1.5e308]
TEXTS = ["", *"aAbß日é😀\ufffd\\\"'1*", "ab", "SS", "ss", "e\u0301", "İ", "日本", "a%", "a_b", "a\nb"]
TEXTS += ["true", "null", '["a"]', "2026-11-21"]
UNUSUAL = [2**63, 2**70 + 1, -(2**64), 10**400, "a\x00b", "\x00", "\\u0000"]
LABELS = ["", *"abc.$键é?'", "a.b", "a.b.c", "b.", 'q"q', "back\\slash", "tab\t", "x y", "a[0]", "[0]", "#-1"]
LABELS += ["{}", "%s", "user_id", "id", "metadata", "memory", "category", "AND", "or"]
IDS = ["ana", "ben", "Ana", "日本"]
DAYS = [-86_400_000_000, 0, 1, 1_700_000_000_000_000, 1_700_000_000_000_001]

texts = st.sampled_from(TEXTS) | st.text(max_size=4).filter(lambda text: "\x00" not in text)
numbers = (
    st.sampled_from([*INTEGERS, *FLOATS])
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.booleans() | numbers | texts
labels = st.sampled_from(LABELS) | st.text(max_size=3)
values = st.recursive(
    st.none() | scalars | st.sampled_from(UNUSUAL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(labels, inner, max_size=3),
    max_leaves=6,
)
metadata = st.dictionaries(labels, values, max_size=6)

rows = st.builds(
    Row,
    id=st.just(0),
    scope=st.builds(Scope, *[st.none() | st.sampled_from(IDS)] * 3),
    text=texts | st.just("a\x00b"),
    hash=st.sampled_from(["h1", "h2"]),
    actor_id=st.none() | st.sampled_from(IDS),
    memory_type=st.none() | texts,
    metadata=metadata,
    created_at=st.sampled_from(DAYS),
    updated_at=st.sampled_from(DAYS),
    valid_from=st.sampled_from(DAYS),
    valid_to=st.none() | st.sampled_from(DAYS),
    expires_at=st.none() | st.sampled_from(DAYS),
)
tables = st.lists(rows, min_size=1, max_size=8)

patterns = st.lists(
    st.sampled_from(["%", "_", "\\%", "\\_", "\\\\", "\\a", "a", "b", "A", "日", "\n"]), max_size=5
).map("".join)
orders = ("gt", "gte", "lt", "lte")
moments = (
    st.sampled_from(DAYS).map(lambda moment: datetime.fromtimestamp(moment // 10**6, timezone.utc))
    | st.sampled_from(DAYS).map(
        lambda moment: datetime.fromtimestamp(moment // 10**6, timezone.utc).isoformat()
    )
    | st.sampled_from([0, 1e-6, 1_700_000_000])
)


def one_of_each(operators: Sequence[str], operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Filter]:
    """Return operator dicts with one or two of these operators, some spelt with a dollar."""
    names = st.builds(str.__add__, st.sampled_from(["", "$"]), st.sampled_from(operators))
    return st.dictionaries(names, operand, min_size=1, max_size=2)


def equalities(operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what any field takes."""
    several = st.lists(st.none() | operand, max_size=4)
    return (
        operand
        | st.none()
        | st.just("*")
        | several
        | one_of_each(["eq", "ne"], st.none() | operand)
        | one_of_each(["in", "nin"], several)
        | one_of_each(orders, operand)
        | one_of_each(["exists"], st.booleans())
    )


on_text = one_of_each(["contains", "icontains"], texts) | one_of_each(["like"], patterns)
on_key = (
    equalities(numbers | texts)
    | on_text
    | scalars
    | st.lists(st.none() | scalars, max_size=5)
    | one_of_each(["eq", "ne"], st.lists(st.none() | scalars, max_size=3))
    | one_of_each(["contains"], scalars)
)
named: dict[str, st.SearchStrategy[Any]] = {
    "number": equalities(st.integers(1, 9) | st.integers(1, 9).map(str)),
    "scope": equalities(st.sampled_from(IDS)) | on_text,
    "actor": equalities(st.sampled_from(IDS)) | on_text,
    "text": equalities(texts) | on_text,
    "time": equalities(moments),
}
BARE_LABELS = [
    label for label in LABELS if label not in COLUMNS and not re.match(r"\$|(?i:and|or|not)$", label)
]
dotted = st.lists(st.sampled_from(["a", "b", "c", "", "键", 'q"q']), min_size=1, max_size=3).map(".".join)
key_entries = st.tuples(
    st.sampled_from(LABELS).map("metadata.".__add__)
    | st.sampled_from([label for label in BARE_LABELS if label != "category"])
    | dotted.map("metadata.".__add__)
    | labels.map("metadata.".__add__).filter(lambda name: "\x00" not in name),
    on_key,
)
column_entries = st.sampled_from(sorted(COLUMNS.values(), key=lambda column: column.name)).flatmap(
    lambda column: st.tuples(st.just(column.name), named[column.kind])
)
category_entries = st.tuples(st.just("category"), named["text"])


def connected(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Return connectives over these filters."""
    several = st.lists(inner, max_size=3)
    return st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["AND", "OR", "NOT", "$and", "$or", "$not", "$OR"]),
        several,
    ) | st.builds(lambda name, part: {name: part}, st.sampled_from(["NOT", "$not"]), inner)


leaves = st.lists(key_entries | column_entries | category_entries, max_size=2).map(dict)
filters = st.recursive(
    leaves,
    lambda inner: connected(inner) | st.builds(lambda one, other: {**one, **other}, inner, connected(inner)),
    max_leaves=8,
)
